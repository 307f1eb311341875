package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/trace"
	"ipguard/devices/printer"
	"ipguard/wipe"
)

type traceOptions struct {
	account string
	input   string // "-": the content comes as JSON from the standard input
	give    string
	print   string
}

func (a *app) traceCommand() *cobra.Command {
	var o traceOptions
	cmd := &cobra.Command{
		Use: "trace", Short: a.say.Text("help.trace.short"), Long: a.say.Text("help.trace.long"),
		Example: "  ipguard trace\n  echo '{\"language\":\"nl\",\"done\":[\"tax_return\"]}' | ipguard trace --input - --give KEY",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.trace(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.account, "account", "", a.say.Text("flag.account"))
	flags.StringVar(&o.input, "input", "", a.say.Text("flag.input"))
	flags.StringVar(&o.give, "give", "", a.say.Text("flag.give"))
	flags.StringVar(&o.print, "print", "", a.say.Text("flag.print"))
	return cmd
}

// trace makes the person's sheet, outside a guided end.
func (a *app) trace(ctx context.Context, o traceOptions) error {
	if o.input != "" && o.input != "-" {
		return usage("error.input")
	}
	if o.input == "" && (!a.interactive || a.json) {
		return usage("error.trace_not_interactive")
	}
	if o.input != "" && (o.give == "") == (o.print == "") {
		return usage("error.trace_where")
	}
	ag, acct, err := a.known(o.account)
	if err != nil {
		return err
	}
	if o.input == "" {
		g := &guide{app: a, agent: ag, acct: acct, in: newAnswers(a.in)}
		defer g.leaveStick()
		return g.sheet(ctx)
	}
	in, err := readSheet(a.in)
	if err == nil {
		err = in.check(ag.Policy)
	}
	if err != nil {
		return err
	}
	if err := a.bring(ctx, ag, acct, in, o); err != nil {
		return err
	}
	if a.json {
		a.line(map[string]any{"schema": "ipguard.trace/1", "done": true})
	}
	return nil
}

// bring makes the sheet and brings it where it was asked for.
func (a *app) bring(ctx context.Context, ag *agent.Agent, acct wipe.Account, in sheet, o traceOptions) error {
	var media []wipe.Medium
	if now, err := ag.Status(ctx, acct); err == nil {
		media = now.Media
	}
	if in.Language == "" {
		in.Language = a.say.Language()
	}
	made := a.compose(in, ag.Policy, media)
	all, err := a.files(made)
	if err != nil {
		return err
	}
	if trace.Missing(made) {
		a.tellUnlessJSON("sheet.letters")
	}
	if o.print != "" {
		return a.printFollowed(ctx, a.printers(acct.Name), o.print, printer.Document{Type: "application/pdf", Open: all[0].Open})
	}
	_, err = a.give(ctx, o.give, all)
	return err
}

// sheetBytes is the longest content of a sheet that is read.
const sheetBytes = 64 << 10

func readSheet(r io.Reader) (sheet, error) {
	var in sheet
	dec := json.NewDecoder(io.LimitReader(r, sheetBytes))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, usage("error.input") // its text may have what was typed
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, usage("error.input")
	}
	return in, nil
}
