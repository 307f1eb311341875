package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// usageTemplate is cobra's, shortened to what ipguard has, with words in capitals for the headings.
const usageTemplate = `USAGE
  {{if .HasAvailableSubCommands}}{{.CommandPath}} [command]{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

EXAMPLES
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}

COMMANDS{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

FLAGS
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

GLOBAL
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableSubCommands}}

MORE{{end}}
`

// translateUsage gives the help its headings in the language of the rest.
func (a *app) translateUsage(root *cobra.Command) {
	root.SetUsageTemplate(strings.NewReplacer(
		"USAGE", a.say.Text("usage.usage"), "EXAMPLES", a.say.Text("usage.examples"), "COMMANDS", a.say.Text("usage.commands"),
		"FLAGS", a.say.Text("usage.flags"), "GLOBAL", a.say.Text("usage.global"), "MORE", a.say.Text("usage.more", "ipguard"),
	).Replace(usageTemplate))
	root.SetHelpCommand(helpCommand(root))
	for _, c := range append(root.Commands(), root) {
		c.InitDefaultHelpFlag()
		c.Flags().Lookup("help").Usage = a.say.Text("usage.help")
	}
}

// helpCommand is "ipguard help wipe", which many type.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help", Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage("error.command", args[0])
			}
			return c.Help()
		},
	}
}
