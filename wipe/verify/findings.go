package verify

import (
	"cmp"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
)

// Findings counts what a reading found, by artifact.
type Findings struct {
	// Restamped is how many entries turned out to be unchanged although their stamp was not.
	Restamped int

	rows []wipe.Result
}

func (f *Findings) add(m catalog.Match, outcome wipe.Outcome, code wipe.Code, count int, bytes int64) {
	id, class := m.Artifact()
	f.Add(wipe.Result{Artifact: id, Class: class, Outcome: outcome, Code: code, Count: count, Bytes: bytes})
}

// Add counts one more result.
func (f *Findings) Add(r wipe.Result) {
	i, found := slices.BinarySearchFunc(f.rows, r, order)
	if found {
		f.rows[i].Count += r.Count
		f.rows[i].Bytes += r.Bytes
		return
	}
	f.rows = slices.Insert(f.rows, i, r)
}

// Results returns what was found, sorted by artifact, outcome and code.
func (f *Findings) Results() []wipe.Result { return slices.Clone(f.rows) }

// Residual returns how many entries are not as they should be.
func (f *Findings) Residual() int {
	n := 0
	for _, r := range f.rows {
		if r.Outcome == wipe.Residual {
			n += r.Count
		}
	}
	return n
}

func order(a, b wipe.Result) int {
	return cmp.Or(cmp.Compare(a.Artifact, b.Artifact), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code))
}
