package managed

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"ipguard/browser"
)

// Judge returns why a browser that reads those sources, the weakest first, does not do what it is told; nothing: it does.
// The order is that of the sources' importance, then of the settings' names.
func Judge(want Settings, sources []Source) []Finding {
	if len(want.Values) == 0 {
		return nil
	}
	j := judge{want: want}
	at := -1
	for i, s := range sources {
		if s.Own {
			at = i
		}
	}
	if at < 0 {
		return []Finding{{Code: CodeMissing, Decisive: want.Decisive != ""}}
	}
	j.own(sources[at])
	for i, s := range sources {
		if i != at {
			j.other(s, i > at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want.Values)) {
		for i := len(sources) - 1; i > at; i-- {
			if v, there := sources[i].value(name); there {
				if code := j.differs(name, v, sources[i]); code == CodeWrongType {
					j.add(code, sources[i], name)
				} else if code != "" {
					j.add(CodeOverridden, sources[i], name)
				}
				break
			}
		}
	}
	return j.found
}

// Effective returns what a browser that reads those sources, the weakest first, goes by.
func Effective(sources []Source) map[string]any {
	out := map[string]any{}
	for _, s := range sources {
		if s.Fault == "" || s.Fault == FaultUnsafe {
			maps.Copy(out, s.Values)
		}
	}
	return out
}

// value returns the value of a setting. Case does not count in a registry.
func (s Source) value(name string) (any, bool) {
	v, there := s.Values[name]
	if there || !s.Loose {
		return v, there
	}
	for other, v := range s.Values {
		if strings.EqualFold(other, name) {
			return v, true
		}
	}
	return nil, false
}

type judge struct {
	want  Settings
	found []Finding
}

func (j *judge) add(code Code, s Source, setting string) {
	decisive := j.want.Decisive != "" && (setting == "" || setting == j.want.Decisive)
	j.found = append(j.found, Finding{Code: code, Source: s.Name, Setting: setting, Decisive: decisive})
}

func (j *judge) own(s Source) {
	switch s.Fault {
	case "":
	case FaultMissing:
		j.add(CodeMissing, s, "")
		return
	case FaultUnsafe:
		j.add(CodeUnsafe, s, "")
	default:
		j.add(CodeFault, s, "")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(j.want.Values)) {
		v, there := s.value(name)
		if !there {
			j.add(CodeMissing, s, name)
		} else if code := j.differs(name, v, s); code != "" {
			j.add(code, s, name)
		}
	}
}

// other looks at a source that is not ours; later says that it counts more than ours.
func (j *judge) other(s Source, later bool) {
	switch s.Fault {
	case FaultUnsafe:
		j.add(CodeUnsafe, s, "")
	case FaultTooBig, FaultKind, FaultSyntax:
		j.add(CodeFault, s, "")
	default:
		return
	}
	last := &j.found[len(j.found)-1]
	// What is too big to be looked at may say anything; what is no JSON browsers pass over.
	last.Decisive = last.Decisive && later && (s.Fault == FaultUnsafe || s.Fault == FaultTooBig)
}

// differs says how a value differs from what is wanted; empty: it does not, to the browser.
func (j *judge) differs(name string, have any, s Source) Code {
	want := j.want.Values[name]
	if s.Loose {
		have = conform(have, want)
	}
	_, whole := want.(int)
	_, number := have.(int)
	switch {
	case !SameType(have, want):
		return CodeWrongType
	case whole && !number && !s.Loose && j.want.Family == browser.Chromium && !s.Shared:
		return CodeWrongType // 2.0
	case Equal(have, want) || s.Shared && contains(have, want):
		return ""
	}
	return CodeChanged
}

// contains tells whether an object has all members of another, as they are there.
func contains(have, want any) bool {
	outer, ok := have.(map[string]any)
	inner, ok2 := want.(map[string]any)
	if !ok || !ok2 {
		return false
	}
	for name, v := range inner {
		if other, there := outer[name]; !there || !Equal(other, v) {
			return false
		}
	}
	return true
}

// conform turns what a registry can hold into what is meant by it.
func conform(have, want any) any {
	switch want := want.(type) {
	case bool:
		if n, ok := have.(int); ok && (n == 0 || n == 1) {
			return n == 1
		}
	case []any:
		if s, ok := have.(string); ok {
			return decoded(s, have)
		}
	case map[string]any:
		switch have := have.(type) {
		case string:
			return decoded(have, have)
		case []any:
			if len(have) == 0 {
				return map[string]any{} // an empty key
			}
		case map[string]any:
			out := maps.Clone(have)
			for name, v := range want {
				if old, there := out[name]; there {
					out[name] = conform(old, v)
				}
			}
			return out
		}
	}
	return have
}

func decoded(s string, otherwise any) any {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return otherwise
	}
	return v
}
