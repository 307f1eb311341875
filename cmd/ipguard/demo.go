package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ipguard/agent"
	"ipguard/agent/demo"
	"ipguard/devices/host"
	"ipguard/wipe"
)

type demoOptions struct {
	heldOpen bool
	hold     string // the file that the child process of --held-open keeps open
}

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: a.say.Text("help.demo.short"), Long: a.say.Text("help.demo.long"),
		Example: "  ipguard demo\n  ipguard demo --json\n  ipguard demo --held-open",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.hold != "" {
				return a.holdOpen(o.hold)
			}
			return a.demo(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.heldOpen, "held-open", false, a.say.Text("flag.held_open"))
	flags.StringVar(&o.hold, "hold", "", "")
	// A flag that was just defined can be hidden.
	_ = flags.MarkHidden("hold")
	return cmd
}

// marker is in every trace that the demonstration plants, so that a search can tell what is left of it.
const marker = "kanari"

func (a *app) demo(ctx context.Context, o demoOptions) (err error) {
	t, err := agent.NewThrowaway(a.tempDir, a.goos, a.machine, a.uid, a.now)
	if err != nil {
		return err
	}
	// What was begun is tidied up also when it was interrupted.
	defer func() { err = errors.Join(err, t.Discard(context.WithoutCancel(ctx))) }()
	a.tellUnlessJSON("demo.intro")
	session, err := a.plantDemo(ctx, t)
	if err != nil {
		return err
	}
	a.tellSession(session)
	before, err := demo.Find(t.Account.Home, marker)
	if err != nil {
		return err
	}
	a.tellUnlessJSON("demo.before", before)
	if o.heldOpen {
		release, err := a.startHolder(ctx, filepath.Join(t.Account.Home, filepath.FromSlash(document(session))))
		if err != nil {
			return err
		}
		defer release()
	}
	a.tellUnlessJSON("demo.wipe")
	p := &progress{a: a}
	rep, err := t.Wipe(ctx, agent.Request{Account: t.Account, Documents: agent.Refuse, Observer: p})
	p.end()
	if err != nil {
		return err
	}
	after, err := demo.Find(t.Account.Home, marker)
	if err != nil {
		return err
	}
	if a.json {
		return a.report(rep)
	}
	a.tell(rep)
	a.printf("demo.after", after)
	a.printf("demo.outro")
	if rep.Verdict != wipe.Complete {
		return quiet(exitIncomplete)
	}
	return nil
}

// plantDemo makes the account, enrolls it and plants the session.
func (a *app) plantDemo(ctx context.Context, t *agent.Throwaway) (demo.Summary, error) {
	err := demo.PlantBaseline(t.Account.Home, a.goos)
	if errors.Is(err, errors.ErrUnsupported) {
		return demo.Summary{}, &exit{code: exitError, key: "demo.unsupported", word: "unsupported"}
	} else if err != nil {
		return demo.Summary{}, err
	}
	sum, err := t.Enroll(ctx, agent.EnrollRequest{Account: t.Account})
	if err != nil {
		return demo.Summary{}, err
	}
	a.tellUnlessJSON("demo.baseline", sum.Files)
	return demo.PlantSession(t.Account.Home, a.goos, demo.Invented(marker))
}

func (a *app) tellUnlessJSON(key string, args ...any) {
	if !a.json {
		a.printf(key, args...)
	}
}

func (a *app) tellSession(s demo.Summary) {
	if a.json {
		return
	}
	a.printf("demo.session", len(s.Traces))
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, c := range s.Counts() {
		fmt.Fprintf(w, "  %s\t%d\n", a.say.Text("class."+string(c.Class)), c.Files)
	}
	w.Flush()
}

// document returns one of the planted documents.
func document(s demo.Summary) string {
	for _, t := range s.Traces {
		if t.Class == wipe.ClassDocuments && !t.Changed {
			return t.Path
		}
	}
	return ""
}

// startHolder runs this program a second time, as another program that keeps a file open.
func (a *app) startHolder(ctx context.Context, file string) (release func(), err error) {
	in, feed := io.Pipe()
	out, say := io.Pipe()
	child, err := host.StartSelf(ctx, a.exe, []string{"demo", "--hold=" + file}, in, say)
	if err != nil {
		return nil, err
	}
	release = func() {
		feed.Close()
		child.Kill()
	}
	if line, _, err := bufio.NewReader(out).ReadLine(); err != nil || string(line) != "open" {
		release()
		return nil, fmt.Errorf("starting the other program: %w", io.ErrUnexpectedEOF)
	}
	return release, nil
}

// holdOpen is that other program: it ends when its input does.
func (a *app) holdOpen(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(a.out, "open")
	_, err = io.Copy(io.Discard, a.in)
	return err
}
