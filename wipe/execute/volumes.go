package execute

import (
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/erase"
)

// volumes are the file systems that the roots of a plan lie on.
type volumes struct {
	byID  map[string]*erase.Volume
	byDir map[string]*erase.Volume // roots that were asked about already
	order []*erase.Volume
	done  []func()
}

// at returns the volume that a folder lies on.
func (e *Executor) at(dir string) *erase.Volume {
	if v := e.volumes.byDir[dir]; v != nil {
		return v
	}
	v, done := erase.Open(dir, e.Terms)
	if e.volumes.byID == nil {
		e.volumes.byID, e.volumes.byDir = map[string]*erase.Volume{}, map[string]*erase.Volume{}
	}
	if have := e.volumes.byID[v.Storage.Volume]; have != nil {
		done()
		v = have
	} else {
		e.volumes.byID[v.Storage.Volume] = v
		e.volumes.order = append(e.volumes.order, v)
		e.volumes.done = append(e.volumes.done, done)
	}
	e.volumes.byDir[dir] = v
	return v
}

// Media says how strongly things are erased on what the roots lie on, the home first. After Settle it says how strongly
// they were.
func (e *Executor) Media() []wipe.Medium {
	for _, r := range e.Plan.Roots {
		if exists(r.Dir) {
			e.at(r.Dir)
		}
	}
	var all []wipe.Medium
	for _, v := range e.volumes.order {
		m := v.Medium()
		if !slices.ContainsFunc(all, func(have wipe.Medium) bool { return equal(have, m) }) {
			all = append(all, m)
		}
	}
	return all
}

func equal(a, b wipe.Medium) bool {
	return a.FileSystem == b.FileSystem && a.Device == b.Device && a.Encrypted == b.Encrypted && a.Assurance == b.Assurance &&
		slices.Equal(a.Limits, b.Limits)
}

// Close gives back what the executor has open.
func (e *Executor) Close() {
	for _, w := range e.waiting {
		w.root.Close()
	}
	for _, done := range e.volumes.done {
		done()
	}
	e.waiting, e.volumes = nil, volumes{}
}
