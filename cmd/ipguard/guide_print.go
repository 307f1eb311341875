package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"ipguard/agent/handover"
	"ipguard/devices/printer"
)

const (
	// leaveMost bounds what is done when a guided end stops early.
	leaveMost = 10 * time.Second
	// spoolMost bounds one question to the print service.
	spoolMost = 10 * time.Second
)

// print prints documents one after another. One counts as given when the person says that it is out.
func (g *guide) print(ctx context.Context, docs []handover.Document) ([]handover.Mark, error) {
	spooler := g.printers(g.acct.Name)
	chosen, err := g.choosePrinter(ctx, spooler)
	if err != nil || chosen == "" {
		return nil, err
	}
	var out []handover.Document
	for _, d := range docs {
		ok, err := g.printOne(ctx, spooler, chosen, printer.Document{Type: typeOf(handover.Name(d)), Open: func() (io.ReadCloser, error) {
			return g.agent.OpenDocument(ctx, g.acct, d)
		}}, handover.Name(d))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	s, err := g.ask(ctx, "print.out", len(out))
	if err != nil || !isYes(s) {
		return nil, err
	}
	marks := marksOf(out)
	g.given = append(g.given, marks...)
	g.count.printed += len(marks)
	return marks, nil
}

// printOne prints one thing and follows it until it is out. It is false when it did not come out.
func (g *guide) printOne(ctx context.Context, spooler *printer.Spooler, to string, doc printer.Document, name string) (bool, error) {
	g.printf("print.sent", printable(name))
	err := g.printFollowed(ctx, spooler, to, doc)
	if ctx.Err() != nil {
		return false, errLeft()
	}
	if err != nil {
		g.printf("print.failed", printable(name), explainText(g.app, err))
	}
	return err == nil, nil
}

// cancelJob takes a job back, also when the person has stopped the program.
func cancelJob(spooler *printer.Spooler, job printer.Job) {
	ctx, cancel := context.WithTimeout(context.Background(), spoolMost)
	defer cancel()
	_ = spooler.Cancel(ctx, job)
}

// choosePrinter asks for a printer when there are several; empty when there is none or the person goes back.
func (g *guide) choosePrinter(ctx context.Context, spooler *printer.Spooler) (string, error) {
	asking, cancel := context.WithTimeout(ctx, spoolMost)
	defer cancel()
	all, err := spooler.Printers(asking)
	switch {
	case err != nil || len(all) == 0:
		g.printf("print.none")
		return "", nil
	case len(all) == 1:
		return all[0].Name, nil
	}
	for {
		for i, p := range all {
			fmt.Fprintf(g.out, "%3d  %s\n", i+1, printable(p.Info))
		}
		s, err := g.ask(ctx, "print.which")
		n, ok := numbers(s, len(all))
		switch {
		case err != nil || s == "0":
			return "", err
		case s == "":
			for _, p := range all {
				if p.Default {
					return p.Name, nil
				}
			}
		case ok && len(n) == 1:
			return all[n[0]-1].Name, nil
		}
	}
}

// jobs lists what an account has sent and what has not come out yet.
func (a *app) jobs(ctx context.Context, spooler *printer.Spooler, user string) ([]printer.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, spoolMost)
	defer cancel()
	return spooler.Jobs(ctx, user)
}

// typeOf says what a document is, as the print service calls it. It looks at others itself.
func typeOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf":
		return "application/pdf"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".txt":
		return "text/plain"
	}
	return "application/octet-stream"
}

// printFollowed prints one thing for a command and waits until it is out. An empty name is the default printer, or the only
// one.
func (a *app) printFollowed(ctx context.Context, spooler *printer.Spooler, name string, doc printer.Document) error {
	asking, cancel := context.WithTimeout(ctx, spoolMost)
	defer cancel()
	all, err := spooler.Printers(asking)
	if err != nil {
		return err
	}
	to := ""
	for _, p := range all {
		if p.Name == name || name == "" && (p.Default || len(all) == 1) {
			to = p.Name
		}
	}
	if to == "" {
		return usage("error.printer")
	}
	job, err := spooler.Print(ctx, to, doc)
	if err != nil {
		return err
	}
	last := printer.Job{}
	job, err = spooler.Follow(ctx, job, func(j printer.Job) {
		if j.Reason != "" && j.Reason != last.Reason {
			a.tellUnlessJSON("printer." + string(j.Reason))
		}
		last = j
	})
	if ctx.Err() != nil {
		cancelJob(spooler, job)
		return ctx.Err()
	}
	if err == nil && job.State != printer.Completed {
		err = &exit{code: exitIncomplete, key: "error.not_printed", word: "not_printed"}
	}
	return err
}
