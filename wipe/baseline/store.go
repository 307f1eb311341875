package baseline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"ipguard/wipe/walk"
)

// Schema is the version of the layout that this package writes.
const Schema = "ipguard.baseline/1"

// keptVersions is how many versions stay on the disk: the one in force and one to go back to.
const keptVersions = 2

// ErrNone says that the account has no baseline.
var ErrNone = errors.New("no baseline")

// Info describes a version of a baseline.
type Info struct {
	Schema  string `json:"schema"`
	Version int    `json:"version"`
	Day     string `json:"day"`  // of capture, YYYY-MM-DD
	Home    string `json:"home"` // where the home was when it was captured
	Admin   bool   `json:"admin"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
	// Folders are the folders outside the home that come back as enrolled.
	Folders []Folder `json:"folders,omitempty"`
	// Writable are the folders outside the home that the account can write to, found at enrollment.
	Writable []string `json:"writable,omitempty"`
}

// Folder is a folder outside the home, as far as its names match the pattern.
type Folder struct {
	Manifest string `json:"manifest"`
	Dir      string `json:"dir"`
	Pattern  string `json:"pattern"`
}

// ManifestOf returns the name of a folder's manifest, empty for a folder that was not there at enrollment.
func (i Info) ManifestOf(dir, pattern string) string {
	for _, f := range i.Folders {
		if f.Dir == dir && f.Pattern == pattern {
			return f.Manifest
		}
	}
	return ""
}

// Store is the folder with the versions of one account's baseline.
type Store struct{ Dir string }

// Version is one version in a store.
type Version struct {
	Dir  string
	Info Info
}

// Manifest returns the path of the manifest of a root.
func (v Version) Manifest(root string) string { return filepath.Join(v.Dir, root+".manifest") }

// Copies returns the folder with the copies of a root.
func (v Version) Copies(root string) string { return filepath.Join(v.Dir, root) }

// Current returns the version in force: ErrNone if there is none, ErrCorrupt if it cannot be read. With an error comes a
// version that has nothing, so that no path of it leads out of the store.
func (s Store) Current() (Version, error) {
	nothing := Version{Dir: filepath.Join(s.Dir, "0")} // versions begin with 1
	name, err := os.ReadFile(s.pointer())
	if errors.Is(err, os.ErrNotExist) && !s.committed() {
		return nothing, ErrNone
	} else if err != nil {
		return nothing, ErrCorrupt
	}
	n, err := strconv.Atoi(string(name))
	if err != nil {
		return nothing, ErrCorrupt
	}
	v := Version{Dir: filepath.Join(s.Dir, strconv.Itoa(n))}
	data, err := os.ReadFile(filepath.Join(v.Dir, "info.json"))
	if err != nil {
		return nothing, ErrCorrupt
	}
	if err := json.Unmarshal(data, &v.Info); err != nil || v.Info.Schema != Schema || v.Info.Version != n {
		return nothing, ErrCorrupt
	}
	return v, nil
}

// committed reports whether some version got its description, which comes right before it is put in force.
func (s Store) committed() bool {
	found, err := filepath.Glob(filepath.Join(s.Dir, "[1-9]*", "info.json"))
	return err == nil && len(found) > 0
}

// Begin makes the folder for the next version. Until Commit it is not in force, and Abort removes it.
func (s Store) Begin() (Version, error) {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return Version{}, walk.Reason("making the baseline", err)
	}
	if err := s.tidy(); err != nil {
		return Version{}, err
	}
	numbers, err := s.numbers()
	if err != nil {
		return Version{}, err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	v := Version{Dir: filepath.Join(s.Dir, strconv.Itoa(next)), Info: Info{Schema: Schema, Version: next}}
	if err := os.Mkdir(v.Dir, 0o755); err != nil {
		return Version{}, walk.Reason("making the baseline", err)
	}
	return v, nil
}

// Commit puts the version in force and removes versions that are too old to go back to. Copies and manifests are on the
// medium before the version is.
func (s Store) Commit(v Version) error {
	if err := syncDir(v.Dir); err != nil {
		return err
	}
	data, err := json.MarshalIndent(v.Info, "", "  ")
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(v.Dir, "info.json"), data); err != nil {
		return err
	}
	if err := WriteFile(s.pointer(), []byte(strconv.Itoa(v.Info.Version))); err != nil {
		return err
	}
	numbers, err := s.numbers()
	if err != nil {
		return err
	}
	for i, n := range numbers {
		if n != v.Info.Version && i < len(numbers)-keptVersions {
			if err := s.remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := walk.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// tidy removes versions that an interrupted enrollment left behind: they never got their description.
func (s Store) tidy() error {
	numbers, err := s.numbers()
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if _, err := os.Lstat(filepath.Join(s.Dir, strconv.Itoa(n), "info.json")); errors.Is(err, os.ErrNotExist) {
			if err := s.remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// Abort removes a version that was begun.
func (s Store) Abort(v Version) error { return s.remove(v.Info.Version) }

func (s Store) remove(n int) error {
	if err := os.RemoveAll(filepath.Join(s.Dir, strconv.Itoa(n))); err != nil {
		return walk.Reason("removing a version", err)
	}
	return nil
}

func (s Store) pointer() string { return filepath.Join(s.Dir, "current") }

func (s Store) numbers() ([]int, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, walk.Reason("reading the baseline", err)
	}
	var all []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}

// WriteFile replaces the file at path, readable by all, in one step that survives a power cut.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return walk.Reason("writing", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return walk.Reason("writing", err)
	}
	return nil
}
