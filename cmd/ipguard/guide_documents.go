package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"ipguard/agent/handover"
	"ipguard/agent/handover/give"
	"ipguard/devices/media"
)

// sorted puts documents in the order in which people see them.
func sorted(docs []handover.Document) []handover.Document {
	slices.SortFunc(docs, func(a, b handover.Document) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Rel, b.Rel))
	})
	return docs
}

// documents offers what the session has made. What nobody decides about is set aside.
func (g *guide) documents(ctx context.Context) error {
	found, err := g.agent.Documents(ctx, g.acct)
	if err != nil {
		return err
	}
	g.docs, g.kept = sorted(found.List), found.Count-len(found.List)
	if found.Count == 0 {
		g.printf("documents.none")
	}
	for len(g.docs) > 0 {
		g.numbered()
		question, args := "documents.ask", []any{int(g.agent.Policy.Documents.HoldFor.Minutes())}
		if g.stow {
			question, args = "documents.ask_stow", nil
		}
		s, err := g.ask(ctx, question, args...)
		if err != nil || s == "" {
			return err
		}
		do, ok := map[string]func(context.Context, []handover.Document) ([]handover.Mark, error){
			"1": g.give, "2": g.print, "3": g.refuse,
		}[s]
		if !ok {
			g.printf("guide.number", 3)
			continue
		}
		some, err := g.which(ctx, len(g.docs))
		if err != nil {
			return err
		}
		chosen := make([]handover.Document, len(some))
		for i, n := range some {
			chosen[i] = g.docs[n-1]
		}
		if len(chosen) == 0 {
			continue
		}
		marks, err := do(ctx, chosen)
		if err != nil {
			return err
		}
		g.docs = slices.DeleteFunc(g.docs, func(d handover.Document) bool { return slices.Contains(marks, d.Mark) })
	}
	return nil
}

// numbered lists the documents that nobody has decided about.
func (g *guide) numbered() {
	bytes := int64(0)
	for _, d := range g.docs {
		bytes += d.Bytes
	}
	g.printf("wipe.documents", len(g.docs)+g.kept, g.size(bytes))
	for i, d := range g.docs {
		if i == listed && len(g.docs) > listed+1 {
			g.printf("wipe.documents.more", len(g.docs)+g.kept-listed)
			break
		}
		fmt.Fprintf(g.out, "%4d  %-9s %-14s %s\n", i+1, g.size(d.Bytes), g.say.Text("origin."+string(d.Origin)), printable(handover.Name(d)))
	}
}

// refuse takes note that nobody wants documents. They go with everything else, after the last question.
func (g *guide) refuse(_ context.Context, docs []handover.Document) ([]handover.Mark, error) {
	marks := marksOf(docs)
	g.refused = append(g.refused, marks...)
	return marks, nil
}

func marksOf(docs []handover.Document) []handover.Mark {
	marks := make([]handover.Mark, len(docs))
	for i, d := range docs {
		marks[i] = d.Mark
	}
	return marks
}

// give copies documents onto a medium, which stays until the person's sheet is on it too.
func (g *guide) give(ctx context.Context, docs []handover.Document) ([]handover.Mark, error) {
	res, err := g.onStick(ctx, items(ctx, g.agent, g.acct, docs))
	marks := verified(res, docs)
	g.given = append(g.given, marks...)
	g.count.given += len(marks)
	if len(marks) > 0 {
		g.printf("give.verified", len(marks))
	}
	return marks, err
}

// onStick copies things onto a medium. Only the end of the conversation is an error: what is not there for certain is told.
func (g *guide) onStick(ctx context.Context, all []give.Item) (give.Result, error) {
	if g.stick == nil {
		if err := g.chooseStick(ctx); err != nil || g.stick == nil {
			return give.Result{}, err
		}
	}
	res, err := g.copyTo(ctx, g.stick, g.say.Text("give.folder", g.today()), all)
	if ctx.Err() != nil {
		return res, errLeft()
	}
	if err != nil {
		g.printf("give.failed")
		g.stick = nil // the person may have taken it; the next try looks again
	}
	return res, nil
}

// chooseStick asks which medium is meant. Without one at the end, g.stick stays nil.
func (g *guide) chooseStick(ctx context.Context) error {
	finder := g.media()
	for {
		all, err := finder.List(ctx)
		if err != nil {
			g.printf("give.no_way", explainText(g.app, err))
			return nil
		}
		var m media.Medium
		switch len(all) {
		case 0:
			s, err := g.ask(ctx, "give.none")
			if err != nil || s == "0" {
				return err
			}
			continue
		case 1:
			s, err := g.ask(ctx, "give.one", g.named(all[0]))
			if err != nil || s == "0" {
				return err
			}
			m = all[0]
		default:
			for i, m := range all {
				fmt.Fprintf(g.out, "%3d  %s\n", i+1, g.named(m))
			}
			s, err := g.ask(ctx, "give.which")
			n, ok := numbers(s, len(all))
			if err != nil || s == "0" {
				return err
			}
			if !ok || len(n) != 1 {
				continue
			}
			m = all[n[0]-1]
		}
		if g.stick, err = g.mount(ctx, finder, m); err == nil {
			return nil
		}
		g.printf("give.no_way", explainText(g.app, err))
		if s, err := g.ask(ctx, "give.again"); err != nil || s == "0" {
			return err
		}
	}
}

// explainText is the sentence for an error.
func explainText(a *app, err error) string {
	x := explain(err)
	return a.say.Text(x.key, x.args...)
}

// takeStick lets the medium go, so that the person can take it.
func (g *guide) takeStick(ctx context.Context) error {
	for g.stick != nil {
		if err := g.release(ctx, g.stick); err == nil {
			g.stick = nil
			return nil
		}
		s, err := g.ask(ctx, "give.busy")
		if err != nil {
			return err
		}
		if s == "0" {
			g.stick = nil
		}
	}
	return nil
}

// leaveStick is for an end that comes early: the medium is let go if that is possible.
func (g *guide) leaveStick() {
	if g.stick == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveMost)
	defer cancel()
	_ = g.release(ctx, g.stick)
	g.stick = nil
}
