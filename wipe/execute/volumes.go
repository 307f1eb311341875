package execute

import (
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/erase"
	"ipguard/wipe/storage"
)

// volumes are the file systems that the roots of a plan lie on.
type volumes struct {
	byID  map[string]*erase.Volume
	order []*erase.Volume
	open  []*storage.Volume
}

// at returns the volume that a folder lies on. Where that cannot be found out, unlinking is all that is promised.
func (e *Executor) at(dir string) *erase.Volume {
	s, err := storage.Detect(dir)
	if err != nil {
		s = storage.Storage{FileSystem: storage.Other, Medium: storage.Unknown}
	}
	if v := e.volumes.byID[s.Volume]; v != nil {
		return v
	}
	v := &erase.Volume{Storage: s, Method: erase.Choose(s, e.Floor, e.Privileged)}
	if s.Base != "" {
		if d, err := storage.Open(s.Base); err == nil {
			e.volumes.open = append(e.volumes.open, d)
			v.Device = d
		}
	}
	if e.volumes.byID == nil {
		e.volumes.byID = map[string]*erase.Volume{}
	}
	e.volumes.byID[s.Volume] = v
	e.volumes.order = append(e.volumes.order, v)
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
	for _, d := range e.volumes.open {
		_ = d.Close()
	}
	e.waiting, e.volumes = nil, volumes{}
}
