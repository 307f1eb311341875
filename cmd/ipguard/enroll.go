package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/wipe"
)

type enrollOptions struct {
	account    string
	yes        bool
	allowAdmin bool
	refresh    bool
	paths      []string
}

func (a *app) enrollCommand() *cobra.Command {
	var o enrollOptions
	cmd := &cobra.Command{
		Use: "enroll --account NAME [--refresh PATH...]", Short: a.say.Text("help.enroll.short"), Long: a.say.Text("help.enroll.long"),
		Example: "  sudo ipguard enroll --account public\n  sudo ipguard enroll --account public --refresh .config/myapp Desktop/guide.desktop",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return a.enroll(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.account, "account", "", a.say.Text("flag.account"))
	flags.BoolVar(&o.yes, "yes", false, a.say.Text("flag.enroll_yes"))
	flags.BoolVar(&o.allowAdmin, "allow-admin", false, a.say.Text("flag.allow_admin"))
	flags.BoolVar(&o.refresh, "refresh", false, a.say.Text("flag.refresh"))
	return cmd
}

func (a *app) enroll(ctx context.Context, o enrollOptions) error {
	switch {
	case o.account == "" && !o.refresh:
		return usage("error.account_needed")
	case o.refresh && len(o.paths) == 0:
		return usage("error.refresh_needs_paths")
	case !o.refresh && len(o.paths) > 0:
		return usage("error.argument", o.paths[0], "ipguard enroll")
	case !o.yes && (!a.interactive || a.json):
		return usage("error.enroll_not_interactive")
	}
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return err
	}
	acct, err := ag.Account(o.account)
	if err != nil {
		return err
	}
	req := agent.EnrollRequest{Account: acct, AllowAdmin: o.allowAdmin, Refresh: o.paths}
	req.Confirm = func(sum agent.Summary) (bool, error) {
		if !a.json {
			a.summary(sum)
		}
		if o.yes {
			return true, nil
		}
		a.printf("enroll.confirm")
		return isYes(newAnswers(a.in).line(ctx)), nil
	}
	if !a.json {
		a.printf("enroll.reading")
	}
	sum, err := ag.Enroll(ctx, req)
	if err != nil {
		return err
	}
	// A service that runs looks after the account from now on; without one nothing is told here.
	client := ipc.Dial(a.socket())
	defer client.Close()
	_ = client.Reload(ctx)
	a.enrolled(sum)
	if a.interactive && !a.json && !o.yes && !o.refresh {
		return a.offerPIN(ctx, ag, acct)
	}
	return nil
}

// offerPIN asks for the helpers' PIN, unless there is one. Enter leaves it for later.
func (a *app) offerPIN(ctx context.Context, ag *agent.Agent, acct wipe.Account) error {
	if has, err := ag.HasPIN(acct); has || err != nil {
		return err
	}
	for {
		a.printf("pin.offer")
		typed, ok := a.secret(ctx)
		fmt.Fprintln(a.out)
		if !ok || typed == "" {
			a.printf("pin.later")
			return nil
		}
		err := ag.SetPIN(ctx, acct, typed)
		if err == nil {
			a.printf("pin.set")
			return nil
		}
		fmt.Fprintln(a.out, explainText(a, err))
	}
}

// summary shows by class what would belong to the laptop, so that nobody's file becomes part of it unseen.
func (a *app) summary(sum agent.Summary) {
	a.printf("enroll.summary", sum.Files, a.size(sum.Bytes))
	counts, bytes := map[wipe.Class]int{}, map[wipe.Class]int64{}
	mixed := 0
	for _, t := range sum.Taken {
		counts[t.Class] += t.Files
		bytes[t.Class] += t.Bytes
		if t.Rule == wipe.EnrollMixed {
			mixed += t.Files
		}
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, c := range wipe.Classes() {
		if counts[c] > 0 {
			fmt.Fprintf(w, "  %s\t%d\t%s\n", a.say.Text("class."+string(c)), counts[c], a.size(bytes[c]))
		}
	}
	w.Flush()
	if counts[wipe.ClassUnknown] > 0 {
		a.printf("enroll.unknown", counts[wipe.ClassUnknown])
		a.listUnknown(sum)
	}
	if mixed > 0 {
		a.printf("enroll.mixed", mixed)
	}
	if sum.LeftOut > 0 {
		a.printf("enroll.left_out", sum.LeftOut)
		for i, l := range sum.Left {
			if i == listed {
				a.printf("enroll.more", sum.LeftOut-listed)
				break
			}
			fmt.Fprintf(a.out, "  %s: %s\n", a.say.Text("class."+string(l.Class)), printable(l.Rel))
		}
	}
	for _, c := range sum.Changed {
		fmt.Fprintf(a.out, "  %s %s\n", a.say.Text("change."+string(c.Kind)), printable(c.Rel))
	}
}

// listUnknown names the files that nobody can judge but the person who enrolls. A refresh names what is different instead.
func (a *app) listUnknown(sum agent.Summary) {
	if len(sum.Changed) > 0 {
		return
	}
	for i, rel := range sum.Unknown {
		if i == listed {
			a.printf("enroll.more", len(sum.Unknown)-listed)
			break
		}
		fmt.Fprintf(a.out, "  %s\n", printable(rel))
	}
}

func (a *app) enrolled(sum agent.Summary) {
	if !a.json {
		a.printf("enroll.done", sum.Version)
		if sum.Residual > 0 {
			a.printf("enroll.wipe_now", sum.Residual)
		}
		return
	}
	type row struct {
		ID     string `json:"id"`
		Class  string `json:"class"`
		Enroll string `json:"enroll"`
		Files  int    `json:"files"`
		Bytes  int64  `json:"bytes"`
	}
	rows := make([]row, 0, len(sum.Taken))
	for _, t := range sum.Taken {
		rows = append(rows, row{string(t.Artifact), string(t.Class), string(t.Rule), t.Files, t.Bytes})
	}
	a.line(map[string]any{
		"schema": "ipguard.enrollment/1", "result": "enrolled", "version": sum.Version, "files": sum.Files, "bytes": sum.Bytes,
		"taken": rows, "left_out": sum.LeftOut, "changed": len(sum.Changed), "residual": sum.Residual,
	})
}
