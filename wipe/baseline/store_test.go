package baseline_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ipguard/wipe/baseline"
)

// commit puts a further version in force.
func commit(t *testing.T, s baseline.Store) baseline.Version {
	t.Helper()
	v, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	v.Info.Home = "/home/public"
	if err := s.Commit(v); err != nil {
		t.Fatal(err)
	}
	return v
}

func newStore(t *testing.T) baseline.Store {
	t.Helper()
	return baseline.Store{Dir: filepath.Join(t.TempDir(), "baseline")}
}

func TestStoreGoesThroughVersions(t *testing.T) {
	s := newStore(t)
	if _, err := s.Current(); !errors.Is(err, baseline.ErrNone) {
		t.Fatalf("an empty store: %v, want ErrNone", err)
	}
	for want := 1; want <= 4; want++ {
		commit(t, s)
		v, err := s.Current()
		if err != nil || v.Info.Version != want || v.Info.Home != "/home/public" {
			t.Fatalf("in force: %+v, %v; want version %d", v, err, want)
		}
	}
	var left []string
	for n := 1; n <= 4; n++ {
		if _, err := os.Stat(filepath.Join(s.Dir, strconv.Itoa(n))); err == nil {
			left = append(left, strconv.Itoa(n))
		}
	}
	if got := strings.Join(left, " "); got != "3 4" {
		t.Errorf("versions %s are kept, want the one in force and one to go back to", got)
	}
}

func TestStoreAbort(t *testing.T) {
	s := newStore(t)
	commit(t, s)
	v, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(v); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Current(); err != nil || v.Info.Version != 1 {
		t.Errorf("in force: %+v, %v; want version 1", v.Info, err)
	}
}

// What a killed enrollment leaves must not push out the version that one could go back to.
func TestStoreForgetsKilledEnrollments(t *testing.T) {
	s := newStore(t)
	commit(t, s)
	commit(t, s)
	for range 3 {
		if _, err := s.Begin(); err != nil { // and killed
			t.Fatal(err)
		}
	}
	if v, err := s.Current(); err != nil || v.Info.Version != 2 {
		t.Fatalf("in force: %+v, %v; want version 2", v.Info, err)
	}
	now := commit(t, s)
	if _, err := os.Stat(filepath.Join(s.Dir, "2", "info.json")); err != nil {
		t.Errorf("the version before %d is gone: %v", now.Info.Version, err)
	}
}

// Whatever is damaged is noticed, nothing else takes its place, and no path leads out of the store.
func TestStoreDamaged(t *testing.T) {
	for name, harm := range map[string]func(s baseline.Store) error{
		"pointer to nowhere": func(s baseline.Store) error { return os.WriteFile(filepath.Join(s.Dir, "current"), []byte("7"), 0o644) },
		"pointer is no number": func(s baseline.Store) error {
			return os.WriteFile(filepath.Join(s.Dir, "current"), []byte("../1"), 0o644)
		},
		"pointer is empty": func(s baseline.Store) error { return os.WriteFile(filepath.Join(s.Dir, "current"), nil, 0o644) },
		"pointer is gone":  func(s baseline.Store) error { return os.Remove(filepath.Join(s.Dir, "current")) },
		"info is gone":     func(s baseline.Store) error { return os.Remove(filepath.Join(s.Dir, "2", "info.json")) },
		"info is empty":    func(s baseline.Store) error { return os.WriteFile(filepath.Join(s.Dir, "2", "info.json"), nil, 0o644) },
		"info of another version": func(s baseline.Store) error {
			data, err := os.ReadFile(filepath.Join(s.Dir, "1", "info.json"))
			return errors.Join(err, os.WriteFile(filepath.Join(s.Dir, "2", "info.json"), data, 0o644))
		},
		"info of another schema": func(s baseline.Store) error {
			return os.WriteFile(filepath.Join(s.Dir, "2", "info.json"), []byte(`{"schema":"ipguard.baseline/9","version":2}`), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			commit(t, s)
			commit(t, s)
			if err := harm(s); err != nil {
				t.Fatal(err)
			}
			v, err := s.Current()
			if !errors.Is(err, baseline.ErrCorrupt) {
				t.Errorf("error %v, want ErrCorrupt", err)
			}
			if !strings.HasPrefix(v.Manifest("home"), s.Dir+string(filepath.Separator)) {
				t.Error("a damaged version leads out of the store")
			}
			if _, err := os.Stat(v.Manifest("home")); !os.IsNotExist(err) {
				t.Errorf("a damaged version has a manifest: %v", err)
			}
			if _, err := os.Stat(filepath.Join(s.Dir, "1", "info.json")); err != nil {
				t.Errorf("the older version: %v", err)
			}
			fresh := commit(t, s)
			if v, err := s.Current(); err != nil || v.Info.Version != fresh.Info.Version {
				t.Errorf("enrolling again: %+v, %v", v.Info, err)
			}
		})
	}
}
