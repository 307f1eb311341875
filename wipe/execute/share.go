package execute

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/erase"
	"ipguard/wipe/locate"
	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// ErrNotShared says that a plan cannot be told to another process as it is.
var ErrNotShared = errors.New("the plan cannot be shared")

// Share is what another process needs to know that does a part of a wipe with no other rights than the account's: it
// erases what it can erase as strongly as the volumes allow, and leaves the rest. It goes there as JSON.
type Share struct {
	Plan     wipe.Plan // without the roots that only an administrator works on
	GOOS     string
	Catalog  []wipe.Artifact
	Tokens   locate.Tokens
	Baseline string              // the folder with the manifests
	Mounts   map[string][]string // below each root
	Spare    []string
	Volumes  []Ground
	On       map[string]int // the volume of each root, by its folder
}

// Ground is what is known and decided about one volume. Whoever gets it cannot find out or decide as much.
type Ground struct {
	Storage storage.Storage
	Method  erase.Method
}

// Erased counts what another process erased of one artifact on one volume, as strongly as the volume allows.
type Erased struct {
	Artifact wipe.ArtifactID `json:"artifact"`
	Volume   int             `json:"volume"`
	Count    int             `json:"count"`
	Bytes    int64           `json:"bytes"`
}

// Share returns the part of the plan that can be carried out with the account's rights, as JSON. ErrNotShared: a name in it
// is not text, or some entries must stay for a reason that only this process can see.
func (e *Executor) Share() (json.RawMessage, error) {
	if e.Pending != nil {
		return nil, ErrNotShared
	}
	s := Share{
		Plan: e.Plan, GOOS: e.GOOS, Catalog: e.Catalog, Tokens: e.Tokens, Baseline: e.Version.Dir, Spare: e.Spare,
		Mounts: map[string][]string{}, On: map[string]int{},
	}
	s.Plan.Roots = nil
	for _, r := range e.shared() {
		s.Plan.Roots = append(s.Plan.Roots, r)
		s.Mounts[r.Dir] = slices.Collect(maps.Keys(e.Mounts(r.Dir)))
		s.On[r.Dir] = slices.Index(e.volumes.order, e.at(r.Dir))
	}
	for _, v := range e.volumes.order {
		s.Volumes = append(s.Volumes, Ground{v.Storage, v.Method})
	}
	data, err := json.Marshal(s)
	// This is how a byte that is no text is written, and text never is.
	if err != nil || strings.Contains(string(data), `\ufffd`) {
		return nil, ErrNotShared
	}
	return data, nil
}

// shared are the roots in which the account itself may have something to say.
func (e *Executor) shared() []wipe.Root {
	return slices.DeleteFunc(slices.Clone(e.Plan.Roots), func(r wipe.Root) bool {
		return r.Rule == wipe.RulePrintJobs || !exists(r.Dir)
	})
}

// Prepare does what must be done before another process erases its share and which only an administrator can do.
func (e *Executor) Prepare(ctx context.Context) {
	spare := e.spare()
	for _, r := range e.shared() {
		e.with(r, func(d *walk.Dir, err error) {
			if err == nil {
				rm := e.remover(d, e.at(r.Dir), spare)
				rm.Looking = true
				e.eraseRoot(ctx, r, rm, e.match(r))
			}
		})
	}
}

// Written makes sure that what another process overwrote is on the medium. If not, nothing of it may be unlinked.
func (e *Executor) Written() bool {
	ok := true
	for _, v := range e.volumes.order {
		ok = v.Written() && ok
	}
	return ok
}

// Checkpoint makes sure that the removal of names by another process is on the medium. Directories must not be freed
// before.
func (e *Executor) Checkpoint() {
	for _, v := range e.volumes.order {
		v.Checkpoint()
	}
}

// The most that a row of another process can say.
const (
	maxCount = 1 << 30
	maxBytes = 1 << 50
)

// Take notes what another process says that it erased. What cannot be is dropped: the rows are for the person who reads the
// report, and decide nothing.
func (e *Executor) Take(rows []Erased) {
	e.taken = slices.DeleteFunc(slices.Clone(rows), func(r Erased) bool {
		return r.Volume < 0 || r.Volume >= len(e.volumes.order) || r.Count <= 0 || r.Count > maxCount || r.Bytes < 0 ||
			r.Bytes > maxBytes || e.class(r.Artifact) == ""
	})
}

// class is that of an artifact that something can belong to, empty if there is none.
func (e *Executor) class(id wipe.ArtifactID) wipe.Class {
	if id == catalog.Unknown {
		return wipe.ClassUnknown
	}
	if i := slices.IndexFunc(e.Catalog, func(a wipe.Artifact) bool { return a.ID == id }); i >= 0 {
		return e.Catalog[i].Class
	}
	if i := slices.IndexFunc(e.Plan.Roots, func(r wipe.Root) bool { return r.Artifact == id }); i >= 0 {
		return e.Plan.Roots[i].Class
	}
	return ""
}

// NewModest makes the executor of a share, with Overwrite, Unlink and Clear only. It asks nothing of the volumes: between
// the phases that is for the process that gave the share.
func NewModest(s Share, obs wipe.Observer) (*Executor, error) {
	e := &Executor{
		Plan: s.Plan, GOOS: s.GOOS, Catalog: s.Catalog, Tokens: s.Tokens, Version: baseline.Version{Dir: s.Baseline},
		Observer: obs, Spare: s.Spare, modest: true,
		Mounts: func(dir string) map[string]bool {
			points := map[string]bool{}
			for _, p := range s.Mounts[dir] {
				points[p] = true
			}
			return points
		},
	}
	e.volumes.byDir = map[string]*erase.Volume{}
	for _, g := range s.Volumes {
		e.volumes.order = append(e.volumes.order, &erase.Volume{Storage: g.Storage, Method: g.Method})
	}
	for _, r := range s.Plan.Roots {
		i, ok := s.On[r.Dir]
		if !ok || i < 0 || i >= len(s.Volumes) {
			return nil, ErrNotShared
		}
		e.volumes.byDir[r.Dir] = e.volumes.order[i]
	}
	return e, nil
}

// Erased returns what was erased so far, for Take.
func (e *Executor) Erased() []Erased {
	var all []Erased
	e.tally.Erasures(func(v *erase.Volume, r wipe.Result) {
		all = append(all, Erased{r.Artifact, slices.Index(e.volumes.order, v), r.Count, r.Bytes})
	})
	return all
}

// Steps grows for as long as the work goes on. It may be asked for from anywhere.
func (e *Executor) Steps() (sum int64) {
	for _, v := range e.volumes.order {
		sum += v.Steps()
	}
	return sum
}
