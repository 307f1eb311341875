package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// source is one Go file of the tree.
type source struct {
	path string // relative to the root, with slashes
	text []byte
	set  *token.FileSet
	file *ast.File
}

// test tells whether the file is built for tests only.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// in tells whether the file lies in the folder or below.
func (s source) in(folder string) bool { return strings.HasPrefix(s.path, folder+"/") }

// line is the line of a position.
func (s source) line(pos token.Pos) int { return s.set.Position(pos).Line }

// parse reads one file's text.
func parse(t *testing.T, path string, text []byte) source {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%s does not parse: %v", path, err)
	}
	return source{path, text, set, file}
}

// root returns the top of the tree.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("this test stands two folders below go.mod: %v", err)
	}
	return dir
}

// files lists every file of the tree but git's own and the build results that .gitignore names, all of which lie at the
// top.
func files(t *testing.T) []string {
	t.Helper()
	dir := root(t)
	skip := map[string]bool{".git": true}
	ignored, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		skip[strings.Trim(strings.TrimSpace(line), "/")] = true
	}
	var paths []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		switch rel = filepath.ToSlash(rel); {
		case err != nil:
			return err
		case skip[rel] && d.IsDir():
			return filepath.SkipDir
		case !skip[rel] && !d.IsDir():
			paths = append(paths, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// read returns the content of a file of the tree.
func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sources parses every Go file of the tree.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, path := range files(t) {
		if strings.HasSuffix(path, ".go") {
			all = append(all, parse(t, path, read(t, path)))
		}
	}
	if len(all) == 0 {
		t.Fatal("no Go file found: these tests would pass without having looked at anything")
	}
	return all
}
