package execute

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/erase"
	"ipguard/wipe/printjob"
	"ipguard/wipe/walk"
)

// code gives the reason that a person can do something about.
func (e *Executor) code(err error) wipe.Code {
	if errors.Is(err, walk.ErrDenied) && !e.Root {
		return wipe.CodeNeedsRoot
	}
	return walk.CodeOf(err)
}

// with opens a root for do.
func (e *Executor) with(r wipe.Root, do func(*walk.Dir, error)) {
	d, err := walk.Open(r.Dir)
	if err == nil {
		defer d.Close()
	}
	do(d, err)
}

func exists(dir string) bool {
	d, err := walk.Open(dir)
	if err != nil {
		return false
	}
	d.Close()
	return true
}

func (e *Executor) match(r wipe.Root) catalog.Match {
	c := catalog.NewClassifier(e.Catalog, e.GOOS, e.Tokens, r.Dir)
	if r.Rule == wipe.RuleDeny {
		return c.Root()
	}
	return c.RootAs(r.Artifact, r.Class)
}

func (e *Executor) owned(info walk.Info) bool { return info.UID == e.Plan.Account.UID }

// spare recognizes the roots of the plan and the further folders by what they are, not by how they are reached.
func (e *Executor) spare() func(walk.Info) bool {
	type identity struct{ mount, device, inode uint64 }
	known := map[identity]bool{}
	dirs := append([]string{}, e.Spare...)
	for _, r := range e.Plan.Roots {
		if r.Rule == wipe.RuleDeny {
			dirs = append(dirs, r.Dir)
		}
	}
	for _, dir := range dirs {
		if d, err := walk.Open(dir); err == nil {
			if info, err := d.Info(); err == nil {
				known[identity{info.Mount, info.Device, info.Inode}] = true
			}
			d.Close()
		}
	}
	return func(info walk.Info) bool { return known[identity{info.Mount, info.Device, info.Inode}] }
}

// erasePrintJobs removes documents before control files, and no control file of which a document is still there: it is all
// that says whose the document is, for the second reading and for the wipe after one that was killed. So a control file
// is not overwritten with everything else either, but when its documents are gone.
func (e *Executor) erasePrintJobs(ctx context.Context, r wipe.Root, rm *erase.Remover, m catalog.Match) {
	mine, left := e.printJobs(rm.Top), map[string]bool{}
	document := func(name string) bool { return strings.HasPrefix(name, "d") }
	pass := func(rm *erase.Remover, further func(string) bool) {
		rm.Matched(ctx, m, r.Pattern, further)
		// A folder that cannot be read again shows when everything is read again.
		_ = rm.Top.Rewind()
	}
	pass(rm, func(name string) bool { return document(name) && mine(name) })
	if rm.Overwriter != nil {
		return
	}
	pass(rm, func(name string) bool {
		if control, ok := printjob.Control(name); ok && document(name) {
			left[control] = true
		}
		return false
	})
	controls := func(name string) bool { return !document(name) && !left[name] && mine(name) }
	rm.Volume.Late(func(o *erase.Overwriter) {
		pass(&erase.Remover{Top: rm.Top, Volume: rm.Volume, Overwriter: o, Foreign: rm.Foreign, Pending: rm.Pending}, controls)
	})
	pass(rm, controls)
}

// printJobs says which names in a CUPS spool are jobs of the account. It remembers whose a control file is, since that
// file may go before the documents it speaks of.
func (e *Executor) printJobs(spool *walk.Dir) func(string) bool {
	known := map[string]bool{}
	return func(name string) bool {
		control, ok := printjob.Control(name)
		if !ok {
			return false
		}
		if mine, asked := known[control]; asked {
			return mine
		}
		f, _, err := spool.OpenFile(control)
		if err != nil {
			return false
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, printjob.MaxControl))
		known[control] = err == nil && printjob.By(data, e.Plan.Account.Name)
		return known[control]
	}
}

func scope(r wipe.Root) func(string) bool {
	if r.Pattern == "" {
		return nil
	}
	return func(name string) bool {
		ok, err := path.Match(r.Pattern, name)
		return ok && err == nil || baseline.IsTemp(name)
	}
}
