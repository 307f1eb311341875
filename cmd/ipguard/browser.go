package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/ipc"
	"ipguard/wipe"
)

func (a *app) browserCommand() *cobra.Command {
	var account string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "browser", Short: a.say.Text("help.browser.short"), Long: a.say.Text("help.browser.long"),
		Example: "  ipguard browser status\n  sudo ipguard browser apply --dry-run\n  sudo ipguard browser apply",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	add := func(use, help string, do func(context.Context) error) *cobra.Command {
		c := &cobra.Command{
			Use: use, Short: a.say.Text(help), Example: "  ipguard browser " + use, Args: a.noArgs(&cobra.Command{}),
			RunE: func(cmd *cobra.Command, _ []string) error { return do(cmd.Context()) },
		}
		cmd.AddCommand(c)
		return c
	}
	list := add("list", "help.browser_list.short", func(ctx context.Context) error { return a.browserList(ctx, account) })
	list.Flags().StringVar(&account, "account", "", a.say.Text("flag.account"))
	apply := add("apply", "help.browser_apply.short", func(ctx context.Context) error { return a.browserApply(ctx, dryRun) })
	apply.Flags().BoolVar(&dryRun, "dry-run", false, a.say.Text("flag.browser_dry_run"))
	status := add("status", "help.browser_status.short", func(ctx context.Context) error { return a.browserStatus(ctx, account) })
	status.Flags().StringVar(&account, "account", "", a.say.Text("flag.account"))
	add("remove", "help.browser_remove.short", a.browserRemove)
	return cmd
}

// newGovernor builds what keeps the browsers to the policy.
func newGovernor(e env, ag *agent.Agent) *governor.Governor {
	return governor.New(governor.Options{
		GOOS: e.goos, Arch: e.arch, Policy: ag.Policy.Browsers, Laptop: ag,
		Record: filepath.Join(ag.State.Path(), governor.RecordName),
	})
}

func (a *app) governor() (*agent.Agent, *governor.Governor, error) {
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return nil, nil, err
	}
	return ag, newGovernor(a.env, ag), nil
}

// governed adds the account. When none is enrolled, the machine's browsers can be spoken of all the same.
func (a *app) governed(account string) (*governor.Governor, wipe.Account, error) {
	ag, g, err := a.governor()
	if err != nil {
		return nil, wipe.Account{}, err
	}
	acct, err := ag.Account(account)
	if errors.Is(err, agent.ErrNoneEnrolled) {
		acct, err = wipe.Account{}, nil
	}
	return g, acct, err
}

// installedJSON is a browser that was found.
type installedJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Package  string `json:"package"`
	Channel  string `json:"channel,omitempty"`
	Version  string `json:"version,omitempty"`
	Program  string `json:"program"`
	Settings string `json:"settings,omitempty"` // where it reads them
	Format   string `json:"format,omitempty"`
	Proof    string `json:"proof,omitempty"`
	URL      string `json:"url,omitempty"`
}

// browserList shows what is installed for everybody, and what lies in an account's home.
func (a *app) browserList(ctx context.Context, account string) error {
	g, acct, err := a.governed(account)
	if err != nil {
		return err
	}
	found := g.InstalledFor(ctx, acct)
	if a.json {
		all := make([]installedJSON, 0, len(found))
		for _, i := range found {
			all = append(all, installedJSON{
				ID: i.Browser, Name: i.Name, Package: string(i.Package), Channel: i.Channel, Version: i.Version, Program: i.Exe,
				Settings: i.Place.Path, Format: string(i.Place.Format), Proof: string(i.Place.Proof), URL: i.Place.URL,
			})
		}
		a.line(map[string]any{"schema": "ipguard.browser.list/1", "browsers": all})
		return nil
	}
	if len(found) == 0 {
		a.printf("browser.none")
	}
	for _, i := range found {
		where := i.Place.Path
		if i.Place.Format == "" {
			where = a.say.Text("browser.no_place")
		}
		fmt.Fprintf(a.out, "%s (%s)\n    %s\n    %s\n", title(i.Name, i.Version), a.say.Text("package."+string(i.Package)), i.Exe, where)
	}
	return nil
}

func title(name, version string) string {
	if version == "" {
		return name
	}
	return name + " " + version
}

// browserApply writes the settings once. The service does so by itself.
func (a *app) browserApply(ctx context.Context, dryRun bool) error {
	_, g, err := a.governor()
	if err != nil {
		return err
	}
	var all []governor.Outcome
	switch {
	case dryRun:
		all, err = g.Plan(ctx)
	case a.uid != 0 && a.goos != "windows":
		return &exit{code: exitNotPermitted, key: "error.service_admin", word: "not_permitted"}
	default:
		all, err = g.Apply(ctx)
	}
	if err != nil {
		return err
	}
	return a.tellOutcomes(all, dryRun)
}

// browserRemove takes the settings back. A service that runs would write them again.
func (a *app) browserRemove(ctx context.Context) error {
	if a.uid != 0 && a.goos != "windows" {
		return &exit{code: exitNotPermitted, key: "error.service_admin", word: "not_permitted"}
	}
	client := ipc.Dial(a.socket())
	defer client.Close()
	if _, err := client.Status(ctx, ""); !errors.Is(err, ipc.ErrNoService) {
		return &exit{code: exitRefused, key: "error.browser_kept", word: "service_runs"}
	}
	_, g, err := a.governor()
	if err != nil {
		return err
	}
	all, err := g.Remove(ctx)
	if a.json {
		a.line(map[string]any{"schema": "ipguard.browser.remove/1", "done": err == nil, "removed": changed(all)})
	} else {
		a.printf("browser.removed", changed(all))
	}
	if err != nil {
		return a.unwritable(all)
	}
	return nil
}

func changed(all []governor.Outcome) int {
	n := 0
	for _, o := range all {
		if o.Changed {
			n++
		}
	}
	return n
}

// browserStatus says how each browser stands, from a fresh look.
func (a *app) browserStatus(ctx context.Context, account string) error {
	g, acct, err := a.governed(account)
	if err != nil {
		return err
	}
	report, err := a.browsersOf(ctx, g, acct)
	if err != nil {
		return err
	}
	if a.json {
		a.line(toBrowsers("ipguard.browser.status/1", report))
	} else {
		a.tellBrowsers(report)
	}
	if !report.Effective() {
		return quiet(exitNotClean)
	}
	return nil
}

// browsersShort is how the browsers stand without what only an administrator understands; the service has it when it is there.
func (a *app) browsersShort(ctx context.Context, g *governor.Governor, acct wipe.Account, found presence) (governor.Report, error) {
	if found.here {
		if r, err := found.client.Browsers(ctx, acct.ID); err == nil {
			return r, nil
		}
	}
	return g.Check(ctx, acct)
}

// browsersOf has the service look, which may look where the caller may not, and adds what only the caller's own terminal may
// show.
func (a *app) browsersOf(ctx context.Context, g *governor.Governor, acct wipe.Account) (governor.Report, error) {
	own, err := g.Check(ctx, acct)
	if err != nil || acct.ID == "" || a.uid == 0 {
		return own, err
	}
	client := ipc.Dial(a.socket())
	defer client.Close()
	served, err := client.Browsers(ctx, acct.ID)
	if err != nil {
		return own, nil // the service is not there, or has nothing to say: what was seen here stands
	}
	return served.WithSources(own), nil
}
