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
			return a.wipe(cmd.Context(), o)
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
	return cmd
}

func (a *app) wipe(ctx context.Context, o wipeOptions) error {
	choice, err := documentChoice(o)
	if err != nil {
		return err
	}
	if choice == "" && !o.dryRun && (!a.interactive || a.json) {
		return usage("error.not_interactive")
	}
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return err
	}
	acct, err := ag.Account(o.account)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.dryRun(ctx, ag, acct)
	}
	if a.interactive && !a.json && !o.yes {
		if choice, err = a.askBeforeWipe(ctx, ag, acct, choice); err != nil {
			return err
		}
	}
	found := a.service(ctx, acct)
	defer found.close()
	if found.here {
		return a.wipeBy(ctx, found, choice, a.countdown(ag, o))
	}
	switch {
	case a.json:
	case found.silent:
		a.printf("status.silent")
	case a.uid > 0:
		a.printf("wipe.without_service")
	}
	p := &progress{a: a}
	rep, err := ag.Wipe(ctx, agent.Request{Account: acct, Documents: choice, Observer: p})
	p.end()
	if err != nil {
		return err
	}
	return a.report(rep)
}

// countdown is how long a wipe waits for somebody to stop it: only where somebody can.
func (a *app) countdown(ag *agent.Agent, o wipeOptions) time.Duration {
	if !a.interactive || a.json || o.yes {
		return 0
	}
	return ag.Policy.Session.Countdown
}

// documentChoice reads --documents; empty means that nobody said anything yet. --yes alone is an explicit refusal.
func documentChoice(o wipeOptions) (agent.Choice, error) {
	switch c := agent.Choice(o.documents); {
	case c == agent.Hold || c == agent.Refuse:
		return c, nil
	case o.documents != "":
		return "", usage("error.documents", o.documents)
	case o.yes:
		return agent.Refuse, nil
	}
	return "", nil
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

// askBeforeWipe shows the documents and asks. Enter alone destroys nothing: it holds documents and ends before the wipe.
func (a *app) askBeforeWipe(ctx context.Context, ag *agent.Agent, acct wipe.Account, choice agent.Choice) (agent.Choice, error) {
	docs, err := ag.Documents(ctx, acct)
	if err != nil {
		return "", err
	}
	in := newAnswers(a.in)
	if docs.Count > 0 {
		a.listDocuments(docs)
		if choice == "" {
			a.printf("wipe.documents.ask", int(ag.Policy.Documents.HoldFor.Minutes()))
			if in.line(ctx) == "2" {
				choice = agent.Refuse
			}
		}
	}
	if choice == "" {
		choice = agent.Hold
	}
	key := "wipe.confirm.hold"
	if choice == agent.Refuse && docs.Count > 0 {
		key = "wipe.confirm.refuse"
	}
	a.printf(key, docs.Count)
	if !isYes(in.line(ctx)) {
		return "", &exit{code: exitInterrupted, key: "wipe.nothing_done", word: "declined"}
	}
	return choice, nil
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
