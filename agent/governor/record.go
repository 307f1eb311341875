package governor

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ipguard/browser"
)

// record is what is remembered between two runs: where something was written, and how often it had to be put right. It is
// about the machine only: no hour, no account.
type record struct {
	Schema  string    `json:"schema"`
	Repairs int       `json:"repairs"`
	Written []written `json:"written"`
	// Folders are those that had to be made.
	Folders []string `json:"folders,omitempty"`
}

type written struct {
	Family  browser.Family `json:"family"`
	Format  browser.Format `json:"format"`
	Path    string         `json:"path"`
	Instead string         `json:"instead,omitempty"`
}

// RecordName is the name of the record's file in the state folder.
const RecordName = "browsers.json"

const (
	recordSchema = "ipguard.browsers/1"
	recordLimit  = 64 << 10
)

func (w written) place() browser.Place {
	return browser.Place{Format: w.Format, Path: w.Path, Instead: w.Instead}
}

func (r record) clone() record {
	r.Written, r.Folders = slices.Clone(r.Written), slices.Clone(r.Folders)
	return r
}

func (r record) same(o record) bool {
	return r.Repairs == o.Repairs && slices.Equal(r.Written, o.Written) && slices.Equal(r.Folders, o.Folders)
}

func (r record) has(p browser.Place) bool {
	return slices.ContainsFunc(r.Written, func(w written) bool { return key(w.place()) == key(p) })
}

func (r *record) add(s spot) {
	if !r.has(s.place) {
		r.Written = append(r.Written, written{s.descriptor.Family, s.place.Format, s.place.Path, s.place.Instead})
	}
}

// missing lists the folders of a place that are not there.
func missing(s spot) []string {
	var all []string
	for _, dir := range s.store.Watch() {
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			all = append(all, dir)
		}
	}
	return all
}

// made notes which of the folders are there now.
func (r *record) made(dirs []string) {
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() && !slices.Contains(r.Folders, dir) {
			r.Folders = append(r.Folders, dir)
		}
	}
}

// tidy removes the folders that had to be made, as far as nothing is in them, and returns the others.
func (r record) tidy() []string {
	dirs := slices.Clone(r.Folders)
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.DeleteFunc(dirs, func(dir string) bool {
		info, err := os.Lstat(dir)
		return err != nil || !info.IsDir() || os.Remove(dir) == nil // only an empty folder can be removed in this way
	})
}

// load reads the record. A damaged one is forgotten: every place that a browser reads is found again without it.
func (g *Governor) load() record {
	fresh := record{Schema: recordSchema}
	if g.Record == "" {
		return fresh
	}
	info, err := os.Lstat(g.Record)
	if err != nil || !info.Mode().IsRegular() || info.Size() > recordLimit {
		return fresh
	}
	text, err := os.ReadFile(g.Record)
	var r record
	if err != nil || json.Unmarshal(text, &r) != nil || r.Schema != recordSchema || r.Repairs < 0 {
		return fresh
	}
	return r
}

// save writes the record. That it cannot be written costs a count, no protection.
func (g *Governor) save(r record) {
	if g.Record == "" {
		return
	}
	if len(r.Written)+len(r.Folders) == 0 {
		_ = os.Remove(g.Record) // nothing is written anywhere
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(g.Record), 0o755); err != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(g.Record), ".browsers-*")
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Chmod(0o644)
	}
	if f.Close() == nil && err == nil {
		_ = os.Rename(f.Name(), g.Record)
	}
}
