package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/handover/give"
	"ipguard/devices/media"
	"ipguard/wipe"
)

// target is the medium that a person brought, while copies are made onto it.
type target struct {
	finder *media.Finder
	medium media.Medium
}

// items are documents as what is copied. They are opened only when their turn comes.
func items(ctx context.Context, ag *agent.Agent, acct wipe.Account, docs []handover.Document) []give.Item {
	all := make([]give.Item, len(docs))
	for i, d := range docs {
		all[i] = give.Item{Name: handover.Name(d), Size: d.Bytes, Open: func() (io.ReadCloser, error) {
			f, err := ag.OpenDocument(ctx, acct, d)
			if errors.Is(err, agent.ErrChanged) {
				err = give.ErrChanged
			}
			return f, err
		}}
	}
	return all
}

// copyTo copies things into a new folder of the medium, and tells of each whose copy is not certain.
func (a *app) copyTo(ctx context.Context, s *target, folder string, all []give.Item) (give.Result, error) {
	p := &progress{a: a}
	told := func(e give.Progress) {
		p.Progress(wipe.Progress{Phase: wipe.PhaseGive, Done: e.Items, Bytes: e.Bytes, Total: e.BytesTotal})
	}
	res, err := give.Copy(ctx, s.place(), folder, all, told)
	if err == nil {
		res, err = s.again(ctx, res, told)
	}
	p.end()
	for i, r := range res.Items {
		if !r.Verified {
			a.tellUnlessJSON("give.not", printable(all[i].Name), a.say.Text("give."+string(r.Code)))
		}
	}
	return res, err
}

// verified returns the marks of the documents whose copies are certain.
func verified(res give.Result, docs []handover.Document) []handover.Mark {
	var marks []handover.Mark
	for i, r := range res.Items {
		if r.Verified && i < len(docs) {
			marks = append(marks, docs[i].Mark)
		}
	}
	return marks
}

func (s *target) place() give.Target {
	return give.Target{Dir: s.medium.Mount, MaxFile: s.medium.MaxFile}
}

// again mounts the medium anew and reads everything once more: names too then come from the medium itself. While something
// else uses the medium that cannot be; what was read back without caches counts.
func (s *target) again(ctx context.Context, res give.Result, told func(give.Progress)) (give.Result, error) {
	m, err := s.finder.Remount(ctx, s.medium.ID)
	if errors.Is(err, media.ErrBusy) || errors.Is(err, media.ErrDenied) || errors.Is(err, errors.ErrUnsupported) {
		return res, nil
	}
	if err != nil {
		for i := range res.Items {
			res.Items[i] = give.Outcome{Code: give.Gone}
		}
		return res, nil
	}
	s.medium = m
	return give.Again(ctx, s.place(), res, told)
}

// today is the day as it stands in the names of what is made for a person.
func (a *app) today() string { return a.now().Format(time.DateOnly) }

// release unmounts the medium and switches it off: only then may it be taken.
func (a *app) release(ctx context.Context, s *target) error {
	a.tellUnlessJSON("give.release")
	err := s.finder.Release(context.WithoutCancel(ctx), s.medium.ID)
	if err == nil || errors.Is(err, media.ErrGone) {
		a.tellUnlessJSON("give.take_it")
		return nil
	}
	return err
}

// findStick finds the medium that is meant: by label, mount point or id; empty is the only one there is.
func (a *app) findStick(ctx context.Context, meant string) (*target, error) {
	f := a.media()
	all, err := f.List(ctx)
	if err != nil {
		return nil, err
	}
	var fits []media.Medium
	for _, m := range all {
		if meant == "" || meant == m.Label || meant == m.ID || meant == m.Mount {
			fits = append(fits, m)
		}
	}
	switch len(fits) {
	case 0:
		return nil, &exit{code: exitRefused, key: "error.no_medium", word: "no_medium"}
	case 1:
		return a.mount(ctx, f, fits[0])
	}
	return nil, &exit{code: exitUsage, key: "error.several_media", word: "several_media"}
}

func (a *app) mount(ctx context.Context, f *media.Finder, m media.Medium) (*target, error) {
	if m.Mount == "" {
		var err error
		if m, err = f.Mount(ctx, m.ID); err != nil {
			return nil, err
		}
	}
	if m.ReadOnly {
		return nil, &exit{code: exitRefused, key: "error.medium_read_only", word: "medium_read_only"}
	}
	return &target{f, m}, nil
}

// named writes a medium as people know it: its label and its size.
func (a *app) named(m media.Medium) string {
	label := printable(m.Label)
	if label == "" {
		label = a.say.Text("give.unnamed")
	}
	return fmt.Sprintf("%s (%s)", label, a.size(m.Size))
}

// giveAll copies documents onto the medium that is meant and lets it go. Every copy has to be certain, or it is an error.
func (a *app) giveAll(
	ctx context.Context, ag *agent.Agent, acct wipe.Account, meant string, docs []handover.Document,
) ([]handover.Mark, error) {
	res, err := a.give(ctx, meant, items(ctx, ag, acct, docs))
	return verified(res, docs), err
}

// give copies things onto the medium that is meant and lets it go.
func (a *app) give(ctx context.Context, meant string, all []give.Item) (give.Result, error) {
	s, err := a.findStick(ctx, meant)
	if err != nil {
		return give.Result{}, err
	}
	res, err := a.copyTo(ctx, s, a.say.Text("give.folder", a.today()), all)
	if gone := a.release(ctx, s); err == nil {
		err = gone
	}
	if err == nil && !res.Complete() {
		err = &exit{code: exitRefused, key: "error.not_given", word: "not_given", args: []any{uncertain(res)}}
	}
	return res, err
}

// uncertain counts the copies that are not certain.
func uncertain(res give.Result) (n int) {
	for _, r := range res.Items {
		if !r.Verified {
			n++
		}
	}
	return n
}
