package managed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/browser/managed"
)

func TestJudge(t *testing.T) {
	want := managed.Settings{Family: browser.Chromium, Private: true, Decisive: "D", Values: map[string]any{"D": 2, "X": true, "O": map[string]any{"a": 1}}}
	good := map[string]any{"D": 2, "X": true, "O": map[string]any{"a": 1}}
	own := managed.Source{Name: "own", Own: true, Values: good}
	with := func(name string, v any) managed.Source {
		return managed.Source{Name: "own", Own: true, Values: map[string]any{"D": 2, "X": true, "O": map[string]any{"a": 1}, name: v}}
	}
	other := func(values map[string]any) managed.Source { return managed.Source{Name: "other", Values: values} }
	type list = []managed.Source
	for _, c := range []struct {
		name    string
		sources list
		found   []managed.Finding
	}{
		{"good", list{own}, nil},
		{"nothing", nil, []managed.Finding{{Code: "missing", Decisive: true}}},
		{"no file", list{{Name: "own", Own: true, Fault: managed.FaultMissing}}, []managed.Finding{{"missing", "own", "", true}}},
		{"unreadable", list{{Name: "own", Own: true, Fault: managed.FaultUnreadable}}, []managed.Finding{{"fault", "own", "", true}}},
		{"unsafe", list{{Name: "own", Own: true, Fault: managed.FaultUnsafe, Values: good}}, []managed.Finding{{"unsafe", "own", "", true}}},
		{"changed", list{with("D", 0)}, []managed.Finding{{"changed", "own", "D", true}}},
		{"changed elsewhere", list{with("X", false)}, []managed.Finding{{"changed", "own", "X", false}}},
		{"wrong type", list{with("D", "2")}, []managed.Finding{{"wrong_type", "own", "D", true}}},
		{"null", list{with("D", nil)}, []managed.Finding{{"wrong_type", "own", "D", true}}},
		{"a fraction", list{with("D", 2.0)}, []managed.Finding{{"wrong_type", "own", "D", true}}},
		{"one more member", list{with("O", map[string]any{"a": 1, "b": 2})}, []managed.Finding{{"changed", "own", "O", false}}},
		{"overridden", list{own, other(map[string]any{"D": 0})}, []managed.Finding{{"overridden", "other", "D", true}}},
		{"overridden and back", list{own, other(map[string]any{"D": 0}), {Name: "last", Values: map[string]any{"D": 2}}}, nil},
		{"a later wrong type", list{own, other(map[string]any{"D": true})}, []managed.Finding{{"wrong_type", "other", "D", true}}},
		{"a weaker one", list{other(map[string]any{"D": 0}), own}, nil},
		{"a weaker unsafe one", list{{Name: "other", Fault: managed.FaultUnsafe}, own}, []managed.Finding{{"unsafe", "other", "", false}}},
		{"a later unsafe one", list{own, {Name: "other", Fault: managed.FaultUnsafe}}, []managed.Finding{{"unsafe", "other", "", true}}},
		{"a later broken one", list{own, {Name: "other", Fault: managed.FaultSyntax}}, []managed.Finding{{"fault", "other", "", false}}},
		{"a registry", list{{Name: "own", Own: true, Loose: true, Shared: true, Values: map[string]any{"D": 2, "X": 1, "O": `{"a": 1}`}}}, nil},
		{"a registry that says no", list{{Name: "own", Own: true, Loose: true, Shared: true, Values: map[string]any{"D": 2, "X": 0, "O": `{"a": 1`}}},
			[]managed.Finding{{"wrong_type", "own", "O", false}, {"changed", "own", "X", false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.found, managed.Judge(want, c.sources)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
