package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/wipe"
)

type wipeOptions struct {
	account   string
	documents string
	dryRun    bool
	yes       bool
	freeSpace bool
	within    time.Duration
	reserve   string
	stay      bool // a window of its own stays until somebody has read how it ended
}

func (a *app) wipeCommand() *cobra.Command {
	var o wipeOptions
	cmd := &cobra.Command{
		Use: "wipe", Short: a.say.Text("help.wipe.short"), Long: a.say.Text("help.wipe.long"),
		Example: "  ipguard wipe\n  ipguard wipe --dry-run\n  ipguard wipe --yes --documents=hold --json\n  ipguard wipe --free-space --within 20m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.freeSpace {
				return a.freeSpace(cmd.Context(), o)
			}
			err := a.wipe(cmd.Context(), o)
			if o.stay && a.interactive {
				err = a.stay(cmd.Context(), err)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.account, "account", "", a.say.Text("flag.account"))
	flags.StringVar(&o.documents, "documents", "", a.say.Text("flag.documents"))
	flags.BoolVar(&o.dryRun, "dry-run", false, a.say.Text("flag.dry_run"))
	flags.BoolVar(&o.yes, "yes", false, a.say.Text("flag.yes"))
	flags.BoolVar(&o.freeSpace, "free-space", false, a.say.Text("flag.free_space"))
	flags.DurationVar(&o.within, "within", 0, a.say.Text("flag.within"))
	flags.StringVar(&o.reserve, "reserve", "", a.say.Text("flag.reserve"))
	flags.BoolVar(&o.stay, "stay", false, "")
	_ = flags.MarkHidden("stay") // for the desktop button
	return cmd
}

func (a *app) wipe(ctx context.Context, o wipeOptions) error {
	choice, dest, err := documentChoice(o)
	if err != nil {
		return err
	}
	if choice == "" && !o.dryRun && (!a.interactive || a.json) {
		return usage("error.not_interactive")
	}
	ag, acct, err := a.known(o.account)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.dryRun(ctx, ag, acct)
	}
	found := a.service(ctx, acct)
	defer found.close()
	d, err := a.decide(ctx, ag, acct, found, o, decision{choice: choice}, dest)
	if err != nil {
		return err
	}
	if found.here {
		return a.wipeBy(ctx, found, d, a.countdown(ag, o))
	}
	switch {
	case a.json:
	case found.silent:
		a.printf("status.silent")
	case a.uid > 0:
		a.printf("wipe.without_service")
	}
	p := &progress{a: a}
	rep, err := ag.Wipe(ctx, agent.Request{
		Account: acct, Documents: d.choice, Given: d.given, Refused: d.refused, Observer: p,
	})
	p.end()
	if err != nil {
		return err
	}
	return a.report(rep)
}

// stay waits until somebody has read how it ended.
func (a *app) stay(ctx context.Context, err error) error {
	code := exitDone
	if err != nil {
		x := explain(err)
		a.complain(x)
		code = x.code
	}
	a.printf("guide.end")
	if a.key != nil {
		<-a.key
		return quiet(code)
	}
	newAnswers(a.in).line(context.WithoutCancel(ctx))
	return quiet(code)
}

// giveAway is the choice of --documents that copies everything onto a medium first. What is not given is set aside.
const giveAway agent.Choice = "give"

// decide finds out what happens to the documents: from the person, or from what the command was told.
func (a *app) decide(
	ctx context.Context, ag *agent.Agent, acct wipe.Account, found presence, o wipeOptions, d decision, dest string,
) (decision, error) {
	asks := a.interactive && !a.json && !o.yes
	if asks && d.choice == "" {
		return a.guided(ctx, ag, acct, found, false)
	}
	if asks && d.choice != giveAway {
		return d, a.askBeforeWipe(ctx, ag, acct, d.choice)
	}
	if d.choice != giveAway {
		return d, nil
	}
	docs, err := ag.Documents(ctx, acct)
	if err != nil {
		return d, err
	}
	if docs.Count > len(docs.List) {
		return d, &exit{code: exitRefused, key: "error.too_many_documents", word: "too_many_documents", args: []any{len(docs.List)}}
	}
	d.choice = agent.Hold // for what comes after the look
	if docs.Count > 0 {
		d.given, err = a.giveAll(ctx, ag, acct, dest, sorted(docs.List))
	}
	if err == nil && asks {
		err = a.askBeforeWipe(ctx, ag, acct, d.choice)
	}
	return d, err
}

