package managedtest

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"ipguard/browser/managed"
)

// Registry is a registry in memory. Like Windows', it makes the keys above one that is written, takes no account of case, and
// removes no key that has keys in it. It is safe for concurrent use.
type Registry struct {
	mu   sync.Mutex
	keys map[string]*key
}

type key struct {
	path   string
	values map[string]managed.RegistryValue
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{keys: map[string]*key{}} }

func missing() error { return fmt.Errorf("opening a key: %w", fs.ErrNotExist) }

// Read implements managed.Registry.
func (r *Registry) Read(path string) (managed.RegistryContent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, there := r.keys[strings.ToLower(path)]
	if !there {
		return managed.RegistryContent{}, missing()
	}
	c := managed.RegistryContent{Values: maps.Clone(k.values)}
	for _, other := range r.keys {
		if at := strings.LastIndexByte(other.path, '\\'); at >= 0 && strings.EqualFold(other.path[:at], path) {
			c.Keys = append(c.Keys, other.path[at+1:])
		}
	}
	slices.Sort(c.Keys)
	return c, nil
}

// Set implements managed.Registry.
func (r *Registry) Set(path, name string, v managed.RegistryValue) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := range path + `\` {
		if at == len(path) || path[at] == '\\' {
			if above := path[:at]; r.keys[strings.ToLower(above)] == nil {
				r.keys[strings.ToLower(above)] = &key{above, map[string]managed.RegistryValue{}}
			}
		}
	}
	values := r.keys[strings.ToLower(path)].values
	for other := range values {
		if strings.EqualFold(other, name) {
			name = other
		}
	}
	values[name] = v
	return nil
}

// Delete implements managed.Registry.
func (r *Registry) Delete(path, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, there := r.keys[strings.ToLower(path)]; there {
		maps.DeleteFunc(k.values, func(other string, _ managed.RegistryValue) bool { return strings.EqualFold(other, name) })
	}
	return nil
}

// DeleteKey implements managed.Registry.
func (r *Registry) DeleteKey(path string) error {
	c, err := r.Read(path)
	if err != nil {
		return err
	}
	if len(c.Keys) > 0 {
		return fmt.Errorf("removing a key: %w", fs.ErrPermission)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, strings.ToLower(path))
	return nil
}
