package main

import (
	"context"

	"github.com/spf13/cobra"

	"ipguard/agent/service"
)

func (a *app) serviceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "service", Short: a.say.Text("help.service.short"), Long: a.say.Text("help.service.long"),
		Example: "  sudo ipguard service install\n  ipguard service status\n  sudo ipguard service stop",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	add := func(use, help string, do func(context.Context) error) {
		cmd.AddCommand(&cobra.Command{
			Use: use, Short: a.say.Text(help), Example: "  ipguard service " + use, Args: a.noArgs(&cobra.Command{}),
			RunE: func(cmd *cobra.Command, _ []string) error { return do(cmd.Context()) },
		})
	}
	add("install", "help.service_install.short", a.serviceInstall)
	add("uninstall", "help.service_uninstall.short", a.serviceUninstall)
	add("start", "help.service_start.short", func(ctx context.Context) error {
		return a.serviceDone("service.started", service.Start(ctx, a.serviceOptions()))
	})
	add("stop", "help.service_stop.short", func(ctx context.Context) error {
		return a.serviceDone("service.stopped", service.Stop(ctx, a.serviceOptions()))
	})
	add("status", "help.service_status.short", a.serviceStatus)
	add("run", "help.service_run.short", a.serve)
	return cmd
}

// serviceOptions are the same for every command, so that each finds what install made.
func (a *app) serviceOptions() service.Options {
	return service.Options{Exe: a.exe, StateDir: a.stateDir}
}

func (a *app) serviceInstall(ctx context.Context) error {
	err := service.Install(ctx, a.serviceOptions())
	if err == nil {
		err = service.Start(ctx, a.serviceOptions())
	}
	return a.serviceDone("service.installed", err)
}

// serviceUninstall takes back what the service has set on the machine too: nobody would keep it up any more.
func (a *app) serviceUninstall(ctx context.Context) error {
	err := service.Uninstall(ctx, a.serviceOptions())
	if err != nil {
		return err
	}
	if a.stateDir != "" {
		return a.serviceDone("service.uninstalled", nil) // one on trial has set nothing
	}
	_, g, err := a.governor()
	if err == nil {
		_, err = g.Remove(ctx)
	}
	if err != nil {
		a.tellUnlessJSON("browser.kept")
	}
	return a.serviceDone("service.uninstalled", nil)
}

func (a *app) serviceDone(key string, err error) error {
	if err == nil {
		a.tellUnlessJSON(key)
		if a.json {
			a.line(map[string]any{"schema": "ipguard.service/1", "done": true})
		}
	}
	return err
}

// serviceJSON is how the service stands.
type serviceJSON struct {
	Schema    string `json:"schema"`
	Installed bool   `json:"installed"`
	Enabled   bool   `json:"enabled"`
	Running   bool   `json:"running"`
	Failed    bool   `json:"failed"`
}

func (a *app) serviceStatus(ctx context.Context) error {
	s, err := service.Ask(ctx, a.serviceOptions())
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.line(serviceJSON{"ipguard.service/1", s.Installed, s.Enabled, s.Running, s.Failed})
	case s.Running:
		a.printf("service.running")
	case s.Installed:
		a.printf("service.idle")
	default:
		a.printf("service.absent")
	}
	if !s.Running {
		return quiet(exitNotClean)
	}
	return nil
}
