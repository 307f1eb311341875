package walk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canary is part of every name in these tests: no error may carry it.
const canary = "Zoé-Peeters"

// tree opens a fresh root inside a folder that also has room for what lies outside of it.
func tree(t *testing.T) (_ *Dir, path, outside string) {
	t.Helper()
	top := temporary(t)
	path, outside = filepath.Join(top, canary+" home"), filepath.Join(top, canary+" outside")
	must(t, os.Mkdir(path, 0o700))
	must(t, os.Mkdir(outside, 0o700))
	root, err := Open(path)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	return root, path, outside
}

// temporary makes a folder that is cleared entry by entry: os.RemoveAll, and with it t.TempDir, fails under wine.
func temporary(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("", "walk")
	must(t, err)
	t.Cleanup(func() { must(t, clearAway(verbatim(top))) })
	top, err = filepath.EvalSymlinks(top)
	must(t, err)
	return top
}

func clearAway(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := filepath.Join(path, e.Name())
		if err := os.Remove(p); err != nil && e.IsDir() {
			err = clearAway(p)
			if err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
	}
	return os.Remove(path)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused asserts that err is want and says no name and no path.
func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
	silent(t, err)
}

func silent(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "Peeters") || strings.ContainsAny(err.Error(), `/\`)) {
		t.Errorf("the error carries a name: %v", err)
	}
}

// link makes a link, or says aloud that there can be none here: wine 8 answers "done" and makes nothing.
func link(t *testing.T, target, path string) bool {
	t.Helper()
	must(t, os.Symlink(target, path))
	if _, err := os.Lstat(path); err == nil || !wine() {
		must(t, err)
		return true
	}
	fmt.Fprintf(os.Stderr, "NOT TESTED under wine, which makes no links: %s\n", t.Name())
	return false
}

func put(t *testing.T, text string, path ...string) string {
	t.Helper()
	p := filepath.Join(path...)
	must(t, os.WriteFile(p, []byte(text), 0o600))
	return p
}

func holds(t *testing.T, path, text string) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	if string(got) != text {
		t.Errorf("content is %q, want %q", got, text)
	}
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the entry is still there (%v)", err)
	}
}

func all(t *testing.T, d *Dir, batch int) []string {
	t.Helper()
	var names []string
	for {
		some, err := d.Names(batch)
		if len(some) > batch {
			t.Fatalf("got %d names at once, want at most %d", len(some), batch)
		}
		names = append(names, some...)
		if err == io.EOF {
			slices.Sort(names)
			return names
		}
		must(t, err)
	}
}
