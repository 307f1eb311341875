package managed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipguard/browser"
)

// Registry is a tree of keys with values, as Windows has it below HKEY_LOCAL_MACHINE. Keys are separated by backslashes; case
// does not count in names.
type Registry interface {
	// Read returns what is in a key; the error wraps fs.ErrNotExist when there is no such key.
	Read(key string) (RegistryContent, error)
	// Set writes a value, and makes the key where it is missing.
	Set(key, name string, v RegistryValue) error
	// Delete removes a value; it is no error when there is none.
	Delete(key, name string) error
	// DeleteKey removes a key in which nothing is left.
	DeleteKey(key string) error
}

// RegistryContent is what is in a key.
type RegistryContent struct {
	Values map[string]RegistryValue
	Keys   []string
	// Written is when a value of the key, or one of the keys directly below it, last came, went or changed; zero: unknown.
	Written time.Time
}

// RegistryValue is a value with its type, by the numbers of winnt.h.
type RegistryValue struct {
	Type uint32
	Int  uint32 // of a DWORD
	Text string // of an SZ
	Data []byte // of every other type, as it is stored
}

// The types that are written.
const (
	RegistrySZ    uint32 = 1
	RegistryDWORD uint32 = 4
)

// MarksKey is where it is kept what is ours, with the path of the policies' key as the value's name.
const MarksKey = `SOFTWARE\ipguard\Browsers`

type registryStore struct {
	registry     Registry
	key, marks   string
	name, prefix string
	family       browser.Family
}

// NewRegistryStore returns the store for a key of a registry.
func NewRegistryStore(r Registry, p browser.Place, family browser.Family, prefix string) Store {
	s := registryStore{registry: r, key: p.Path, marks: MarksKey, name: p.Path, prefix: prefix, family: family}
	if prefix != "" {
		s.key, s.marks = prefix+`\`+p.Path, prefix+`\`+MarksKey
	}
	return s
}

// Sources implements Store. The account's own key below HKEY_CURRENT_USER is not read: that of the machine counts more.
func (r registryStore) Sources() []Source {
	s := Source{Name: `HKLM\` + r.key, Own: true, Shared: true, Loose: true}
	values, err := r.tree(r.key, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Fault = FaultMissing
	case errors.Is(err, errCrowd):
		s.Fault = FaultTooBig
	case err != nil:
		s.Fault = FaultUnreadable
	default:
		s.Values = values
		// What decides about private windows is a value of the key itself.
		if c, err := r.registry.Read(r.key); err == nil {
			s.Since = c.Written
		}
	}
	return []Source{s}
}

// Apply implements Store.
func (r registryStore) Apply(s Settings) (bool, error) {
	if len(s.Values) == 0 {
		return r.Remove()
	}
	want, err := r.represent(s.Values)
	if err != nil {
		return false, fmt.Errorf("encoding settings: %w", err)
	}
	have, err := r.tree(r.key, 0)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return false, fmt.Errorf("reading settings: %w", err)
	}
	fold(have, want)
	m, text, err := r.mark()
	if err != nil {
		return false, fmt.Errorf("reading settings: %w", err)
	}
	merged, next := merge(m.others(have, want), want)
	next.Made = m.Made || missing
	data, err := json.Marshal(next.values())
	if err != nil {
		return false, fmt.Errorf("encoding settings: %w", err)
	}
	changed := text != string(data)
	if changed {
		// First, so that what is replaced is known whatever happens then.
		if err := r.registry.Set(r.marks, r.name, RegistryValue{Type: RegistrySZ, Text: string(data)}); err != nil {
			return false, fmt.Errorf("writing settings: %w", err)
		}
	}
	wrote, err := r.change(r.key, have, merged)
	if err != nil {
		return changed || wrote, fmt.Errorf("writing settings: %w", err)
	}
	return changed || wrote, nil
}

// Remove implements Store.
func (r registryStore) Remove() (bool, error) {
	m, text, err := r.mark()
	if err != nil {
		return false, fmt.Errorf("reading settings: %w", err)
	}
	if text == "" {
		return false, nil
	}
	have, err := r.tree(r.key, 0)
	if err == nil {
		if _, err = r.change(r.key, have, m.others(have, nil)); err == nil && m.Made {
			r.prune(r.key)
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = r.registry.Delete(r.marks, r.name)
	}
	if err != nil {
		return false, fmt.Errorf("removing settings: %w", err)
	}
	r.prune(r.marks)
	return true, nil
}

// Watch implements Store.
func (registryStore) Watch() []string { return nil }

func (r registryStore) mark() (mark, string, error) {
	c, err := r.registry.Read(r.marks)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, "", nil
	}
	if err != nil {
		return mark{}, "", err
	}
	for name, v := range c.Values {
		if strings.EqualFold(name, r.name) {
			top, err := object([]byte(v.Text))
			if err != nil {
				return mark{}, v.Text, nil // forged or damaged: nothing is known to be ours
			}
			m, _ := readMark(top)
			return m, v.Text, nil
		}
	}
	return mark{}, "", nil
}

// prune removes a key and those above it as long as nothing is left in them, but none that Windows itself has.
func (r registryStore) prune(key string) {
	for key != r.prefix {
		at := strings.LastIndexByte(key, '\\')
		name := key[at+1:]
		if at < 0 || strings.EqualFold(name, "Policies") || strings.EqualFold(name, "SOFTWARE") {
			return
		}
		if c, err := r.registry.Read(key); err != nil || len(c.Values)+len(c.Keys) > 0 || r.registry.DeleteKey(key) != nil {
			return
		}
		key = key[:at]
	}
}

// represent turns settings into what a registry holds: whole numbers and text; lists of text as keys with numbered values;
// anything else as JSON in text, except that Firefox has a key for an object.
func (r registryStore) represent(values map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range values {
		switch v := v.(type) {
		case bool:
			out[name] = 0
			if v {
				out[name] = 1
			}
		case int, string:
			out[name] = v
		case []any:
			if texts(v) {
				out[name] = v
				continue
			}
		case map[string]any:
			if r.family == browser.Gecko && !slices.Contains(asJSON(), name) {
				inner, err := r.represent(v)
				if err != nil {
					return nil, err
				}
				out[name] = inner
				continue
			}
		}
		if _, done := out[name]; done {
			continue
		}
		data, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[name] = string(data)
	}
	return out, nil
}

// asJSON lists the objects that Firefox's templates for group policies take as JSON in one text:
// https://github.com/mozilla/policy-templates.
func asJSON() []string {
	return []string{
		"3rdparty", "AIControls", "AutoLaunchProtocolsFromOrigins", "Containers", "ExemptDomainFileTypePairsFromFileTypeDownloadWarnings",
		"ExtensionSettings", "Handlers", "ManagedBookmarks", "Preferences", "WebsiteFilter",
	}
}

func texts(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok })
}

// fold spells names as we do: case does not count in a registry.
func fold(have, want map[string]any) {
	for name := range want {
		if _, there := have[name]; there {
			continue
		}
		for _, other := range slices.Collect(maps.Keys(have)) {
			if strings.EqualFold(other, name) {
				have[name] = have[other]
				delete(have, other)
			}
		}
	}
}

// ordinal is the name of the n-th value of a list, from 0.
func ordinal(n int) string { return strconv.Itoa(n + 1) }
