package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ipguard/cmd/ipguard/text"
)

// app is one run of the program.
type app struct {
	env
	say      text.Printer
	json     bool
	stateDir string
	// key is closed with the first key that is pressed since a countdown began; nil when none did. Who waits for a key after
	// one has to wait here: something reads already.
	key chan struct{}
}

// run is the whole program with everything it needs; it returns the exit code.
func run(ctx context.Context, args []string, e env) int {
	a := &app{env: e, say: text.For(language(args, e.getenv)), json: wantsJSON(args)}
	cmd := a.root()
	cmd.SetArgs(args)
	cmd.SetIn(e.in)
	cmd.SetOut(e.out)
	cmd.SetErr(e.err)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if said := (*exit)(nil); ctx.Err() != nil && !errors.As(err, &said) {
		err = ctx.Err()
	}
	x := explain(err)
	a.complain(x)
	return x.code
}

// complain says what went wrong: a sentence on the error stream, and with --json the word for it as the last line.
func (a *app) complain(x *exit) {
	if x.key == "" {
		return
	}
	sentence := a.say.Text(x.key, x.args...)
	fmt.Fprintln(a.err, sentence)
	if a.json {
		a.line(map[string]any{"schema": "ipguard.error/1", "error": x.word, "message": sentence})
	}
}

func (a *app) line(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types; a bug
	}
	fmt.Fprintf(a.out, "%s\n", data)
}

func (a *app) printf(key string, args ...any) { fmt.Fprintln(a.out, a.say.Text(key, args...)) }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "ipguard", Short: a.say.Text("help.short"), Long: a.say.Text("help.long"), Example: a.say.Text("help.example"),
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, a.say.Text("flag.json"))
	flags.StringVar(&a.stateDir, "state-dir", "", a.say.Text("flag.state_dir"))
	flags.String("lang", "", a.say.Text("flag.lang"))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("error.flag", err.Error(), cmd.CommandPath())
	})
	root.AddCommand(a.enrollCommand(), a.wipeCommand(), a.statusCommand(), a.serviceCommand(), a.browserCommand(),
		a.documentsCommand(), a.traceCommand(), a.stowCommand(), a.desktopCommand(), a.policyCommand(),
		a.demoCommand(), a.versionCommand(), a.workerCommand(), a.rowsCommand(), a.endWindowCommand())
	a.translateUsage(root)
	for _, c := range root.Commands() {
		c.Args = a.noArgs(c)
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("error.command", args[0])
		}
		return nil
	}
	return root
}

// noArgs refuses arguments that a command does not take; enroll takes paths after --refresh.
func (a *app) noArgs(c *cobra.Command) cobra.PositionalArgs {
	own := c.Args
	return func(cmd *cobra.Command, args []string) error {
		if own != nil {
			return own(cmd, args)
		}
		if len(args) > 0 {
			return usage("error.argument", args[0], cmd.CommandPath())
		}
		return nil
	}
}

// language finds the language before flags are parsed, because help and flag errors need it.
func language(args []string, getenv func(string) string) []string {
	var wishes []string
	for i, arg := range args {
		if rest, ok := strings.CutPrefix(arg, "--lang="); ok {
			wishes = append(wishes, rest)
		} else if arg == "--lang" && i+1 < len(args) {
			wishes = append(wishes, args[i+1])
		}
	}
	for _, name := range []string{"IPGUARD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			wishes = append(wishes, v)
		}
	}
	return wishes
}

// wantsJSON looks before flags are parsed, so that a wrong flag is told in JSON too.
func wantsJSON(args []string) bool {
	for _, arg := range args {
		if arg == "--json" || arg == "--json=true" {
			return true
		}
	}
	return false
}
