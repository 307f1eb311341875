package managed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
)

// mark says which values in a shared place are ours, so that everything else stays others'.
type mark struct {
	Made     bool              // there was nothing before us
	Owns     map[string]owned  //
	Replaced map[string]any    // others' values in whose place ours are
	Taken    map[string]string // others' values from the file that this one puts out of use: sums
}

// owned is one setting of ours. Of an object only those members are ours that are named.
type owned struct {
	Sum      string
	Members  map[string]string // sums
	Replaced map[string]any
}

// sum tells a value that we wrote from one that somebody put in its place: what a mark claims and does not fit stays others'.
func sum(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:8])
}

// same tells whether a value is what the sum was made of.
func same(v any, s string) bool { return s != "" && sum(v) == s }

// others returns what a shared place would hold without us. What we own and want again is ours whatever it says now; what we
// do not want any more is ours only as long as it says what we wrote.
func (m mark) others(values, want map[string]any) map[string]any {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]any{}
	}
	for name, o := range m.Owns {
		have, there := out[name]
		wanted, again := want[name]
		old, replaced := m.Replaced[name]
		if o.Members != nil {
			members, _ := have.(map[string]any)
			target, _ := wanted.(map[string]any)
			rest := o.members(members, target)
			switch {
			case there && members == nil && !again:
				// somebody's
			case len(rest) > 0:
				out[name] = rest
			case replaced:
				out[name] = old
			default:
				delete(out, name)
			}
			continue
		}
		switch {
		case there && !again && !same(have, o.Sum):
			// somebody's
		case replaced:
			out[name] = old
		default:
			delete(out, name)
		}
	}
	for name, s := range m.Taken {
		if v, there := out[name]; there && same(v, s) {
			delete(out, name)
		}
	}
	return out
}

func (o owned) members(have, want map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range have {
		s, ours := o.Members[name]
		_, again := want[name]
		if !ours || !again && !same(v, s) {
			out[name] = v
		}
	}
	for name, v := range o.Replaced {
		if _, there := out[name]; !there {
			out[name] = v
		}
	}
	return out
}

// merge puts ours next to others' values, objects member by member, and returns the mark for them.
func merge(others, want map[string]any) (map[string]any, mark) {
	out, m := maps.Clone(others), mark{Owns: map[string]owned{}, Replaced: map[string]any{}}
	if out == nil {
		out = map[string]any{}
	}
	for name, v := range want {
		old, there := out[name]
		members, isObject := v.(map[string]any)
		if !isObject {
			if there {
				m.Replaced[name] = old
			}
			out[name], m.Owns[name] = v, owned{Sum: sum(v)}
			continue
		}
		before, _ := old.(map[string]any)
		if there && len(before) == 0 {
			m.Replaced[name] = old
		}
		o := owned{Members: map[string]string{}, Replaced: map[string]any{}}
		both := maps.Clone(before)
		if both == nil {
			both = map[string]any{}
		}
		for member, v := range members {
			if old, there := both[member]; there {
				o.Replaced[member] = old
			}
			both[member], o.Members[member] = v, sum(v)
		}
		out[name], m.Owns[name] = both, o
	}
	return out, m
}

// readMark reads a mark from what a decoder made of it. Anything else is none.
func readMark(v any) (mark, bool) {
	top, ok := v.(map[string]any)
	if !ok {
		return mark{}, false
	}
	m := mark{Owns: map[string]owned{}, Taken: sums(top["taken"])}
	m.Made, _ = top["made"].(bool)
	m.Replaced, _ = top["replaced"].(map[string]any)
	owns, _ := top["owns"].(map[string]any)
	for name, v := range owns {
		row, _ := v.(map[string]any)
		var o owned
		o.Sum, _ = row["sum"].(string)
		if _, there := row["members"]; there {
			o.Members = sums(row["members"])
		}
		o.Replaced, _ = row["replaced"].(map[string]any)
		m.Owns[name] = o
	}
	return m, true
}

func sums(v any) map[string]string {
	out := map[string]string{}
	rows, _ := v.(map[string]any)
	for name, v := range rows {
		out[name], _ = v.(string)
	}
	return out
}

// values returns the mark as a decoder would.
func (m mark) values() map[string]any {
	owns := map[string]any{}
	for name, o := range m.Owns {
		row := map[string]any{}
		if o.Members != nil {
			row["members"] = anys(o.Members)
		} else {
			row["sum"] = o.Sum
		}
		if len(o.Replaced) > 0 {
			row["replaced"] = o.Replaced
		}
		owns[name] = row
	}
	out := map[string]any{"made": m.Made, "owns": owns}
	if len(m.Replaced) > 0 {
		out["replaced"] = m.Replaced
	}
	if len(m.Taken) > 0 {
		out["taken"] = anys(m.Taken)
	}
	return out
}

func anys(m map[string]string) map[string]any {
	out := map[string]any{}
	for name, v := range m {
		out[name] = v
	}
	return out
}
