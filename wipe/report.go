package wipe

import (
	"cmp"
	"slices"
)

// Verdict is the result of a wipe in one word.
type Verdict string

// The verdicts.
const (
	Complete   Verdict = "complete"
	Incomplete Verdict = "incomplete"
	Refused    Verdict = "refused"
)

// Held counts documents that are set aside until a deadline.
type Held struct {
	Count   int
	Bytes   int64
	Minutes int // until the first of them is destroyed; 0 if there are none
}

// Report says what a wipe did: counts and codes, never a name.
type Report struct {
	Verdict Verdict
	Refusal Refusal // with Refused
	Seconds float64
	Results []Result
	Held    Held
	Media   []Medium // what was erased on, the home first
	// Unsaved says that the state on the disk could not be written, so that nobody may call the account clean.
	Unsaved bool
}

// Totals counts entries by outcome, and the bytes that were erased.
type Totals struct {
	Erased, Restored, Residual, Skipped int
	Bytes                               int64
}

// NewReport joins what execution did with what the second reading found. The reading alone decides what is left: a
// failure that the eraser met counts only as the reason for something that is found again. Beside what is left, what
// could not be erased as it should makes a report incomplete: a failing medium, or less than policy asks for.
func NewReport(done, found []Result, media []Medium) Report {
	reasons := map[ArtifactID]Code{}
	var rows []Result
	for _, r := range done {
		switch r.Outcome {
		case Residual:
			reasons[r.Artifact] = r.Code
		case Skipped:
			// The reading tells afresh what is left alone.
		default:
			rows = append(rows, r)
		}
	}
	for _, r := range found {
		if why, ok := reasons[r.Artifact]; ok && r.Outcome == Residual && r.Code.vague() {
			r.Code = why
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Artifact, b.Artifact), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code))
	})
	rep := Report{Verdict: Complete, Results: rows, Media: media}
	rep.doubt()
	if rep.Totals().Residual > 0 || rep.weak() {
		rep.Verdict = Incomplete
	}
	return rep
}

// doubt takes the word discarded back while somebody holds a removed file open: its blocks are not free yet, and nobody
// knows which file it is.
func (r Report) doubt() {
	held := slices.ContainsFunc(r.Results, func(row Result) bool { return row.Code == CodeHeldOpen })
	for i := range r.Results {
		if row := &r.Results[i]; held && row.Outcome == Erased && row.Assurance == Discarded {
			row.Assurance, row.Code = Unlinked, CodeHeldOpen
		}
	}
}

// weak reports whether the medium failed, or something was erased less strongly than policy asks for.
func (r Report) weak() bool {
	return slices.ContainsFunc(r.Results, func(row Result) bool { return row.Outcome == Erased && row.Code == CodeIO }) ||
		slices.ContainsFunc(r.Media, func(m Medium) bool {
			return slices.ContainsFunc(m.Limits, func(l Limit) bool { return l == LimitFailed || l == LimitFloor || l == LimitIgnored })
		})
}

// Weakest returns the weakest assurance of what was erased, as the media reached it; empty if there are none.
func (r Report) Weakest() Assurance {
	weakest := Assurance("")
	for _, m := range r.Media {
		if weakest == "" || !m.Assurance.AtLeast(weakest) {
			weakest = m.Assurance
		}
	}
	return weakest
}

// vague reports whether a code only says that something is not as it should be, not why.
func (c Code) vague() bool {
	return c == CodeRemains || c == CodeChanged || c == CodeMissing || c == CodeUnreadable
}

// Totals sums the report up.
func (r Report) Totals() Totals {
	var t Totals
	for _, row := range r.Results {
		switch row.Outcome {
		case Erased:
			t.Erased += row.Count
			t.Bytes += row.Bytes
		case Restored:
			t.Restored += row.Count
		case Residual:
			t.Residual += row.Count
		case Skipped:
			t.Skipped += row.Count
		}
	}
	return t
}
