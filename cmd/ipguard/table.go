package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"ipguard/wipe"
)

// byClass writes a line a class: what was erased, restored, is left, was left alone. Classes with nothing are not shown.
func (a *app) byClass(rows []wipe.Result) {
	type sums struct{ erased, restored, residual, skipped int }
	all := map[wipe.Class]*sums{}
	for _, r := range rows {
		s := all[r.Class]
		if s == nil {
			s = &sums{}
			all[r.Class] = s
		}
		switch r.Outcome {
		case wipe.Erased:
			s.erased += r.Count
		case wipe.Restored:
			s.restored += r.Count
		case wipe.Residual:
			s.residual += r.Count
		case wipe.Skipped:
			s.skipped += r.Count
		}
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, c := range wipe.Classes() {
		s := all[c]
		if s == nil {
			continue
		}
		var cells []string
		for _, part := range []struct {
			key string
			n   int
		}{
			{"count.erased", s.erased}, {"count.restored", s.restored}, {"count.residual", s.residual}, {"count.skipped", s.skipped},
		} {
			if part.n > 0 {
				cells = append(cells, a.say.Text(part.key, part.n))
			}
		}
		fmt.Fprintf(w, "  %s\t%s\n", a.say.Text("class."+string(c)), strings.Join(cells, ", "))
	}
	w.Flush()
}

// reasons explains each code that occurs with an outcome, once.
func (a *app) reasons(rows []wipe.Result, outcome wipe.Outcome) {
	counts, order := byCode(rows, outcome)
	for _, c := range order {
		fmt.Fprintf(a.out, "  - %s\n", a.say.Text("code."+string(c), counts[c]))
	}
}

// byCode counts what has an outcome by its code, and returns the codes as they come first.
func byCode(rows []wipe.Result, outcome wipe.Outcome) (counts map[wipe.Code]int, order []wipe.Code) {
	counts = map[wipe.Code]int{}
	for _, r := range rows {
		if r.Outcome != outcome || r.Code == wipe.CodeNone {
			continue
		}
		if counts[r.Code] == 0 {
			order = append(order, r.Code)
		}
		counts[r.Code] += r.Count
	}
	return counts, order
}
