package wipe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

func row(id wipe.ArtifactID, o wipe.Outcome, c wipe.Code, n int) wipe.Result {
	return wipe.Result{Artifact: id, Outcome: o, Code: c, Count: n}
}

// The second reading alone decides what is left; what the eraser met only says why.
func TestNewReport(t *testing.T) {
	for _, c := range []struct {
		name        string
		done, found []wipe.Result
		want        []wipe.Result
		verdict     wipe.Verdict
	}{
		{"nothing", nil, nil, nil, wipe.Complete},
		{
			"erased and restored",
			[]wipe.Result{row("b", wipe.Restored, "", 1), row("a", wipe.Erased, "", 2)}, nil,
			[]wipe.Result{row("a", wipe.Erased, "", 2), row("b", wipe.Restored, "", 1)}, wipe.Complete,
		},
		{
			"a failure that is not found again is none",
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeInUse, 1)}, nil, nil, wipe.Complete,
		},
		{
			"the eraser says that all went well, the reading finds something",
			[]wipe.Result{row("a", wipe.Erased, "", 2)}, []wipe.Result{row("a", wipe.Residual, wipe.CodeRemains, 1)},
			[]wipe.Result{row("a", wipe.Erased, "", 2), row("a", wipe.Residual, wipe.CodeRemains, 1)}, wipe.Incomplete,
		},
		{
			"the reason of the eraser explains",
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeInUse, 1)}, []wipe.Result{row("a", wipe.Residual, wipe.CodeRemains, 3)},
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeInUse, 3)}, wipe.Incomplete,
		},
		{
			"a reason of the reading's own stays",
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeInUse, 1)}, []wipe.Result{row("a", wipe.Residual, wipe.CodeBaselineCorrupt, 1)},
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeBaselineCorrupt, 1)}, wipe.Incomplete,
		},
		{
			"another artifact's reason explains nothing",
			[]wipe.Result{row("b", wipe.Residual, wipe.CodeInUse, 1)}, []wipe.Result{row("a", wipe.Residual, wipe.CodeRemains, 1)},
			[]wipe.Result{row("a", wipe.Residual, wipe.CodeRemains, 1)}, wipe.Incomplete,
		},
		{
			"what is left alone is told once, and harms nothing",
			[]wipe.Result{row("m", wipe.Skipped, wipe.CodeMount, 1)}, []wipe.Result{row("m", wipe.Skipped, wipe.CodeMount, 1)},
			[]wipe.Result{row("m", wipe.Skipped, wipe.CodeMount, 1)}, wipe.Complete,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wipe.NewReport(c.done, c.found, nil)
			if diff := cmp.Diff(wipe.Report{Verdict: c.verdict, Results: c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTotals(t *testing.T) {
	r := wipe.Report{Results: []wipe.Result{
		{Outcome: wipe.Erased, Count: 2, Bytes: 10}, {Outcome: wipe.Erased, Count: 1, Bytes: 5}, {Outcome: wipe.Restored, Count: 4, Bytes: 99},
		{Outcome: wipe.Residual, Count: 8, Bytes: 99}, {Outcome: wipe.Skipped, Count: 16, Bytes: 99},
	}}
	want := wipe.Totals{Erased: 3, Restored: 4, Residual: 8, Skipped: 16, Bytes: 15}
	if diff := cmp.Diff(want, r.Totals()); diff != "" {
		t.Error(diff)
	}
}
