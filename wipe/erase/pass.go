package erase

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// entry is a name that a pass has looked at.
type entry struct {
	name  string
	info  walk.Info
	match catalog.Match
	err   error // why it could not be looked at, or is not gone
	attrs error // why its attributes could not be cleared
	waits bool  // it must not be freed before what was written over it is on the medium
	left  bool  // to another pass

	assurance wipe.Assurance
	code      wipe.Code
}

// pass goes once through the names of d; it returns how many it found and how many of them stayed.
func (r *Remover) pass(ctx context.Context, d *walk.Dir, m catalog.Match, depth int) (found, left int) {
	for ctx.Err() == nil {
		names, err := d.Names(batch)
		all := look(d, names, m)
		r.Volume.steps.Add(1)
		found += len(all)
		left += r.deal(ctx, d, all, depth)
		if err == io.EOF {
			return found, left
		} else if err != nil {
			r.fail(m, err)
			return found, left + 1
		}
	}
	return found, left + 1
}

// look describes names, in the order in which the file system keeps what they stand for: their blocks lie in about that
// order too, so that writing and freeing them goes from one end to the other.
func look(d *walk.Dir, names []string, m catalog.Match) []entry {
	all := make([]entry, 0, len(names))
	for _, name := range names {
		info, err := d.Stat(name)
		if !errors.Is(err, walk.ErrNotExist) {
			all = append(all, entry{name: name, info: info, match: m.Child(name), err: err})
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		switch {
		case a.info.Inode < b.info.Inode:
			return -1
		case a.info.Inode > b.info.Inode:
			return 1
		}
		return 0
	})
	return all
}

// deal deals with the entries of a directory and returns how many stayed. Files are kept for the end, to go together.
func (r *Remover) deal(ctx context.Context, d *walk.Dir, all []entry, depth int) (left int) {
	files := all[:0]
	for _, e := range all {
		switch {
		case e.err != nil:
			r.fail(e.match, e.err)
			left++
		case e.info.Type == walk.Directory || r.all():
			if !r.remove(ctx, d, e.name, e.info, e.match, depth+1) {
				left++
			}
		case r.may(ctx, d, e.name, e.info, e.match):
			files = append(files, e)
		default:
			left++
		}
	}
	return left + r.unlink(d, files, depth+1)
}

// together is from how many names on two are removed at a time: most of the work is to free what they stood for.
const together = 8

// unlink removes names whose content is dealt with, and returns how many are not gone.
func (r *Remover) unlink(d *walk.Dir, all []entry, depth int) (left int) {
	for i := range all {
		e := &all[i]
		r.Volume.sample(d, e.name, e.info)
	}
	var next atomic.Int64
	var other sync.WaitGroup
	if len(all) >= together {
		other.Go(func() { r.unlinkEach(d, all, &next) })
	}
	r.unlinkEach(d, all, &next)
	other.Wait()
	hopeless := false
	for _, e := range all {
		if e.waits {
			e.err = r.away(d, e.name, e.info.Type)
		}
		if e.left = e.left || hopeless && e.err != nil; !e.left && errors.Is(e.err, walk.ErrDenied) {
			_ = d.Unlock(e.name)
			e.attrs = d.ClearXattrs(e.name)
			if e.left = r.leaves(e.attrs); !e.left {
				e.err = r.force(d, e.name, e.info.Type, depth)
			}
			// Where one does not go with the account's rights the others of the directory seldom do.
			hopeless = r.Modest && (e.left || e.err != nil)
		}
		if e.left {
			left++
			continue
		}
		r.Volume.named(e.attrs)
		if e.err != nil && !errors.Is(e.err, walk.ErrNotExist) {
			r.fail(e.match, e.err)
			left++
			continue
		}
		r.Tally.Erased(r.Volume, e.match, e.assurance, e.code, e.info.Size)
	}
	return left
}

// unlinkEach removes names one after the other, as long as there is a next one. It may run beside another for the same
// names, and tells nobody.
func (r *Remover) unlinkEach(d *walk.Dir, all []entry, next *atomic.Int64) {
	o := r.Volume.overwriter
	for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
		e := &all[i]
		r.Volume.steps.Add(1)
		e.assurance, e.code = r.Volume.judge(d, e.name, e.info)
		if e.left = r.Modest && (e.code != wipe.CodeNone || e.assurance != r.Volume.usual()); e.left {
			continue
		}
		plain := o.plain(e.info)
		if e.waits = r.Volume.Method.Yard && (e.info.Type == walk.Directory || o.attributes(e.info)); e.waits {
			continue
		}
		if !plain {
			e.attrs = d.ClearXattrs(e.name)
		}
		switch {
		case errors.Is(e.attrs, walk.ErrDenied):
			e.err = e.attrs // what protects the one protects the other
		case r.leaves(e.attrs):
			e.left = true
		default:
			e.err = d.Remove(e.name, e.info.Type)
		}
	}
}

// leaves reports whether an entry is left to another pass because its attributes could not be cleared.
func (r *Remover) leaves(err error) bool {
	return r.Modest && err != nil && !errors.Is(err, walk.ErrNotExist)
}

// away moves what must not be freed yet out of sight, until Clear, or removes it where that cannot be.
func (r *Remover) away(d *walk.Dir, name string, t walk.Type) error {
	if r.Volume.Method.Yard {
		if err := r.yard.take(r.Top, r.UID, d, name); err == nil || r.Modest {
			return err
		}
	}
	if err := d.ClearXattrs(name); errors.Is(err, walk.ErrDenied) {
		return err
	}
	return d.Remove(name, t)
}
