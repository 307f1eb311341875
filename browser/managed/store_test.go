package managed_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"howett.net/plist"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/browser/managed/managedtest"
	"ipguard/policy"
)

const decisive = "PrivateMode"

// yard is a place with its store, and with what another tool would use to write there.
type yard struct {
	store managed.Store
	// theirs makes another tool write those settings, next to what is there.
	theirs func(t *testing.T, values map[string]any)
	// left says how many things of anybody are there.
	left   func(t *testing.T) int
	merges bool // others' settings are in the same file or key
	nests  bool // others' members stay in objects of ours
	target managedtest.Target
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, dir string) int {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return len(entries)
}

// files makes a yard for a format that is a file.
func files(t *testing.T, format browser.Format, family browser.Family) yard {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "root")
	elsewhere := filepath.Join(prefix, "elsewhere")
	must(t, os.MkdirAll(elsewhere, 0o755))
	must(t, os.Chmod(elsewhere, 0o755))
	place := browser.Place{Format: format, Path: "/etc/vendor/settings/policies"}
	y := yard{merges: true, nests: true, target: managedtest.Target{Format: format, Decisive: decisive, Elsewhere: elsewhere}}
	decode, encode := json.Unmarshal, json.Marshal
	switch format {
	case browser.JSONFolder:
		y.merges, y.nests = false, false
		y.target.Own = filepath.Join(prefix, place.Path, "zz-ipguard.json")
	case browser.PoliciesJSON:
		place.Path += ".json"
		place.Instead = "/usr/lib/vendor/distribution/policies.json"
		y.target.Instead = filepath.Join(prefix, place.Instead)
		y.target.Own = filepath.Join(prefix, place.Path)
	case browser.Plist:
		decode = func(data []byte, v any) error { _, err := plist.Unmarshal(data, v); return err }
		encode = func(v any) ([]byte, error) { return plist.Marshal(v, plist.BinaryFormat) }
		y.target.Own = filepath.Join(prefix, place.Path)
	}
	var err error
	y.store, err = managed.NewStore(place, family, prefix)
	must(t, err)
	dir := filepath.Dir(y.target.Own)
	y.left = func(t *testing.T) int { return count(t, dir) }
	y.theirs = func(t *testing.T, values map[string]any) {
		must(t, os.MkdirAll(dir, 0o755))
		path, top := y.target.Own, map[string]any{}
		if format == browser.JSONFolder {
			path = filepath.Join(dir, "aa.json")
		}
		if data, err := os.ReadFile(path); err == nil {
			must(t, decode(data, &top))
		}
		inner := top
		if format == browser.PoliciesJSON {
			if inner, _ = top["policies"].(map[string]any); inner == nil {
				inner = map[string]any{}
			}
			top["policies"] = inner
		}
		maps.Copy(inner, values)
		data, err := encode(top)
		must(t, err)
		must(t, os.WriteFile(path, data, 0o644))
	}
	return y
}

