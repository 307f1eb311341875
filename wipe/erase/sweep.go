package erase

import (
	"context"
	"errors"
	"io"
	"path"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// maxSweep is how deep a sweep looks into folders that are not the account's.
const maxSweep = 32

// Sweep removes from a folder outside the home what the remover's Owner says is the account's, also inside folders that
// are not.
func (r *Remover) Sweep(ctx context.Context, m catalog.Match) { r.sweep(ctx, r.Top, m, 0) }

func (r *Remover) sweep(ctx context.Context, d *walk.Dir, m catalog.Match, depth int) {
	r.each(ctx, d, m, func(name string, info walk.Info) {
		child := m.Child(name)
		if r.spared(info) || r.yard.is(info) {
			return
		}
		if r.Owner(info) {
			r.Remove(ctx, d, name, info, child)
			return
		}
		// Where nobody but its owner may pass, the account has put nothing.
		if info.Type != walk.Directory || depth >= maxSweep || !r.sameMount(info) || info.Mode&0o011 == 0 {
			return
		}
		sub, err := d.Enter(name)
		if err != nil {
			return // a folder of somebody else that this process may not enter has nothing of the account's to show
		}
		defer sub.Close()
		r.sweep(ctx, sub, child, depth+1)
	})
}

// Matched removes the names of the folder that match the pattern, and further say yes.
func (r *Remover) Matched(ctx context.Context, m catalog.Match, pattern string, further func(name string) bool) {
	r.each(ctx, r.Top, m, func(name string, info walk.Info) {
		// A name that ipguard gave is what is left of a wipe that was stopped.
		if ok, err := path.Match(pattern, name); err != nil || pattern != "" && !ok && !baseline.IsTemp(name) {
			return
		}
		if further == nil || further(name) {
			r.Remove(ctx, r.Top, name, info, m.Child(name))
		}
	})
}

// each goes once through the names of a directory.
func (r *Remover) each(ctx context.Context, d *walk.Dir, m catalog.Match, do func(string, walk.Info)) {
	for ctx.Err() == nil {
		names, err := d.Names(batch)
		for _, name := range names {
			info, err := d.Stat(name)
			if errors.Is(err, walk.ErrNotExist) {
				continue
			} else if err != nil {
				r.fail(m.Child(name), err)
				continue
			}
			r.Volume.steps.Add(1)
			do(name, info)
		}
		if err == io.EOF {
			return
		} else if err != nil {
			r.fail(m, err)
			return
		}
	}
}

func (r *Remover) sameMount(info walk.Info) bool {
	if r.mount == 0 {
		if top, err := r.Top.Info(); err == nil {
			r.mount = top.Mount
		}
	}
	return info.Mount == r.mount
}

// Personal is for an account whose baseline is damaged: it removes what the catalogue says can never belong to one, and
// nothing else.
func (r *Remover) Personal(ctx context.Context, m catalog.Match) { r.personal(ctx, r.Top, m, 0) }

func (r *Remover) personal(ctx context.Context, d *walk.Dir, m catalog.Match, depth int) {
	r.each(ctx, d, m, func(name string, info walk.Info) {
		child := m.Child(name)
		rule := child.Enroll()
		never := rule == wipe.EnrollPersonal || rule == wipe.EnrollRebuilt
		if never && (info.Type != walk.Directory || !child.MayKeepBelow()) {
			r.Remove(ctx, d, name, info, child)
			return
		}
		if info.Type != walk.Directory || depth >= maxDepth || !r.sameMount(info) {
			return
		}
		sub, err := d.Enter(name)
		if err != nil {
			r.fail(child, err)
			return
		}
		defer sub.Close()
		r.personal(ctx, sub, child, depth+1)
	})
}
