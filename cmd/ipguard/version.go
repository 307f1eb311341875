package main

import "github.com/spf13/cobra"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: a.say.Text("help.version.short"), Example: "  ipguard version --json",
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				a.line(map[string]string{"schema": "ipguard.version/1", "version": version()})
				return nil
			}
			a.printf("version", version())
			return nil
		},
	}
}