func registryYard(r managed.Registry, prefix string, family browser.Family) yard {
	place := browser.Place{Format: browser.RegistryKey, Path: `SOFTWARE\Policies\Vendor\Browser`}
	key := prefix + `\` + place.Path
	return yard{
		store: managed.NewRegistryStore(r, place, family, prefix), merges: true, nests: family == browser.Gecko,
		left: func(t *testing.T) int {
			n := 0
			for _, k := range []string{key, prefix + `\` + managed.MarksKey} {
				if c, err := r.Read(k); err == nil {
					n += 1 + len(c.Values) + len(c.Keys)
				}
			}
			return n
		},
		theirs: func(t *testing.T, values map[string]any) { putAll(t, r, key, values) },
	}
}

func putAll(t *testing.T, r managed.Registry, key string, values map[string]any) {
	for name, v := range values {
		switch v := v.(type) {
		case int:
			must(t, r.Set(key, name, managed.RegistryValue{Type: managed.RegistryDWORD, Int: uint32(v)}))
		case string:
			must(t, r.Set(key, name, managed.RegistryValue{Type: managed.RegistrySZ, Text: v}))
		case map[string]any:
			putAll(t, r, key+`\`+name, v)
		default:
			t.Fatalf("no type of a registry: %T", v)
		}
	}
}

func settings(family browser.Family) managed.Settings {
	return managed.Settings{Browser: "browser", Family: family, Private: true, Decisive: decisive, Values: map[string]any{
		decisive: 2, "On": true, "Off": false, "Text": "https://example.org/?a=b&c=<d>", "List": []any{"one", "two"}, "None": []any{},
		"Rows":   []any{map[string]any{"name": "x", "urls": []any{"a", "b"}}},
		"Object": map[string]any{"Locked": true, "Value": "v", "List": []any{"a"}},
	}}
}

// conform runs what every store must do.
func conform(t *testing.T, family browser.Family, make func(t *testing.T) yard) {
	want := settings(family)
	apply := func(t *testing.T, y yard, s managed.Settings, changes bool) {
		t.Helper()
		changed, err := y.store.Apply(s)
		if err != nil || changed != changes {
			t.Fatalf("Apply: changed %v, %v; want changed %v", changed, err, changes)
		}
		if found := managed.Judge(s, y.store.Sources()); len(found) > 0 {
			t.Fatalf("after Apply: %+v\n%+v", found, y.store.Sources())
		}
	}
	remove := func(t *testing.T, y yard, changes bool) {
		t.Helper()
		if changed, err := y.store.Remove(); err != nil || changed != changes {
			t.Fatalf("Remove: changed %v, %v; want changed %v", changed, err, changes)
		}
	}
	says := func(t *testing.T, y yard, values map[string]any) {
		t.Helper()
		got := managed.Effective(y.store.Sources())
		delete(got, "EnterprisePoliciesEnabled")
		if !managed.Equal(got, values) {
			t.Errorf("the browser goes by other settings (-want +got):\n%s", cmp.Diff(values, got))
		}
	}
	theirs := map[string]any{"Theirs": 5, decisive: 1, "Text": "theirs", "TheirObject": map[string]any{"a": 1}}
	t.Run("alone", func(t *testing.T) {
		y := make(t)
		if found := managed.Judge(want, y.store.Sources()); !managed.Failing(found) || found[0].Code != managed.CodeMissing {
			t.Errorf("before: %+v, want that ours is missing", found)
		}
		remove(t, y, false)
		apply(t, y, want, true)
		apply(t, y, want, false)
		remove(t, y, true)
		remove(t, y, false)
		if n := y.left(t); n != 0 {
			t.Errorf("%d things are left", n)
		}
	})
	t.Run("next to others", func(t *testing.T) {
		y := make(t)
		y.theirs(t, theirs)
		apply(t, y, want, true)
		apply(t, y, want, false)
		if got := managed.Effective(y.store.Sources()); !managed.Equal(got["Theirs"], 5) || !managed.Equal(got["TheirObject"], theirs["TheirObject"]) {
			t.Errorf("others' settings are gone: %v", got)
		}
		remove(t, y, true)
		says(t, y, theirs)
		remove(t, y, false)
	})
	t.Run("other settings later", func(t *testing.T) {
		y := make(t)
		y.theirs(t, theirs)
		apply(t, y, want, true)
		less := want
		less.Values = map[string]any{decisive: 2, "Object": map[string]any{"Value": "w"}}
		apply(t, y, less, true)
		apply(t, y, less, false)
		got := managed.Effective(y.store.Sources())
		for _, name := range []string{"On", "Off", "List", "None", "Rows"} {
			if v, there := got[name]; there {
				t.Errorf("%s is still %v", name, v)
			}
		}
		if !managed.Equal(got["Text"], "theirs") {
			t.Errorf("others' text was not given back: %v", got["Text"])
		}
		apply(t, y, want, true)
		if changed, err := y.store.Apply(managed.Settings{Family: family}); err != nil || !changed {
			t.Errorf("no settings: changed %v, %v", changed, err)
		}
		says(t, y, theirs)
	})
	t.Run("others write later", func(t *testing.T) {
		y := make(t)
		apply(t, y, want, true)
		y.theirs(t, map[string]any{"Later": 7})
		apply(t, y, want, false)
		remove(t, y, true)
		says(t, y, map[string]any{"Later": 7})
	})
	t.Run("members of an object", func(t *testing.T) {
		y := make(t)
		if !y.nests {
			return // its objects are others' or ours as a whole
		}
		before := map[string]any{"Object": map[string]any{"Value": "theirs", "Mine": 1}}
		y.theirs(t, before)
		apply(t, y, want, true)
		object, _ := managed.Effective(y.store.Sources())["Object"].(map[string]any)
		if !managed.Equal(object["Mine"], 1) || !managed.Equal(object["Value"], "v") {
			t.Errorf("the object is %v", object)
		}
		remove(t, y, true)
		says(t, y, before)
	})
	t.Run("put back", func(t *testing.T) {
		y := make(t)
		apply(t, y, want, true)
		if y.merges {
			y.theirs(t, map[string]any{decisive: 0})
			if !managed.Failing(managed.Judge(want, y.store.Sources())) {
				t.Error("a changed setting is not seen")
			}
			apply(t, y, want, true)
			y.theirs(t, map[string]any{decisive: "2"})
			found := managed.Judge(want, y.store.Sources())
			if !managed.Failing(found) || found[0].Code != managed.CodeWrongType {
				t.Errorf("a wrong type: %+v", found)
			}
			apply(t, y, want, true)
			remove(t, y, true)
			if n := y.left(t); n != 0 {
				t.Errorf("%d things are left", n)
			}
		}
	})
}

func TestStores(t *testing.T) {
	for _, c := range []struct {
		name   string
		format browser.Format
		family browser.Family
	}{
		{"folder", browser.JSONFolder, browser.Chromium}, {"policies.json", browser.PoliciesJSON, browser.Gecko},
		{"plist of Chromium", browser.Plist, browser.Chromium}, {"plist of Firefox", browser.Plist, browser.Gecko},
	} {
		t.Run(c.name, func(t *testing.T) {
			conform(t, c.family, func(t *testing.T) yard { return files(t, c.format, c.family) })
		})
	}
	for _, family := range []browser.Family{browser.Chromium, browser.Gecko} {
		t.Run("registry of "+string(family), func(t *testing.T) {
			conform(t, family, func(*testing.T) yard { return registryYard(managedtest.NewRegistry(), "TEST", family) })
		})
	}
}

// What is compiled can be written in each format, and is then what the browser goes by.
func TestCompiledSettings(t *testing.T) {
	n := 0
	for _, d := range browser.Descriptors() {
		for _, preset := range policy.BrowserPresets() {
			for goos, formats := range map[string][]browser.Format{
				"linux":  {browser.JSONFolder, browser.PoliciesJSON},
				"darwin": {browser.Plist}, "windows": {browser.RegistryKey},
			} {
				s, err := managed.Compile(preset.Browsers, d, managed.Facts{GOOS: goos})
				must(t, err)
				for _, format := range formats {
					if (format == browser.JSONFolder) != (d.Family == browser.Chromium) && goos == "linux" {
						continue
					}
					y := registryYard(managedtest.NewRegistry(), "TEST", d.Family)
					if format != browser.RegistryKey {
						y = files(t, format, d.Family)
					}
					for _, changes := range []bool{true, false} {
						changed, err := y.store.Apply(s)
						if found := managed.Judge(s, y.store.Sources()); err != nil || changed != changes || len(found) > 0 {
							t.Errorf("%s for %s in %s: changed %v, want %v; %v; %+v", d.ID, preset.Name, format, changed, changes, err, found)
						}
					}
					if _, err := y.store.Remove(); err != nil || y.left(t) != 0 {
						t.Errorf("%s for %s in %s: %d things are left; %v", d.ID, preset.Name, format, y.left(t), err)
					}
					n++
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d combinations", n)
	}
}

// A value of a type that is not written here is others' too, and is given back as it was.
func TestRegistryGivesOtherTypesBack(t *testing.T) {
	r := managedtest.NewRegistry()
	y := registryYard(r, "TEST", browser.Chromium)
	key := `TEST\SOFTWARE\Policies\Vendor\Browser`
	quad := managed.RegistryValue{Type: 11, Data: []byte{2, 0, 0, 0, 0, 0, 0, 0}}
	must(t, r.Set(key, "privatemode", quad))
	must(t, r.Set(key+`\recommended`, "Theirs", quad))
	if found := managed.Judge(settings(browser.Chromium), y.store.Sources()); !managed.Failing(found) {
		t.Error("a setting of another type is taken for ours")
	}
	if _, err := y.store.Apply(settings(browser.Chromium)); err != nil {
		t.Fatal(err)
	}
	if found := managed.Judge(settings(browser.Chromium), y.store.Sources()); len(found) > 0 {
		t.Errorf("after Apply: %+v", found)
	}
	if _, err := y.store.Remove(); err != nil {
		t.Fatal(err)
	}
	c, err := r.Read(key)
	must(t, err)
	if diff := cmp.Diff(map[string]managed.RegistryValue{"privatemode": quad}, c.Values); diff != "" {
		t.Errorf("values afterwards:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"recommended"}, c.Keys); diff != "" {
		t.Errorf("keys afterwards:\n%s", diff)
	}
}

func TestFormatsThatTheSystemLacks(t *testing.T) {
	if _, err := managed.NewStore(browser.Place{Format: "other", Path: "x"}, browser.Gecko, ""); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an unknown format: %v", err)
	}
}
