package main

import (
	"context"

	"github.com/spf13/cobra"

	"ipguard/agent/launcher"
	"ipguard/devices/host"
)

// endWindow is the hidden command behind the desktop button.
const endWindow = "end-window"

func (a *app) desktopCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "desktop", Short: a.say.Text("help.desktop.short"), Long: a.say.Text("help.desktop.long"),
		Example: "  sudo ipguard desktop install\n  sudo ipguard desktop remove",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	add := func(use, help, done string, do func() error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: a.say.Text(help), Example: "  sudo ipguard desktop " + use, Args: a.noArgs(&cobra.Command{}),
			RunE: func(*cobra.Command, []string) error {
				err := do()
				if err == nil {
					a.tellUnlessJSON(done)
					if a.json {
						a.line(map[string]any{"schema": "ipguard.desktop/1", "done": true})
					}
				}
				return err
			},
		})
	}
	add("install", "help.desktop_install.short", "desktop.installed", func() error { return launcher.Install("/", a.exe) })
	add("remove", "help.desktop_remove.short", "desktop.removed", func() error { return launcher.Remove("/") })
	return cmd
}

// endWindowCommand opens the guided end in a large window of its own.
func (a *app) endWindowCommand() *cobra.Command {
	return &cobra.Command{
		Use: endWindow, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.endWindow(cmd.Context()) },
	}
}

func (a *app) endWindow(ctx context.Context) error {
	wipe := []string{a.exe, "wipe", "--stay", "--lang", a.say.Language()}
	if a.stateDir != "" {
		wipe = append(wipe, "--state-dir", a.stateDir)
	}
	argv, err := launcher.Command(a.getenv, host.FindProgram, a.say.Text("desktop.title"), wipe)
	if err != nil {
		return err
	}
	return host.StartProgram(ctx, argv)
}
