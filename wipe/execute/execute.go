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

// Executor carries out one plan.
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
}

// Erase removes everything that the plan says must go.
func (e *Executor) Erase(ctx context.Context) []wipe.Result {
	tally := &erase.Tally{Phase: wipe.PhaseErase, Observer: e.Observer}
	spare := e.spare()
	for _, r := range e.Plan.Roots {
		e.with(r, func(d *walk.Dir, err error) {
			m := e.match(r)
			if err != nil {
				if !errors.Is(err, walk.ErrNotExist) {
					tally.Add(m, wipe.Residual, e.code(err), 1, 0)
				}
				return
			}
			rm := &erase.Remover{Top: d, Tally: tally, Root: e.Root, Live: e.Plan.Live, Spare: spare, Pending: e.Pending}
			e.eraseRoot(ctx, r, rm, m)
		})
	}
	return tally.Results()
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
		err := e.Compare(ctx, r, rm.Top, erase.Strays{Remover: rm})
		if errors.Is(err, baseline.ErrCorrupt) && r.Rule == wipe.RuleDeny {
			_ = rm.Top.Rewind()
			rm.Personal(ctx, m)
		}
	}
}

// Restore puts the baseline back.
func (e *Executor) Restore(ctx context.Context) []wipe.Result {
	tally := &erase.Tally{Phase: wipe.PhaseRestore, Observer: e.Observer}
	for _, r := range e.Plan.Roots {
		if r.Manifest == "" {
			continue
		}
		e.with(r, func(d *walk.Dir, err error) {
			if err != nil {
				return // told by the second reading
			}
			res := &baseline.Restorer{Root: e.Root, Live: e.Plan.Live, Pending: e.Pending}
			if copies, err := walk.Open(e.Version.Copies(r.Manifest)); err == nil {
				defer copies.Close()
				res.Copies = copies
			}
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

// Sync waits until what was done is on the medium.
func (e *Executor) Sync() {
	for _, r := range e.Plan.Roots {
		if r.Rule == wipe.RuleDeny {
			e.with(r, func(d *walk.Dir, err error) {
				if err == nil {
					_ = d.Sync() // an error of the medium shows when everything is read again
				}
			})
		}
	}
}

// Compare runs a visitor over a root beside its manifest.
func (e *Executor) Compare(ctx context.Context, r wipe.Root, d *walk.Dir, v baseline.Visitor) error {
	c := baseline.Comparison{Root: d, Match: e.match(r), Mounts: e.Mounts(r.Dir), Scope: scope(r), Unlock: true}
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
