package managed

import "testing"

// Whatever a file says, it is read or refused.
func FuzzFiles(f *testing.F) {
	for _, s := range []string{
		"", "{}", `{"a": [1, 2.0, -0, 1e999],} // x`, "{\"a\": \"\\x41\n\"/* */}", `{"policies": {"a": {"b": null}}, "ipguard": {"owns": {"a": {"members": {"b": "x"}}}}}`,
		"/*", `"\`, "[,]", "bplist00\xd1\x01\x02", "<plist><dict><key>a</key><integer>1</integer></dict></plist>", "{a = (1, <00>);}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		relaxed(data)
		for _, c := range []codec{policiesJSON{}, propertyList{}} {
			top, err := c.decode(data)
			if err != nil {
				continue
			}
			settings := c.settings(top)
			m, _ := readMark(top[markName])
			want := map[string]any{"a": 1, "b": map[string]any{"c": "d"}}
			merged, next := merge(m.others(settings, want), want)
			back := next.others(merged, nil)
			again, _ := merge(back, want)
			if !Equal(merged, again) {
				t.Errorf("merging twice gives something else: %v, %v", merged, again)
			}
		}
	})
}
