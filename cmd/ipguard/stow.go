package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/devices/session"
	"ipguard/wipe"
)

type stowOptions struct {
	account   string
	documents string
	yes       bool
	powerOff  bool
	within    time.Duration
}

func (a *app) stowCommand() *cobra.Command {
	var o stowOptions
	cmd := &cobra.Command{
		Use: "stow", Short: a.say.Text("help.stow.short"), Long: a.say.Text("help.stow.long"),
		Example: "  sudo ipguard stow\n  sudo ipguard stow --yes --power-off\n  ipguard stow --yes --documents=give:KEY --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.stow(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.account, "account", "", a.say.Text("flag.account"))
	flags.StringVar(&o.documents, "documents", "", a.say.Text("flag.stow_documents"))
	flags.BoolVar(&o.yes, "yes", false, a.say.Text("flag.yes"))
	flags.BoolVar(&o.powerOff, "power-off", false, a.say.Text("flag.power_off"))
	flags.DurationVar(&o.within, "within", 0, a.say.Text("flag.within"))
	return cmd
}

// stow ends a permanence: nothing that was set aside survives it.
func (a *app) stow(ctx context.Context, o stowOptions) error {
	choice, dest, err := documentChoice(wipeOptions{documents: o.documents, yes: o.yes})
	if err != nil || choice == agent.Hold {
		return usage("error.stow_documents")
	}
	asks := a.interactive && !a.json && !o.yes
	if choice == "" && !asks || choice != "" && !asks && !o.yes {
		return usage("error.stow_not_interactive")
	}
	ag, acct, err := a.known(o.account)
	if err != nil {
		return err
	}
	found := a.service(ctx, acct)
	defer found.close()
	d, err := a.decideStow(ctx, ag, acct, found, choice, dest, asks)
	if err != nil {
		return err
	}
	if found.here {
		return a.stowBy(ctx, found, d, o, ag.Policy.Stow.FreeSpace)
	}
	p := &progress{a: a}
	rep, err := ag.Stow(ctx, agent.StowRequest{
		Account: acct, Observer: p, Given: d.given, FreeSpace: ag.Policy.Stow.FreeSpace, Within: o.within,
	})
	p.end()
	if err != nil {
		return err
	}
	err = a.tellStow(rep)
	if rep.Verdict != wipe.Refused && (o.powerOff || ag.Policy.Stow.PowerOff) {
		err = errors.Join(err, session.New(a.goos, session.Options{}).PowerOff(ctx))
	}
	return err
}

// decideStow leads through the end of the last session; what was told on the command line is not asked again. The last
// question says that what is set aside goes too.
func (a *app) decideStow(
	ctx context.Context, ag *agent.Agent, acct wipe.Account, found presence, choice agent.Choice, dest string, asks bool,
) (decision, error) {
	if asks && choice == "" {
		return a.guided(ctx, ag, acct, found, true)
	}
	d := decision{choice: choice}
	if choice == giveAway {
		var err error
		if d, err = a.decide(ctx, ag, acct, found, wipeOptions{yes: true}, d, dest); err != nil {
			return d, err
		}
	}
	if asks {
		a.printf("stow.confirm", found.known.Held)
		if !isYes(newAnswers(a.in).line(ctx)) {
			return d, errLeft()
		}
	}
	return d, nil
}

type stowJSON struct {
	Schema    string         `json:"schema"`
	Result    string         `json:"result"`
	Destroyed int            `json:"destroyed"`
	Wipe      reportJSON     `json:"wipe"`
	FreeSpace *freeSpaceJSON `json:"free_space,omitempty"`
}

// tellStow says how a permanence ended.
func (a *app) tellStow(rep agent.StowReport) error {
	if a.json {
		out := stowJSON{
			Schema: "ipguard.stow/1", Result: string(rep.Verdict), Destroyed: rep.Destroyed, Wipe: toReport("ipguard.report/1", rep.Wipe),
		}
		if rep.FreeSpace != nil {
			space := toFreeSpace(*rep.FreeSpace)
			out.FreeSpace = &space
		}
		a.line(out)
	} else {
		a.tell(rep.Wipe)
		if rep.Destroyed > 0 {
			a.printf("stow.destroyed", rep.Destroyed)
		}
		if rep.FreeSpace != nil && rep.FreeSpace.Verdict != wipe.Refused {
			a.tellFreeSpace(*rep.FreeSpace)
		}
		a.printf("stow." + string(rep.Verdict))
	}
	switch rep.Verdict {
	case wipe.Complete:
		return nil
	case wipe.Refused:
		if !a.json && rep.Wipe.Refusal != "" {
			return rep.Wipe.Refusal
		}
		return quiet(refusalCode(rep.Wipe.Refusal))
	}
	return quiet(exitIncomplete)
}
