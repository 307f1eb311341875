package main

import (
	"context"
	"fmt"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/wipe"
)

// decision is what was decided about the documents of a session.
type decision struct {
	choice         agent.Choice // about those that are not in given or refused
	given, refused []handover.Mark
}

// guide leads a person through the end of a session: sign out, save, documents, sheet, wipe. Whatever is typed, nothing is
// erased before the last step; Enter alone goes on without losing anything.
type guide struct {
	*app
	agent *agent.Agent
	acct  wipe.Account
	found presence
	in    answers
	stow  bool // nothing will be set aside: the last question comes from elsewhere
	decision
	docs  []handover.Document // undecided
	kept  int                 // documents beyond those that are listed
	stick *target             // the medium in use, until the person may take it
	count struct{ given, printed int }
}

// errLeft ends a guided end before anything was erased.
func errLeft() error { return &exit{code: exitInterrupted, key: "wipe.nothing_done", word: "declined"} }

// guided asks everything that is to be asked before a wipe. An error means that nothing is to be erased.
func (a *app) guided(
	ctx context.Context, ag *agent.Agent, acct wipe.Account, found presence, stow bool,
) (decision, error) {
	g := &guide{app: a, agent: ag, acct: acct, found: found, in: newAnswers(a.in), stow: stow}
	g.printf("guide.welcome")
	steps := []struct {
		title string
		do    func(context.Context) error
	}{
		{"guide.sign_out", g.signOut}, {"guide.save", g.save}, {"guide.documents", g.documents}, {"guide.trace", g.sheet},
		{"guide.wipe", g.confirm},
	}
	for i, s := range steps {
		g.printf("guide.step", i+1, len(steps), a.say.Text(s.title))
		if err := s.do(ctx); err != nil {
			g.leaveStick()
			return decision{}, err
		}
	}
	return g.decision, nil
}

// columns is how wide a line is that a person reads: that of the narrowest terminals.
const columns = 80

// printf says something in lines that no terminal cuts within a word.
func (g *guide) printf(key string, args ...any) {
	fmt.Fprintln(g.out, wrapped(g.say.Text(key, args...), columns, 0))
}

// ask asks a question. An error means that nobody answers any more.
func (g *guide) ask(ctx context.Context, key string, args ...any) (string, error) {
	g.printf(key, args...)
	s, ok := g.in.ask(ctx)
	if !ok {
		return "", errLeft()
	}
	return s, nil
}

// which asks for some of several things by number. Enter is all of them, and nil that the person goes back.
func (g *guide) which(ctx context.Context, count int) ([]int, error) {
	if count == 1 {
		return []int{1}, nil
	}
	for {
		s, err := g.ask(ctx, "guide.which")
		switch {
		case err != nil || s == "0":
			return nil, err
		case s == "":
			all, _ := numbers("1-"+itoa(count), count)
			return all, nil
		}
		if some, ok := numbers(s, count); ok {
			return some, nil
		}
		g.printf("guide.number", count)
	}
}

// confirm is the last question: only a clear yes erases.
func (g *guide) confirm(ctx context.Context) error {
	if err := g.printJobs(ctx); err != nil {
		return err
	}
	held := len(g.docs) + g.kept
	g.choice = agent.Hold
	confirm, args := "guide.confirm", []any(nil)
	if g.stow {
		confirm, args = "stow.confirm", []any{held + g.found.known.Held}
		held = 0
	}
	if g.count.given+g.count.printed > 0 {
		g.printf("guide.given", g.count.given+g.count.printed)
	}
	if len(g.refused) > 0 {
		g.printf("guide.refused", len(g.refused))
	}
	if held > 0 {
		g.printf("guide.held", held, int(g.agent.Policy.Documents.HoldFor.Minutes()))
	}
	s, err := g.ask(ctx, confirm, args...)
	if err == nil && !isYes(s) {
		err = errLeft()
	}
	return err
}
