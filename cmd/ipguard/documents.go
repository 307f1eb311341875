package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/wipe"
)

// documentsRun is one command about documents with what each of them needs.
type documentsRun struct {
	*app
	documentsOptions
	agent *agent.Agent
	acct  wipe.Account
	found presence
}

type documentsOptions struct {
	account  string
	only     string // ids, as list shows them
	pictures bool
	yes      bool
	forget   bool
}

// documentsPart is a command below documents. Its argument, where it has one, may be left out.
type documentsPart struct {
	use, help string
	do        func(*documentsRun, context.Context, string) error
}

func (a *app) documentsCommand() *cobra.Command {
	var o documentsOptions
	cmd := &cobra.Command{
		Use: "documents", Short: a.say.Text("help.documents.short"), Long: a.say.Text("help.documents.long"),
		Example: "  ipguard documents list\n  ipguard documents give\n  ipguard documents give KEY --only k3fa,7xq2\n  ipguard documents back",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&o.account, "account", "", a.say.Text("flag.account"))
	for _, part := range []documentsPart{
		{"list", "help.documents_list.short", (*documentsRun).list},
		{"give [DEST]", "help.documents_give.short", (*documentsRun).give},
		{"print [PRINTER]", "help.documents_print.short", (*documentsRun).print},
		{"refuse", "help.documents_refuse.short", (*documentsRun).refuse},
		{"hold", "help.documents_hold.short", (*documentsRun).hold},
		{"held", "help.documents_held.short", (*documentsRun).held},
		{"back [BATCH]", "help.documents_back.short", (*documentsRun).back},
		{"pin", "help.documents_pin.short", (*documentsRun).pin},
	} {
		cmd.AddCommand(a.documentsPart(part, &o))
	}
	return cmd
}

func (a *app) documentsPart(part documentsPart, o *documentsOptions) *cobra.Command {
	name, argument, takes := strings.Cut(part.use, " ")
	c := &cobra.Command{
		Use: part.use, Short: a.say.Text(part.help),
		Example: "  ipguard documents " + strings.TrimSpace(name+" "+strings.Trim(argument, "[]")),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := &documentsRun{app: a, documentsOptions: *o}
			var err error
			if d.agent, d.acct, err = a.known(o.account); err != nil {
				return err
			}
			d.found = a.service(cmd.Context(), d.acct)
			defer d.found.close()
			return part.do(d, cmd.Context(), strings.Join(args, " "))
		},
	}
	if !takes {
		c.Args = a.noArgs(&cobra.Command{})
	}
	flags := c.Flags()
	switch name {
	case "list", "give", "print", "refuse", "hold":
		flags.StringVar(&o.only, "only", "", a.say.Text("flag.only"))
	}
	switch name {
	case "list":
		flags.BoolVar(&o.pictures, "pictures", false, a.say.Text("flag.pictures"))
	case "refuse":
		flags.BoolVar(&o.yes, "yes", false, a.say.Text("flag.yes_documents"))
	case "pin":
		flags.BoolVar(&o.forget, "forget", false, a.say.Text("flag.forget"))
	}
	return c
}

// known opens the state and resolves the account.
func (a *app) known(account string) (*agent.Agent, wipe.Account, error) {
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return nil, wipe.Account{}, err
	}
	acct, err := ag.Account(account)
	return ag, acct, err
}

// numberedDocument is a document with the name by which a command calls it.
type numberedDocument struct {
	id string
	handover.Document
}

// chosen returns the documents that --only means, or all of them. What is not there any more is an error: an id belongs to
// one file in one state.
func (d *documentsRun) chosen(ctx context.Context) ([]numberedDocument, error) {
	found, err := d.agent.Documents(ctx, d.acct)
	if err != nil {
		return nil, err
	}
	all := identified(sorted(found.List))
	if d.only == "" {
		if found.Count > len(all) {
			return all, &exit{code: exitRefused, key: "error.too_many_documents", word: "too_many_documents", args: []any{len(all)}}
		}
		return all, nil
	}
	var some []numberedDocument
	for id := range strings.SplitSeq(d.only, ",") {
		i := slices.IndexFunc(all, func(n numberedDocument) bool { return n.id == strings.TrimSpace(id) })
		if i < 0 {
			return nil, usage("error.only", printable(id))
		}
		some = append(some, all[i])
	}
	return some, nil
}

func plainly(all []numberedDocument) []handover.Document {
	docs := make([]handover.Document, len(all))
	for i, n := range all {
		docs[i] = n.Document
	}
	return docs
}
