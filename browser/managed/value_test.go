package managed_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"ipguard/browser/managed"
)

func TestEqual(t *testing.T) {
	object := func(v any) map[string]any { return map[string]any{"a": []any{v, true}, "b": nil} }
	tests := []struct {
		a, b        any
		equal, same bool
	}{
		{2, 2, true, true},
		{2, 2.0, true, true},
		{2, uint32(2), true, true},
		{2, int64(2), true, true},
		{2, json.Number("2"), true, true},
		{2, json.Number("2.0"), true, true},
		{2, json.Number("2e0"), true, true},
		{2, json.Number("3"), false, true},
		{2.5, json.Number("2.5"), true, true},
		{int64(math.MaxInt64), json.Number("9223372036854775807"), true, true},
		{int64(math.MaxInt64), json.Number("9223372036854775806"), false, true},
		{2, "2", false, false},
		{json.Number("2"), "2", false, false},
		{1, true, false, false},
		{0, false, false, false},
		{0, nil, false, false},
		{"", nil, false, false},
		{nil, nil, true, true},
		{true, true, true, true},
		{true, false, false, true},
		{"a", "a", true, true},
		{"a", "A", false, true},
		{[]any{1, 2}, []any{1.0, 2.0}, true, true},
		{[]any{1, 2}, []any{2, 1}, false, true},
		{[]any{1}, []any{1, 2}, false, true},
		{[]any{}, map[string]any{}, false, false},
		{object(2), object(2.0), true, true},
		{object(2), object("2"), false, true},
		{object(2), map[string]any{"a": []any{2, true}}, false, true},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false, true},
		{math.NaN(), math.NaN(), false, true},
		{math.Inf(1), 2, false, true},
		{json.Number("1e999999999"), 2, false, true}, // and no gigabytes
		{json.Number(strings.Repeat("9", 1<<16)), 2, false, true},
	}
	for _, test := range tests {
		for _, pair := range [][2]any{{test.a, test.b}, {test.b, test.a}} {
			if got := managed.Equal(pair[0], pair[1]); got != test.equal {
				t.Errorf("Equal(%.40v, %.40v) = %v, want %v", pair[0], pair[1], got, test.equal)
			}
			if got := managed.SameType(pair[0], pair[1]); got != test.same {
				t.Errorf("SameType(%.40v, %.40v) = %v, want %v", pair[0], pair[1], got, test.same)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	s := managed.Settings{Values: map[string]any{"b": 2, "a": "x?y=1&z=<é>", "c": []any{true, map[string]any{}}}}
	got, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"a\": \"x?y=1&z=<é>\",\n  \"b\": 2,\n  \"c\": [\n    true,\n    {}\n  ]\n}\n"
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, err := (managed.Settings{}).JSON(); err != nil || string(got) != "{}\n" {
		t.Errorf("without values: %q, %v", got, err)
	}
}
