package erase

import (
	"cmp"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
)

// progressStep is after how many entries a tally tells its observer.
const progressStep = 256

// Tally counts results by artifact, outcome and code.
type Tally struct {
	Phase    wipe.Phase
	Observer wipe.Observer // nil is allowed

	rows  map[row]*wipe.Result
	done  int
	bytes int64
}

type row struct {
	id      wipe.ArtifactID
	outcome wipe.Outcome
	code    wipe.Code
}

// Add counts entries of the artifact that m stands for.
func (t *Tally) Add(m catalog.Match, outcome wipe.Outcome, code wipe.Code, count int, bytes int64) {
	id, class := m.Artifact()
	r := wipe.Result{Artifact: id, Class: class, Outcome: outcome, Code: code, Count: count, Bytes: bytes}
	if outcome == wipe.Erased {
		r.Assurance = wipe.Unlinked
	}
	t.Put(r)
}

// Put counts a result.
func (t *Tally) Put(r wipe.Result) {
	if t.rows == nil {
		t.rows = map[row]*wipe.Result{}
	}
	k := row{r.Artifact, r.Outcome, r.Code}
	if have := t.rows[k]; have != nil {
		have.Count += r.Count
		have.Bytes += r.Bytes
	} else {
		t.rows[k] = &r
	}
	t.done += r.Count
	t.bytes += r.Bytes
	if t.Observer != nil && t.done/progressStep != (t.done-r.Count)/progressStep {
		t.Observer.Progress(wipe.Progress{Phase: t.Phase, Done: t.done, Bytes: t.bytes})
	}
}

// Results returns what was counted, sorted by artifact, outcome and code.
func (t *Tally) Results() []wipe.Result {
	all := make([]wipe.Result, 0, len(t.rows))
	for _, r := range t.rows {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b wipe.Result) int {
		return cmp.Or(cmp.Compare(a.Artifact, b.Artifact), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code))
	})
	return all
}
