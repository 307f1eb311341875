// Package execute carries a plan out: it opens each root, lets package erase and package baseline work there in phases,
// and has package verify read everything again.
//
// Each phase does the same when it is run again, so that resuming a wipe is running it once more. One root that fails
// never stops the others. The package neither ends processes nor writes state; that is package agent.
package execute

import (
	"context"
	"errors"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/erase"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// Executor carries out one plan, in this order: Overwrite, Unlink, Clear, Restore, Settle, Survey. Close ends it.
type Executor struct {
	Plan     wipe.Plan
	GOOS     string
	Catalog  []wipe.Artifact
	Tokens   locate.Tokens
	Version  baseline.Version
	Root     bool // the process has an administrator's rights
	Observer wipe.Observer
	// Mounts returns the mount points below a folder, relative and slash-separated, without asking any of them.
	Mounts func(dir string) map[string]bool
	// Spare are further folders that no root may enter, such as the state of ipguard itself.
	Spare []string
	// Pending tells of an entry that must not be erased yet, and why; nil is allowed.
	Pending func(walk.Info) wipe.Code
	// Terms are the conditions under which the method for each volume is chosen.
	Terms erase.Terms

	volumes volumes
	tally   *erase.Tally
	waiting []waiting
	taken   []Erased // what another process says that it erased
	modest  bool     // the process has no other rights than the account's, and a second pass comes
}

// waiting is a root in which emptied directories wait until their names are gone from the medium.
type waiting struct {
	root    *walk.Dir
	remover *erase.Remover
	match   catalog.Match
}

// Overwrite writes over the contents of everything that must go, where the medium asks for that. It removes nothing.
func (e *Executor) Overwrite(ctx context.Context) {
	for again := true; again; {
		e.overwrite(ctx)
		again = false
		for _, v := range e.volumes.order {
			again = v.Flush() || again
		}
	}
}

func (e *Executor) overwrite(ctx context.Context) {
	// What another process has left is not worth telling of: the phase is over for whoever watches.
	spare, begun := e.spare(), e.taken != nil
	for _, r := range e.Plan.Roots {
		e.with(r, func(d *walk.Dir, err error) {
			if err != nil {
				return // told when it comes to removing
			}
			v := e.at(r.Dir)
			o := v.Overwriter()
			if o == nil {
				return
			}
			if !begun {
				begun = true
				e.progress(wipe.Progress{Phase: wipe.PhaseOverwrite})
			}
			rm := e.remover(d, v, spare)
			rm.Overwriter = o
			if e.taken == nil {
				rm.Progress = func(files int, bytes int64) {
					e.progress(wipe.Progress{Phase: wipe.PhaseOverwrite, Done: files, Bytes: bytes})
				}
			}
			e.eraseRoot(ctx, r, rm, e.match(r))
		})
	}
}

// Unlink removes everything that the plan says must go. On some file systems emptied directories stay, under other names,
// until Clear.
func (e *Executor) Unlink(ctx context.Context) {
	e.tally = &erase.Tally{Phase: wipe.PhaseErase, Observer: e.Observer}
	for _, r := range e.taken {
		e.tally.Taken(e.volumes.order[r.Volume], r.Artifact, e.class(r.Artifact), r.Count, r.Bytes)
	}
	spare := e.spare()
	for _, r := range e.Plan.Roots {
		m := e.match(r)
		d, err := walk.Open(r.Dir)
		if err != nil {
			if !errors.Is(err, walk.ErrNotExist) {
				e.tally.Add(m, wipe.Residual, e.code(err), 1, 0)
			}
			continue
		}
		rm := e.remover(d, e.at(r.Dir), spare)
		rm.Tally = e.tally
		e.eraseRoot(ctx, r, rm, m)
		if rm.Waiting() {
			e.waiting = append(e.waiting, waiting{d, rm, m})
		} else {
			d.Close()
		}
	}
}

// Clear removes the directories that wait, once their names are gone from the medium.
func (e *Executor) Clear(ctx context.Context) {
	if len(e.waiting) == 0 {
		return
	}
	for _, v := range e.volumes.order {
		v.Checkpoint()
	}
	for _, w := range e.waiting {
		w.remover.Clear(ctx, w.match)
		w.root.Close()
	}
	e.waiting = nil
}

// Settle waits until everything is on the medium, clears what the file systems keep of the past, and returns what was
// erased and how strongly.
func (e *Executor) Settle(ctx context.Context) []wipe.Result {
	for _, v := range e.volumes.order {
		v.Settle(ctx, func(done, total int64) {
			e.progress(wipe.Progress{Phase: wipe.PhaseSettle, Bytes: done, Total: total})
		})
	}
	return e.tally.Results()
}

func (e *Executor) progress(p wipe.Progress) {
	if e.Observer != nil {
		e.Observer.Progress(p)
	}
}

func (e *Executor) remover(d *walk.Dir, v *erase.Volume, spare func(walk.Info) bool) *erase.Remover {
	return &erase.Remover{
		Top: d, Volume: v, UID: e.Plan.Account.UID, Root: e.Root, Live: e.Plan.Live, Spare: spare, Pending: e.Pending,
		Modest: e.modest,
	}
}

func (e *Executor) eraseRoot(ctx context.Context, r wipe.Root, rm *erase.Remover, m catalog.Match) {
	rm.Foreign = r.Rule != wipe.RuleDeny
	switch r.Rule {
	case wipe.RuleOwned:
		rm.Owner = e.owned
		rm.Sweep(ctx, m)
	case wipe.RuleMatched:
		rm.Matched(ctx, m, r.Pattern, nil)
	case wipe.RulePrintJobs:
		e.erasePrintJobs(ctx, r, rm, m)
	default:
		res := e.restorer(r)
		defer res.Close()
		err := e.Compare(ctx, r, rm.Top, erase.Strays{Remover: rm, Restorable: res.Restorable})
		if errors.Is(err, baseline.ErrCorrupt) && r.Rule == wipe.RuleDeny && !e.modest {
			_ = rm.Top.Rewind()
			rm.Personal(ctx, m)
		}
	}
}

// Restore puts the baseline back.
func (e *Executor) Restore(ctx context.Context) []wipe.Result {
	tally := &erase.Tally{Phase: wipe.PhaseRestore, Observer: e.Observer}
	released := map[*erase.Volume]bool{}
	release := func(v *erase.Volume) {
		if !released[v] {
			released[v] = true
			v.Release(ctx)
		}
	}
	for _, r := range e.Plan.Roots {
		if r.Manifest == "" {
			continue
		}
		e.with(r, func(d *walk.Dir, err error) {
			if err != nil {
				return // told by the second reading
			}
			res := e.restorer(r)
			defer res.Close()
			res.Before = func() { release(e.at(r.Dir)) }
			res.Report = func(f *baseline.Frame, name string, row wipe.Result) {
				m := f.Match
				if name != "" {
					m = m.Child(name)
				}
				row.Artifact, row.Class = m.Artifact()
				tally.Put(row)
			}
			// A damaged manifest is told by the second reading.
			_ = e.Compare(ctx, r, d, res)
		})
	}
	return tally.Results()
}

// restorer puts back what the baseline has in a root. Without the right to read the copies it has none.
func (e *Executor) restorer(r wipe.Root) *baseline.Restorer {
	res := &baseline.Restorer{Root: e.Root, Live: e.Plan.Live, Pending: e.Pending}
	if r.Manifest == "" || e.modest {
		return res
	}
	if copies, err := walk.Open(e.Version.Copies(r.Manifest)); err == nil {
		res.Copies = copies
	}
	return res
}

// Compare runs a visitor over a root beside its manifest.
func (e *Executor) Compare(ctx context.Context, r wipe.Root, d *walk.Dir, v baseline.Visitor) error {
	c := baseline.Comparison{Root: d, Match: e.match(r), Mounts: e.Mounts(r.Dir), Scope: scope(r), Unlock: !e.modest}
	if r.Manifest != "" {
		m, err := baseline.Open(e.Version.Manifest(r.Manifest))
		if err != nil {
			return baseline.ErrCorrupt
		}
		defer m.Close()
		c.Manifest = m
	}
	return c.Run(ctx, v)
}
