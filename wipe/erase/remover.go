package erase

import (
	"context"
	"crypto/rand"
	"errors"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

const (
	batch = 512
	// maxDepth is how deep a removal goes with one open directory a level; what is deeper is first moved up.
	maxDepth = 128
	// rounds is how often a directory that fills up again while it is emptied is emptied anew.
	rounds = 3
)

// Remover removes entries below one root, or overwrites them first. It is not safe for concurrent use.
type Remover struct {
	Top    *walk.Dir // the root, where directories that lie too deep are moved for a while
	Volume *Volume   // what the root lies on
	// Overwriter makes this a pass that overwrites contents and removes nothing.
	Overwriter *Overwriter
	Tally      *Tally // nil in a pass that only overwrites
	// UID is the account's number.
	UID uint32
	// Root says that the process runs with an administrator's rights.
	Root bool
	// Live says that the account's desktop is running and holds files of KindLive open.
	Live bool
	// Foreign says that the root is a folder of others in which only some entries are the account's: nothing about the
	// folder itself may change.
	Foreign bool
	// Owner limits the removal to entries that it says yes to; nil means every entry.
	Owner func(walk.Info) bool
	// Spare protects directories that are roots of their own, such as a home below a folder that is swept; nil is allowed.
	Spare func(walk.Info) bool
	// Pending tells of an entry that must not be erased yet, and why; nil is allowed.
	Pending func(walk.Info) wipe.Code
	// Modest makes this the pass of a process with no other rights than the account's, after which another pass comes: what
	// it cannot erase as strongly as the volume allows it leaves to that one, and it unlocks no directory of the baseline.
	Modest bool
	// Looking makes this a pass that removes nothing but gets a modest one ready.
	Looking bool
	// Progress hears of what is overwritten; nil is allowed.
	Progress func(files int, bytes int64)

	aside   []moved
	yard    yard
	mount   uint64
	keeping bool // inside a folder that a keep rule lets stay, whatever the catalogue says of its content
}

// moved is a directory that waits at the top, because it lay too deep to be emptied where it was.
type moved struct {
	name  string
	match catalog.Match
}

// Remove removes the entry name of d, with everything below it, and tells the tally.
func (r *Remover) Remove(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match) {
	r.remove(ctx, d, name, info, m, 0)
	for len(r.aside) > 0 && ctx.Err() == nil {
		next := r.aside[len(r.aside)-1]
		r.aside = r.aside[:len(r.aside)-1]
		if info, err := r.Top.Stat(next.name); err == nil {
			r.remove(ctx, r.Top, next.name, info, next.match, 0)
		}
	}
}

// remove reports whether the name is gone.
func (r *Remover) remove(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match, depth int) bool {
	if !r.may(ctx, d, name, info, m) {
		return false
	}
	if info.Type == walk.Directory {
		if depth >= maxDepth {
			return r.moveUp(d, name, m)
		}
		if !r.empty(ctx, d, name, m, depth) {
			return false
		}
	}
	switch {
	case r.Looking:
		r.look(d, name, info)
		return false
	case r.Overwriter != nil:
		r.Overwriter.Entry(ctx, d, name, info)
		r.Volume.tell(r.Progress)
		return false
	}
	return r.unlink(d, []entry{{name: name, info: info, match: m}}, depth) == 0
}

// all reports whether this is a pass over all that is to go, in which nothing goes.
func (r *Remover) all() bool { return r.Overwriter != nil || r.Looking }

// look does what only an administrator can do about an entry that another process is to remove: it takes a sample, and
// takes away the attributes, of which the account does not see all.
func (r *Remover) look(d *walk.Dir, name string, info walk.Info) {
	r.Volume.sample(d, name, info)
	// What fails here is what that process cannot remove either.
	if r.Volume.Method.Overwrite {
		_, _ = d.BlankXattrs(name, info)
	} else {
		_ = d.ClearXattrs(name)
	}
}

// may reports whether an entry is to go, and counts why it is not.
func (r *Remover) may(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match) bool {
	switch {
	case !r.sameMount(info):
		r.Tally.Add(m, wipe.Skipped, wipe.CodeMount, 1, 0)
	case r.spared(info) || r.yard.is(info):
	case r.Live && m.Kind() == wipe.KindLive:
		r.Tally.Add(m, wipe.Skipped, wipe.CodeLiveSession, 1, 0)
	case r.keeping || m.Kind() == wipe.KindKept:
		r.keep(ctx, d, name, info, m)
	case r.Owner != nil && !r.Owner(info):
		r.Tally.Add(m, wipe.Skipped, wipe.CodeForeignOwner, 1, 0)
	default:
		if r.Pending != nil && info.Type == walk.File {
			if code := r.Pending(info); code != wipe.CodeNone {
				r.Tally.Add(m, wipe.Residual, code, 1, info.Size)
				return false
			}
		}
		return true
	}
	return false
}

func (r *Remover) spared(info walk.Info) bool {
	return r.Spare != nil && info.Type == walk.Directory && r.Spare(info)
}

// keep counts what a keep rule of the policy lets stay.
func (r *Remover) keep(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match) {
	if info.Type != walk.Directory {
		r.Tally.Add(m, wipe.Skipped, wipe.CodeKeepRule, 1, info.Size)
		return
	}
	sub, err := d.Enter(name)
	if err != nil {
		r.fail(m, err)
		return
	}
	defer sub.Close()
	before := r.keeping
	r.keeping = true
	r.pass(ctx, sub, m, 0)
	r.keeping = before
}

// force removes a name that flags or modes protect. Those are looked at only here, because they stand in the way of few.
// The directory that the removal began in is unlocked only where all of it is the account's.
func (r *Remover) force(d *walk.Dir, name string, t walk.Type, depth int) error {
	if depth > 0 || !r.Foreign && !r.Modest {
		// Whether unlocking helped is answered by the second try.
		_ = d.Unlock("")
	}
	_ = d.Unlock(name)
	return r.away(d, name, t)
}

// empty removes everything in the directory name and reports whether it is empty then.
func (r *Remover) empty(ctx context.Context, d *walk.Dir, name string, m catalog.Match, depth int) bool {
	sub, err := d.Enter(name)
	if errors.Is(err, walk.ErrDenied) && d.Unlock(name) == nil {
		sub, err = d.Enter(name)
	}
	if err != nil {
		if errors.Is(err, walk.ErrNotExist) {
			return true
		}
		r.fail(m, err)
		return false
	}
	defer sub.Close()
	for range rounds {
		found, left := r.pass(ctx, sub, m, depth)
		if r.all() {
			return ctx.Err() == nil // nothing was meant to go
		}
		if left > 0 || ctx.Err() != nil {
			return false
		}
		if found == 0 {
			return true
		}
		if err := sub.Rewind(); err != nil {
			r.fail(m, err)
			return false
		}
	}
	return true // rmdir has the last word
}

// moveUp moves a directory that lies too deep to the top and leaves it for later.
func (r *Remover) moveUp(d *walk.Dir, name string, m catalog.Match) bool {
	aside := ".ipguard-" + rand.Text()
	err := d.Rename(name, r.Top, aside)
	if errors.Is(err, walk.ErrDenied) {
		// Each may be what stands in the way; the second try tells.
		_, _ = d.Unlock(""), d.Unlock(name)
		if !r.Foreign {
			_ = r.Top.Unlock("")
		}
		err = d.Rename(name, r.Top, aside)
	}
	if err != nil {
		r.fail(m, err)
		return false
	}
	r.aside = append(r.aside, moved{aside, m})
	return true
}

func (r *Remover) fail(m catalog.Match, err error) {
	code := walk.CodeOf(err)
	switch {
	case code == wipe.CodeMount:
		r.Tally.Add(m, wipe.Skipped, code, 1, 0)
		return
	case code == wipe.CodeDenied && !r.Root:
		code = wipe.CodeNeedsRoot
	}
	r.Tally.Add(m, wipe.Residual, code, 1, 0)
}
