package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipguard/browser"
	"ipguard/devices/desktop"
	"ipguard/policy"
)

func itoa(n int) string { return strconv.Itoa(n) }

// signOut reminds of what people forget, and of every service that somebody may still be signed in to. An address is opened
// in the browser that is still there.
func (g *guide) signOut(ctx context.Context) error {
	g.printf("remind.card")
	g.printf("remind.paper")
	services := g.agent.Policy.Services
	if len(services) == 0 {
		_, err := g.ask(ctx, "remind.enter")
		return err
	}
	g.printf("remind.services")
	g.listServices(services)
	for {
		s, err := g.ask(ctx, "remind.ask")
		if err != nil || s == "" {
			return err
		}
		some, ok := numbers(s, len(services))
		if !ok {
			g.printf("guide.number", len(services))
			continue
		}
		for _, n := range some {
			g.openLogout(ctx, services[n-1])
		}
	}
}

// listServices numbers the services; behind some there is a page that signs out.
func (g *guide) listServices(services []policy.Service) {
	lang := g.say.Language()
	for i, s := range services {
		line := fmt.Sprintf("%3d  %s", i+1, printable(s.Name.In(lang)))
		if s.Logout != "" {
			line += " (" + g.say.Text("remind.opens") + ")"
		}
		fmt.Fprintln(g.out, wrapped(line, columns, 5))
	}
}

// openLogout opens the page that signs out, or says where the service has its own button.
func (g *guide) openLogout(ctx context.Context, s policy.Service) {
	lang := g.say.Language()
	name, button := printable(s.Name.In(lang)), printable(s.Button.In(lang))
	switch {
	case s.Logout == "" && button == "":
		g.printf("remind.own_button", name)
	case s.Logout == "":
		fmt.Fprintln(g.out, wrapped("     "+button, columns, 5))
	case g.uid == 0 || g.open(ctx, s.Logout) != nil:
		g.printf("remind.type_address", s.Logout)
	default:
		g.printf("remind.opened", name)
	}
}

// wrapped breaks a line at blanks so that it fits the columns; the lines after the first begin with indent blanks.
func wrapped(s string, columns, indent int) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.SplitAfter(s, " ") {
		n := len([]rune(word))
		if i > 0 && width+len([]rune(strings.TrimRight(word, " "))) > columns {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			width = indent
		}
		b.WriteString(word)
		width += n
	}
	return strings.TrimRight(strings.ReplaceAll(b.String(), " \n", "\n"), " ")
}

const (
	// closeMost is how long programs that were asked to close are waited for before the person is asked again.
	closeMost = 8 * time.Second
	// lookMost bounds one look at the windows.
	lookMost = 5 * time.Second
)

// save has programs asked to close, so that they ask whether to save. None is ended here, however long an answer takes.
// Browsers are left alone: closing them may lose what somebody looks at.
func (g *guide) save(ctx context.Context) error {
	screen := desktop.New(g.getenv)
	open, browsers, err := g.windows(ctx, screen)
	if err != nil {
		_, err := g.ask(ctx, "save.yourself")
		return err
	}
	if browsers > 0 {
		g.printf("save.browsers", browsers)
	}
	if open == 0 {
		if browsers > 0 {
			_, err = g.ask(ctx, "save.enter")
		} else {
			g.printf("save.nothing")
		}
		return err
	}
	if s, err := g.ask(ctx, "save.ask", open); err != nil || s == "2" {
		return err
	}
	for {
		asking := g.closeWindows(ctx, screen)
		if open, _, err = g.windows(ctx, screen); err != nil || open == 0 {
			g.printf("save.closed")
			return nil
		}
		key := "save.left"
		if asking > 0 {
			key = "save.asking"
		}
		s, err := g.ask(ctx, key, open)
		if err != nil || s == "2" {
			return err
		}
	}
}

// windows counts the windows of programs, and those of browsers. A dialog counts only where nothing else is open.
func (g *guide) windows(ctx context.Context, screen *desktop.Screen) (others, browsers int, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookMost)
	defer cancel()
	all, err := screen.Windows(ctx)
	asking := 0
	for _, w := range all {
		switch {
		case g.isBrowser(w):
			browsers++
		case w.Asking:
			asking++
		default:
			others++
		}
	}
	if others == 0 {
		others = asking
	}
	return others, browsers, err
}

// isBrowser tells the windows of browsers by what they say they are.
func (g *guide) isBrowser(w desktop.Window) bool {
	class := strings.ToLower(w.Class)
	return slices.ContainsFunc(browser.Descriptors(), func(d browser.Descriptor) bool { return strings.Contains(class, d.ID) })
}

// closeWindows asks and waits a moment; it returns how many programs want to know something from the person.
func (g *guide) closeWindows(ctx context.Context, screen *desktop.Screen) (asking int) {
	ctx, cancel := context.WithTimeout(ctx, closeMost)
	defer cancel()
	if _, err := screen.AskToClose(ctx, g.isBrowser); err != nil {
		return 0
	}
	_ = screen.Wait(ctx, g.isBrowser, func(_, n int) {
		if asking = n; n > 0 {
			cancel() // it waits for the person, not for us
		}
	})
	return asking
}

// printJobs asks about print jobs that have not come out yet: the wipe would end them.
func (g *guide) printJobs(ctx context.Context) error {
	spooler := g.printers(g.acct.Name)
	for {
		jobs, err := g.jobs(ctx, spooler, g.acct.Name)
		if err != nil || len(jobs) == 0 {
			return nil // no printing here
		}
		s, err := g.ask(ctx, "print.waiting", len(jobs))
		switch {
		case err != nil:
			return err
		case s != "2":
			continue
		}
		for _, j := range jobs {
			if spooler.Cancel(ctx, j) == nil {
				g.printf("print.cancelled")
			}
		}
		return nil
	}
}
