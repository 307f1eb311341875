package policy

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// decoder turns a tree of YAML into the package's own types, by the names in their tags. It is stricter than the YAML
// package is, and says where a problem is without repeating anything from the file.
type decoder struct {
	lines map[string]int // where each key was said
}

// located adds the line to an error of Validate: that of the key, or of the part it is missing in.
func (d *decoder) located(err *FileError) *FileError {
	for key := err.Key; key != "" && err.Line == 0; {
		err.Line = d.lines[key]
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return err
}

func (d *decoder) value(n *yaml.Node, line int, key string, v reflect.Value) error {
	fail := func(p Problem) error { return &FileError{Line: line, Key: key, Problem: p} }
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return fail(ProblemNotPlain)
	}
	d.lines[key] = line
	if want := kindOf(v); n.Kind != want {
		return fail(ProblemWrongType)
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.parts(n, key, v)
	case reflect.Map:
		return d.entries(n, key, v)
	case reflect.Slice:
		all := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
		for i, item := range n.Content {
			if err := d.value(item, item.Line, key+"["+strconv.Itoa(i+1)+"]", all.Index(i)); err != nil {
				return err
			}
		}
		v.Set(all)
		return nil
	default:
		if p := scalar(n, v); p != "" {
			return fail(p)
		}
		return nil
	}
}

// kindOf is the kind of YAML that a value is written as.
func kindOf(v reflect.Value) yaml.Kind {
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		return yaml.MappingNode
	case reflect.Slice:
		return yaml.SequenceNode
	default:
		return yaml.ScalarNode
	}
}

// pairs calls do for each name in a mapping, and refuses a name that is there twice.
func (d *decoder) pairs(n *yaml.Node, key string, do func(name string, line int, value *yaml.Node) error) error {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind != yaml.ScalarNode:
			return &FileError{Line: k.Line, Key: key, Problem: ProblemWrongType}
		case k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
			return &FileError{Line: k.Line, Key: key, Problem: ProblemNotPlain}
		case seen[k.Value]:
			return &FileError{Line: k.Line, Key: key, Problem: ProblemDuplicateKey}
		}
		seen[k.Value] = true
		if err := do(k.Value, k.Line, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// parts decodes a mapping into a struct: what it does not name stays.
func (d *decoder) parts(n *yaml.Node, key string, v reflect.Value) error {
	if b, ok := v.Addr().Interface().(*Browsers); ok {
		if err := d.preset(n, key, b); err != nil {
			return err
		}
	}
	return d.pairs(n, key, func(name string, line int, value *yaml.Node) error {
		field, ok := fieldOf(v, name)
		if ok {
			return d.value(value, line, join(key, name), field)
		}
		if name == presetKey && v.Type() == reflect.TypeFor[Browsers]() {
			return nil // read already
		}
		return &FileError{Line: line, Key: key, Problem: ProblemUnknownKey}
	})
}

// fieldOf finds a field by its name in the file, also in an embedded struct.
func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if found, ok := fieldOf(v.Field(i), name); ok {
				return found, true
			}
		} else if tag := f.Tag.Get("yaml"); tag != "" && tag == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// presetKey names the preset that browsers begin with, wherever it stands among the other keys.
const presetKey = "preset"

func (d *decoder) preset(n *yaml.Node, key string, b *Browsers) error {
	return d.pairs(n, key, func(name string, line int, value *yaml.Node) error {
		if name != presetKey {
			return nil
		}
		var chosen string
		if err := d.value(value, line, join(key, presetKey), reflect.ValueOf(&chosen).Elem()); err != nil {
			return err
		}
		for _, p := range BrowserPresets() {
			if p.Name == chosen {
				*b = p.Browsers
				return nil
			}
		}
		return &FileError{Line: line, Key: join(key, presetKey), Problem: ProblemNotInList}
	})
}

// entries decodes a mapping into a map: a text by language, or files by system. Other names are unknown.
func (d *decoder) entries(n *yaml.Node, key string, v reflect.Value) error {
	names := systems()
	if v.Type() == reflect.TypeFor[Text]() {
		names = Languages()
	}
	all := reflect.MakeMap(v.Type())
	err := d.pairs(n, key, func(name string, line int, value *yaml.Node) error {
		if !slices.Contains(names, name) {
			return &FileError{Line: line, Key: key, Problem: ProblemUnknownKey}
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(value, line, join(key, name), e); err != nil {
			return err
		}
		all.SetMapIndex(reflect.ValueOf(name), e)
		return nil
	})
	if err != nil {
		return err
	}
	v.Set(all)
	return nil
}

// scalar decodes one value. A number is no text, and a text in quotes is neither a number nor true.
func scalar(n *yaml.Node, v reflect.Value) Problem {
	tag := n.ShortTag()
	if v.Type() == reflect.TypeFor[time.Duration]() {
		t, err := time.ParseDuration(n.Value)
		if err != nil {
			return ProblemNotADuration
		}
		v.SetInt(int64(t))
		return ""
	}
	switch v.Kind() {
	case reflect.Bool:
		if tag != "!!bool" || n.Value != "true" && n.Value != "false" {
			return ProblemWrongType
		}
		v.SetBool(n.Value == "true")
	case reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 0)
		if err != nil || tag != "!!int" {
			return ProblemWrongType
		}
		v.SetInt(i)
	case reflect.Int64:
		size, ok := sizeOf(n.Value)
		if !ok {
			return ProblemNotASize
		}
		v.SetInt(size)
	case reflect.String:
		if tag != "!!str" {
			return ProblemWrongType
		}
		v.SetString(n.Value)
	default:
		return ProblemWrongType
	}
	return ""
}

// sizeOf reads a number of bytes: "4GiB", "500MiB", "1048576".
func sizeOf(text string) (int64, bool) {
	unit := int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = strings.TrimRight(number, " "), 1<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit {
		return 0, false
	}
	return int64(n) * unit, true
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
