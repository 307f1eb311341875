package erase

import (
	"cmp"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
)

// progressStep is after how many entries a tally tells its observer.
const progressStep = 256

// Tally counts results by artifact, outcome, assurance and code. A nil tally counts nothing.
type Tally struct {
	Phase    wipe.Phase
	Observer wipe.Observer // nil is allowed

	rows  map[row]*wipe.Result
	done  int
	bytes int64
}

type row struct {
	volume    *Volume // of what was erased: how strongly is known only when the volume is settled
	id        wipe.ArtifactID
	outcome   wipe.Outcome
	assurance wipe.Assurance
	code      wipe.Code
}

// Add counts entries of the artifact that m stands for.
func (t *Tally) Add(m catalog.Match, outcome wipe.Outcome, code wipe.Code, count int, bytes int64) {
	id, class := m.Artifact()
	t.Put(wipe.Result{Artifact: id, Class: class, Outcome: outcome, Code: code, Count: count, Bytes: bytes})
}

// Erased counts an entry that went from a volume. An empty assurance is what the volume reaches in the end.
func (t *Tally) Erased(v *Volume, m catalog.Match, assurance wipe.Assurance, code wipe.Code, bytes int64) {
	id, class := m.Artifact()
	t.put(v, wipe.Result{
		Artifact: id, Class: class, Outcome: wipe.Erased, Assurance: assurance, Code: code, Count: 1, Bytes: bytes,
	})
}

// Put counts a result.
func (t *Tally) Put(r wipe.Result) { t.put(nil, r) }

func (t *Tally) put(v *Volume, r wipe.Result) {
	if t == nil {
		return
	}
	if t.rows == nil {
		t.rows = map[row]*wipe.Result{}
	}
	add(t.rows, row{v, r.Artifact, r.Outcome, r.Assurance, r.Code}, r)
	t.done += r.Count
	t.bytes += r.Bytes
	if t.Observer != nil && t.done/progressStep != (t.done-r.Count)/progressStep {
		t.Observer.Progress(wipe.Progress{Phase: t.Phase, Done: t.done, Bytes: t.bytes})
	}
}

func add(rows map[row]*wipe.Result, k row, r wipe.Result) {
	if have := rows[k]; have != nil {
		have.Count += r.Count
		have.Bytes += r.Bytes
	} else {
		rows[k] = &r
	}
}

// Taken counts what another process erased on a volume, as strongly as the volume allows.
func (t *Tally) Taken(v *Volume, id wipe.ArtifactID, class wipe.Class, count int, bytes int64) {
	t.put(v, wipe.Result{
		Artifact: id, Class: class, Outcome: wipe.Erased, Assurance: v.usual(), Count: count, Bytes: bytes,
	})
}

// Erasures calls do for what was erased so far, volume by volume.
func (t *Tally) Erasures(do func(*Volume, wipe.Result)) {
	if t == nil {
		return
	}
	for k, r := range t.rows {
		if r.Outcome == wipe.Erased {
			do(k.volume, *r)
		}
	}
}

// Results returns what was counted, sorted, with the assurance that each volume reached.
func (t *Tally) Results() []wipe.Result {
	merged := map[row]*wipe.Result{}
	for k, r := range t.rows {
		final := k.volume.final(*r)
		add(merged, row{nil, final.Artifact, final.Outcome, final.Assurance, final.Code}, final)
	}
	all := make([]wipe.Result, 0, len(merged))
	for _, r := range merged {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b wipe.Result) int {
		return cmp.Or(cmp.Compare(a.Artifact, b.Artifact), cmp.Compare(a.Outcome, b.Outcome),
			cmp.Compare(a.Assurance, b.Assurance), cmp.Compare(a.Code, b.Code))
	})
	return all
}
