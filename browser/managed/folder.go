package managed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ownName sorts after what others usually call their files: of two files the one whose name is greater byte by byte counts.
const ownName = "zz-ipguard.json"

// crowd is how many files of a folder are looked at.
const crowd = 1000

// folder is a folder of JSON files, of which one is ours.
//
// Chromium 156, looked at through chrome://policy, reads every regular file in it, also those that are hidden, that are
// called otherwise than .json, and those to which a link leads; it passes over folders, over what it may not read and over
// what its dialect of JSON has not (see relaxed). A FIFO in the folder keeps it from starting at all.
type folder struct {
	disk
	path string
}

func (f folder) own() string { return filepath.Join(f.path, ownName) }

// Sources implements Store.
func (f folder) Sources() []Source {
	own := Source{Name: f.own(), Own: true, Fault: FaultMissing}
	w := f.walk(f.path)
	if w.info == nil {
		return []Source{own}
	}
	if !w.info.IsDir() {
		own.Fault = FaultKind
		return []Source{own}
	}
	dir, err := os.Open(w.path)
	if err != nil {
		own.Fault = FaultUnreadable
		return []Source{own}
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(crowd + 1)
	if !slices.Contains(names, ownName) {
		names = append(names, ownName)
	}
	slices.Sort(names)
	var all []Source
	for _, name := range names {
		path := filepath.Join(f.path, name)
		s := f.source(path, w)
		s.Own = name == ownName
		if s.Own || s.Fault != FaultMissing {
			all = append(all, s)
		}
	}
	if len(names) > crowd {
		all = append(all, Source{Name: f.path, Fault: FaultTooBig})
	}
	return all
}

// source reads one file.
func (f folder) source(path string, dir way) Source {
	data, w, fault := f.read(path)
	s := Source{Name: path, Fault: fault}
	if w.info != nil {
		s.Since = w.info.ModTime()
		if w.info.IsDir() && filepath.Base(path) != ownName {
			s.Fault = FaultMissing // browsers pass over folders
		}
	}
	if s.Fault == FaultUnsafe || s.Fault == "" {
		if !dir.open {
			s.Fault = FaultUnreadable // nobody may list the folder
			return s
		}
		values, err := relaxed(data)
		if err != nil {
			s.Fault = FaultSyntax
			return s
		}
		s.Values = values
	}
	if s.Fault == "" && !dir.safe {
		s.Fault = FaultUnsafe
	}
	return s
}

// Apply implements Store.
func (f folder) Apply(s Settings) (bool, error) {
	if len(s.Values) == 0 {
		return f.Remove()
	}
	data, err := s.JSON()
	if err != nil {
		return false, err
	}
	have, w, fault := f.read(f.own())
	dir := f.tidy(f.own())
	if fault == "" && dir.safe && string(have) == string(data) && ordinary(w.info) && !w.link && dir.open && !held(w.path) {
		return false, nil
	}
	if err := f.write(f.own(), data, true); err != nil {
		return false, fmt.Errorf("writing settings: %w", err)
	}
	return true, nil
}

// Remove implements Store.
func (f folder) Remove() (bool, error) {
	if w := f.walk(f.path); w.info == nil || !w.info.IsDir() {
		return false, nil
	}
	if _, err := os.Lstat(f.own()); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := f.remove(f.own()); err != nil {
		return false, fmt.Errorf("removing settings: %w", err)
	}
	return true, nil
}

// Watch implements Store.
func (f folder) Watch() []string {
	all := append([]string{f.path}, f.parents(f.path)...)
	if w := f.walk(f.path); w.info != nil && !strings.HasPrefix(w.path+"/", f.path+"/") {
		all = append(all, w.path)
	}
	return all
}