// countdown is how long a wipe waits for somebody to stop it: only where somebody can.
func (a *app) countdown(ag *agent.Agent, o wipeOptions) time.Duration {
	if !a.interactive || a.json || o.yes {
		return 0
	}
	return ag.Policy.Session.Countdown
}

// documentChoice reads --documents, with the medium for give; empty means that nobody said anything yet. --yes alone is an
// explicit refusal.
func documentChoice(o wipeOptions) (choice agent.Choice, dest string, err error) {
	word, dest, to := strings.Cut(o.documents, ":")
	switch c := agent.Choice(word); {
	case c == giveAway, (c == agent.Hold || c == agent.Refuse) && !to:
		return c, dest, nil
	case o.documents != "":
		return "", "", usage("error.documents", o.documents)
	case o.yes:
		return agent.Refuse, "", nil
	}
	return "", "", nil
}

func (a *app) dryRun(ctx context.Context, ag *agent.Agent, acct wipe.Account) error {
	rep, err := ag.Wipe(ctx, agent.Request{Account: acct, DryRun: true})
	if err != nil {
		return err
	}
	if rep.Verdict == wipe.Refused {
		return a.report(rep)
	}
	if a.json {
		out := toReport("ipguard.plan/1", rep)
		out.Result = "planned"
		a.line(out)
		return nil
	}
	t := rep.Totals()
	a.printf("wipe.dry_run", t.Residual)
	a.byClass(rep.Results)
	a.reasons(rep.Results, wipe.Skipped)
	media := worthTelling(rep.Media)
	a.tellStrength("media.here", media)
	a.tellRemains(media)
	return nil
}

// askBeforeWipe shows the documents, about which the command was told, and asks once. Enter alone ends before the wipe.
func (a *app) askBeforeWipe(ctx context.Context, ag *agent.Agent, acct wipe.Account, choice agent.Choice) error {
	docs, err := ag.Documents(ctx, acct)
	if err != nil {
		return err
	}
	if docs.Count > 0 {
		a.listDocuments(docs)
	}
	key := "wipe.confirm.hold"
	if choice == agent.Refuse && docs.Count > 0 {
		key = "wipe.confirm.refuse"
	}
	a.printf(key, docs.Count)
	if !isYes(newAnswers(a.in).line(ctx)) {
		return errLeft()
	}
	return nil
}

// listed is how many documents are named before they are only counted.
const listed = 20

func (a *app) listDocuments(docs agent.Documents) {
	a.printf("wipe.documents", docs.Count, a.size(docs.Bytes))
	for i, d := range docs.List {
		if i == listed {
			a.printf("wipe.documents.more", docs.Count-listed)
			break
		}
		fmt.Fprintf(a.out, "  %-9s %s\n", a.size(d.Bytes), printable(d.Rel))
	}
}

// printable makes a name harmless for a terminal: nobody's file name may move the cursor or color a question.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd || r >= 0x200e && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, name)
}

// report says how a wipe ended.
func (a *app) report(rep wipe.Report) error {
	if a.json {
		a.line(toReport("ipguard.report/1", rep))
	} else {
		a.tell(rep)
	}
	switch rep.Verdict {
	case wipe.Complete:
		return nil
	case wipe.Refused:
		if a.json {
			return quiet(refusalCode(rep.Refusal))
		}
		return rep.Refusal
	}
	return quiet(exitIncomplete)
}

func (a *app) tell(rep wipe.Report) {
	if rep.Verdict == wipe.Refused {
		return
	}
	t := rep.Totals()
	if rep.Verdict == wipe.Incomplete && t.Residual == 0 {
		a.printf("report.not_as_it_should")
	} else {
		a.printf("report."+string(rep.Verdict), t.Residual)
	}
	a.printf("report.totals", t.Erased, a.size(t.Bytes), t.Restored, rep.Seconds)
	a.byClass(rep.Results)
	if t.Erased > 0 {
		a.tellErased(rep)
	}
	a.tellHeld(rep.Held)
	if t.Residual > 0 || spoiled(rep) {
		a.printf("report.why")
		a.reasons(rep.Results, wipe.Residual)
		a.tellShortfall(rep)
		a.printf("report.way_out")
	}
	if t.Skipped > 0 {
		a.printf("report.left_alone")
		a.reasons(rep.Results, wipe.Skipped)
	}
	if rep.Unsaved {
		a.printf("report.unsaved")
	}
}
