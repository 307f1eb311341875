package managed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
)

// markName is the member of a file in which it says what is ours. Firefox 153 passes over it without a word.
const markName = "ipguard"

// codec is a format of a file that others write to as well.
type codec interface {
	decode(data []byte) (map[string]any, error)
	encode(top map[string]any) ([]byte, error)
	// settings returns the object with the settings in the whole, made when it is missing; nil: it is no object.
	settings(top map[string]any) map[string]any
	// with returns the whole with those settings.
	with(top, settings map[string]any) map[string]any
	// want returns what the format needs besides.
	want(values map[string]any) map[string]any
}

// file is one file in which our settings stand next to others'.
type file struct {
	disk
	path    string
	instead string // what browsers read when there is no file at path; empty: nothing
	codec   codec
}

// load returns the whole file, its settings and what is ours in it. With FaultSyntax nothing is returned.
func (f file) load(path string) (top, settings map[string]any, w way, fault Fault) {
	data, w, fault := f.read(path)
	if _, binary := f.codec.(propertyList); binary && fault == FaultUnsafe {
		data = nil // a small property list of somebody hostile can unfold to more than the memory holds
	}
	if fault != "" && fault != FaultUnreadable && fault != FaultUnsafe || data == nil {
		return nil, nil, w, fault
	}
	top, err := f.codec.decode(data)
	if err == nil {
		settings = f.codec.settings(top)
	}
	if settings == nil {
		return nil, nil, w, FaultSyntax
	}
	return top, settings, w, fault
}

// Sources implements Store.
func (f file) Sources() []Source {
	_, settings, w, fault := f.load(f.path)
	own := Source{Name: f.path, Own: true, Shared: true, Fault: fault}
	if w.info != nil {
		own.Since = w.info.ModTime()
	}
	if fault == "" && !f.walk(filepath.Dir(f.path)).safe {
		own.Fault = FaultUnsafe
	}
	if fault == "" || fault == FaultUnsafe {
		own.Values = settings
	}
	if fault != FaultMissing || f.instead == "" {
		return []Source{own}
	}
	_, settings, w, fault = f.load(f.instead)
	if fault == FaultMissing {
		return []Source{own}
	}
	other := Source{Name: f.instead, Shared: true, Fault: fault}
	if w.info != nil {
		other.Since = w.info.ModTime()
	}
	if fault == "" || fault == FaultUnsafe {
		other.Values = settings
	}
	return []Source{other, own}
}

// Apply implements Store.
func (f file) Apply(s Settings) (bool, error) {
	if len(s.Values) == 0 {
		return f.Remove()
	}
	dir := f.tidy(f.path)
	want := f.codec.want(s.Values)
	top, settings, w, fault := f.load(f.path)
	m, own := readMark(top[markName])
	switch fault {
	case "", FaultUnreadable:
	case FaultMissing:
		m, own = mark{Made: true}, true
	default:
		// Not the administrator's, or not to be understood: it is kept, but counts no more.
		if _, err := f.folder(filepath.Dir(f.path), true); err != nil {
			return false, fmt.Errorf("writing settings: %w", err)
		}
		if err := f.aside(f.path); err != nil {
			return false, fmt.Errorf("setting an unreadable file aside: %w", err)
		}
		top, settings, m, own = nil, nil, mark{Made: true}, true
	}
	base := m.others(settings, want)
	var taken map[string]string
	if m.Made && f.instead != "" {
		taken = f.takeOver(base)
	}
	merged, next := merge(base, want)
	next.Made, next.Taken = m.Made, taken
	whole := maps.Clone(top)
	if whole == nil {
		whole = map[string]any{}
	}
	whole[markName] = next.values()
	whole = f.codec.with(whole, merged)
	// Another tool may have written the same in another way.
	if fault == "" && Equal(top, whole) && dir.safe && ordinary(w.info) && !w.link && !held(w.path) {
		return false, nil
	}
	data, err := f.codec.encode(whole)
	if err != nil {
		return false, fmt.Errorf("encoding settings: %w", err)
	}
	if w.link && fault == "" {
		if err := f.aside(f.path); err != nil {
			return false, fmt.Errorf("setting a link aside: %w", err)
		}
	}
	if err := f.write(f.path, data, own); err != nil {
		return false, fmt.Errorf("writing settings: %w", err)
	}
	return true, nil
}

// takeOver adds what counted before our file was made, where nobody has said otherwise in it, and returns sums of that.
func (f file) takeOver(base map[string]any) map[string]string {
	taken := map[string]string{}
	_, settings, _, fault := f.load(f.instead)
	if fault != "" {
		return taken
	}
	for name, v := range settings {
		if _, there := base[name]; !there {
			base[name], taken[name] = v, sum(v)
		}
	}
	return taken
}

// Remove implements Store.
func (f file) Remove() (bool, error) {
	top, settings, _, fault := f.load(f.path)
	m, own := readMark(top[markName])
	if fault != "" && fault != FaultUnreadable || !own {
		return false, nil // nothing that is known to be ours
	}
	base := m.others(settings, nil)
	delete(top, markName)
	whole := f.codec.with(top, base)
	if m.Made && len(base) == 0 && len(f.codec.with(map[string]any{}, nil)) == len(whole) {
		if err := f.remove(f.path); err != nil {
			return false, fmt.Errorf("removing settings: %w", err)
		}
		return true, nil
	}
	data, err := f.codec.encode(whole)
	if err == nil {
		err = f.write(f.path, data, true)
	}
	if err != nil {
		return false, fmt.Errorf("removing settings: %w", err)
	}
	return true, nil
}

// Watch implements Store.
func (f file) Watch() []string {
	all := f.parents(f.path)
	if f.instead != "" {
		dir := filepath.Dir(f.instead)
		all = append(all, dir, filepath.Dir(dir)) // it may come later
	}
	return all
}

// policiesJSON is Firefox's file: an object with an object "policies".
type policiesJSON struct{}

const policiesName = "policies"

func (policiesJSON) decode(data []byte) (map[string]any, error) { return object(data) }

func (policiesJSON) encode(top map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(top)
	return out.Bytes(), err
}

func (policiesJSON) settings(top map[string]any) map[string]any {
	settings, _ := top[policiesName].(map[string]any)
	return settings
}

func (policiesJSON) with(top, settings map[string]any) map[string]any {
	if settings == nil {
		settings = map[string]any{}
	}
	top[policiesName] = settings
	return top
}

func (policiesJSON) want(values map[string]any) map[string]any { return values }
