package managed

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

var errCrowd = errors.New("more than settings need")

// The members that stand for a value of a type that is not written here.
const (
	otherType = "registry type"
	otherData = "registry data"
)

// tree reads a key with everything below it. Values become int and string; a key with values "1", "2" and so on becomes a
// list, any other an object. A value and a key of one name: the value counts.
func (r registryStore) tree(key string, depth int) (map[string]any, error) {
	c, err := r.registry.Read(key)
	if err != nil {
		return nil, err
	}
	if depth > 8 || len(c.Values)+len(c.Keys) > crowd {
		return nil, errCrowd
	}
	out := map[string]any{}
	for _, name := range c.Keys {
		below, err := r.tree(key+`\`+name, depth+1)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		out[name] = sequence(below)
	}
	for name, v := range c.Values {
		out[name] = fromRegistry(v)
	}
	return out, nil
}

// sequence returns an object with members "1", "2" and so on as a list.
func sequence(values map[string]any) any {
	list := []any{}
	for n := range len(values) {
		v, there := values[ordinal(n)]
		if !there {
			return values
		}
		list = append(list, v)
	}
	return list
}

func fromRegistry(v RegistryValue) any {
	switch v.Type {
	case RegistryDWORD:
		return int(v.Int)
	case RegistrySZ:
		return v.Text
	}
	return map[string]any{otherType: int(v.Type), otherData: base64.StdEncoding.EncodeToString(v.Data)}
}

// toRegistry is the opposite; false: it takes a key.
func toRegistry(v any) (RegistryValue, bool) {
	switch v := v.(type) {
	case int:
		return RegistryValue{Type: RegistryDWORD, Int: uint32(v)}, true
	case string:
		return RegistryValue{Type: RegistrySZ, Text: v}, true
	case map[string]any:
		kind, ok := v[otherType].(int)
		text, ok2 := v[otherData].(string)
		data, err := base64.StdEncoding.DecodeString(text)
		if ok && ok2 && err == nil {
			return RegistryValue{Type: uint32(kind), Data: data}, true
		}
	}
	return RegistryValue{}, false
}

// change makes a key hold the values of to instead of those of from, and touches nothing that is in both.
func (r registryStore) change(key string, from, to map[string]any) (bool, error) {
	changed := false
	for name, old := range from {
		now, there := to[name]
		_, small := toRegistry(old)
		_, still := toRegistry(now)
		if there && small == still {
			continue
		}
		changed = true
		if err := r.drop(key, name, old); err != nil {
			return changed, err
		}
	}
	for name, now := range to {
		old, there := from[name]
		if there && Equal(old, now) {
			continue
		}
		changed = true
		if v, small := toRegistry(now); small {
			if err := r.registry.Set(key, name, v); err != nil {
				return changed, err
			}
			continue
		}
		members := elements(now)
		if members == nil {
			return changed, fmt.Errorf("a value of no type that a registry has: %w", errors.ErrUnsupported)
		}
		before := elements(old)
		if _, small := toRegistry(old); small {
			before = nil
		}
		below := key + `\` + name
		if len(members) == 0 {
			// A key is made by writing to it.
			err := r.registry.Set(below, ordinal(0), RegistryValue{Type: RegistrySZ})
			if err = errors.Join(err, r.registry.Delete(below, ordinal(0))); err != nil {
				return changed, err
			}
		}
		if _, err := r.change(below, before, members); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// drop removes a value, or a key with what is known to be in it.
func (r registryStore) drop(key, name string, old any) error {
	if _, small := toRegistry(old); small {
		return r.registry.Delete(key, name)
	}
	below := key + `\` + name
	if _, err := r.change(below, elements(old), nil); err != nil {
		return err
	}
	if c, err := r.registry.Read(below); err != nil || len(c.Values)+len(c.Keys) > 0 {
		return nil // somebody was quicker
	}
	return r.registry.DeleteKey(below)
}

// elements returns the members of an object, and those of a list by their numbers; nil: it is neither.
func elements(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		out := map[string]any{}
		for n, element := range slices.All(v) {
			out[ordinal(n)] = element
		}
		return out
	}
	return nil
}
