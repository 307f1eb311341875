package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	// FileVersion is the version of the file's form that this program knows.
	FileVersion = 1
	// MaxSize is the most that a file may hold, in bytes.
	MaxSize = 256 << 10
)

// ErrUnsafe is returned for a policy file that somebody else than an administrator could change: the file or its
// folder is not theirs, others may write to it, or it is a link or no file at all.
var ErrUnsafe = errors.New("policy file is not safe from changes")

// document is the form of the file: the version, and beside it the parts of the policy.
type document struct {
	Version int `yaml:"version"`
	Policy
}

// Parse reads a policy: one YAML document, with the keys that the types of this package name. What it does not say
// stays as in Default; a list or a text that it gives takes the place of the built-in one as a whole. Every error is a
// *FileError, and the policy that is returned with it is Default().
func Parse(data []byte) (Policy, error) {
	doc := document{Policy: Default()}
	d, err := decode(data, &doc)
	if err != nil {
		return Default(), err
	}
	if line, given := d.lines["version"]; !given {
		return Default(), &FileError{Key: "version", Problem: ProblemMissing}
	} else if doc.Version != FileVersion {
		return Default(), &FileError{Line: line, Key: "version", Problem: ProblemVersion}
	}
	if err := doc.check(); err != nil {
		return Default(), d.located(err)
	}
	return doc.Policy, nil
}

// Load reads the policy in a file. Without the file, or without its folder, it is Default(), and no error. Errors are
// a *FileError, ErrUnsafe, or what the system said; none names the file. The policy that comes with one is Default().
func Load(path string) (Policy, error) {
	data, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Default(), nil
	case err != nil:
		return Default(), fmt.Errorf("reading policy: %w", bare(err))
	}
	return Parse(data)
}

// bare takes the path out of an error of the system.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// read looks at the folder first: once nobody else can change what is in there, the file cannot be swapped either.
func read(path string) ([]byte, error) {
	dir, err := os.Lstat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !dir.IsDir() || !guarded(dir) || !before.Mode().IsRegular() {
		return nil, ErrUnsafe
	}
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !guarded(info) || !os.SameFile(before, info) {
		return nil, ErrUnsafe
	}
	return io.ReadAll(io.LimitReader(f, MaxSize+1))
}

// decode reads one document into what out points to, over what is there already.
func decode(data []byte, out any) (*decoder, error) {
	if len(data) > MaxSize {
		return nil, &FileError{Problem: ProblemTooLarge}
	}
	if !utf8.Valid(data) || strings.ContainsRune(string(data), 0) {
		return nil, &FileError{Problem: ProblemNotYAML}
	}
	d := &decoder{lines: map[string]int{}}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return nil, broken(err, doc.Kind)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &FileError{Problem: ProblemNotYAML}
	}
	root := doc.Content[0]
	return d, d.value(root, root.Line, "", reflect.ValueOf(out).Elem())
}

// broken says what is wrong with a text that is not one YAML document. What the YAML package says may repeat what is in
// the file: only the line is taken from it.
func broken(err error, kind yaml.Kind) error {
	var documents *yaml.LoadErrors // about how many there are
	var text *yaml.LoadError
	switch {
	case errors.As(err, &documents) && kind == yaml.DocumentNode:
		return &FileError{Problem: ProblemSeveral}
	case errors.As(err, &documents):
		return &FileError{Key: "version", Problem: ProblemMissing}
	case errors.As(err, &text):
		return &FileError{Line: text.Mark.Line, Problem: ProblemNotYAML}
	default:
		return &FileError{Problem: ProblemNotYAML}
	}
}
