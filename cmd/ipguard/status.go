package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/wipe"
)

func (a *app) statusCommand() *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use: "status", Short: a.say.Text("help.status.short"), Long: a.say.Text("help.status.long"),
		Example: "  ipguard status\n  ipguard status --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), account) },
	}
	cmd.Flags().StringVar(&account, "account", "", a.say.Text("flag.account"))
	return cmd
}

func (a *app) status(ctx context.Context, account string) error {
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return err
	}
	acct, err := ag.Account(account)
	if err != nil {
		return err
	}
	found := a.service(ctx, acct)
	defer found.close()
	// The two read different things, so they do not wait for one another.
	var browsers governor.Report
	var browsersErr error
	var beside sync.WaitGroup
	beside.Go(func() { browsers, browsersErr = a.browsersShort(ctx, newGovernor(a.env, ag), acct, found) })
	s, err := a.standing(ctx, ag, acct, found)
	beside.Wait()
	if err = errors.Join(err, browsersErr); err != nil {
		return err
	}
	if a.json {
		out := toStatus(s, notCovered(a.goos, s.Media), toServiceState(found))
		out.Browsers = toBrowsers("", browsers)
		a.line(out)
	} else {
		a.tellStatus(s, found, browsers)
	}
	if s.State != state.Clean {
		return quiet(exitNotClean)
	}
	return nil
}

// standing reads where an account stands; the service may look where the caller may not.
func (a *app) standing(ctx context.Context, ag *agent.Agent, acct wipe.Account, found presence) (agent.Status, error) {
	if !found.here {
		return ag.Status(ctx, acct)
	}
	s, err := found.client.Check(ctx, acct.ID)
	if errors.Is(err, ipc.ErrNotAnswering) || errors.Is(err, ipc.ErrBroken) {
		return ag.Status(ctx, acct)
	}
	return s, err
}

// notCovered lists what a wipe does not reach on this laptop, as keys of the texts.
func notCovered(goos string, media []wipe.Medium) []string {
	all := []string{"memory"}
	if limited(media, wipe.LimitFreeSpace) {
		all = append(all, "free_space")
	}
	if goos == "linux" {
		all = append(all, "keyring_live", "print_history", "journal")
	}
	return all
}

// obstacles leaves out what the next wipe deals with as a matter of course.
func obstacles(rows []wipe.Result) []wipe.Result {
	return slices.DeleteFunc(slices.Clone(rows), func(r wipe.Result) bool {
		return r.Code == wipe.CodeRemains || r.Code == wipe.CodeChanged || r.Code == wipe.CodeMissing && r.Artifact != wipe.HomeArtifact
	})
}

func (a *app) tellStatus(s agent.Status, found presence, browsers governor.Report) {
	t := wipe.Report{Results: s.Results}.Totals()
	a.printf(statusKey(s, t.Residual), t.Residual)
	if s.State == state.NotEnrolled {
		return
	}
	if s.Interrupted {
		a.printf("status.interrupted")
	}
	a.byClass(s.Results)
	a.reasons(obstacles(s.Results), wipe.Residual)
	a.reasons(s.Results, wipe.Skipped)
	if s.Running > 0 {
		a.printf("status.programs", s.Running)
	}
	a.tellHeld(s.Held)
	if s.State == state.Residue {
		a.printf("report.way_out")
	}
	if s.Day != "" {
		a.printf("status.last", s.Day)
	}
	a.tellService(found, s.State)
	a.tellBrowsersShort(browsers)
	if s.Baseline.Version > 0 {
		a.printf("status.baseline", s.Baseline.Files, a.size(s.Baseline.Bytes), s.Baseline.Day)
	}
	if s.Admin {
		a.printf("status.admin")
	}
	media := worthTelling(s.Media)
	a.tellStrength("media.here", media)
	// What is not covered says these three.
	a.tellRemains(media, wipe.LimitFreeSpace, wipe.LimitMemory, wipe.LimitSwap)
	a.printf("status.not_covered")
	for _, key := range notCovered(a.goos, s.Media) {
		fmt.Fprintf(a.out, "  - %s\n", a.say.Text("not_covered."+key))
	}
}

// statusKey returns the key of the first line, which is the answer.
func statusKey(s agent.Status, residual int) string {
	switch {
	case s.State == state.InUse && residual == 0:
		return "status.unchecked"
	case s.State == state.Residue && residual == 0:
		return "status.not_as_it_should"
	case s.State == state.Clean && s.Assurance != "" && !s.Assurance.AtLeast(wipe.Discarded):
		return "status.recoverable"
	}
	return "status." + string(s.State)
}

// tellHeld says what is set aside. The account itself cannot see for how long.
func (a *app) tellHeld(h wipe.Held) {
	switch {
	case h.Count > 0 && h.Minutes > 0:
		a.printf("held", h.Count, h.Minutes)
	case h.Count > 0:
		a.printf("held.some", h.Count)
	}
}
