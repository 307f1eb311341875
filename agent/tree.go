package agent

import (
	"io"
	"path"
	"strings"

	"ipguard/wipe/walk"
)

// manyNames is a number of names that no browser's folder comes near.
const manyNames = 8192

// tree shows a home to package browser by way of the safe walk.
type tree struct {
	home   *walk.Dir
	mounts map[string]bool
}

// List implements browser.Tree.
func (t tree) List(rel string) ([]string, error) {
	var all []string
	err := t.at(rel, func(d *walk.Dir) error {
		for len(all) < manyNames {
			names, err := d.Names(512)
			all = append(all, names...)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// IsFile implements browser.Tree.
func (t tree) IsFile(rel string) bool {
	found := false
	dir, name := path.Split(rel)
	err := t.at(dir, func(d *walk.Dir) error {
		info, err := d.Stat(name)
		found = err == nil && info.Type == walk.File
		return nil
	})
	return err == nil && found
}

// exists reports whether there is anything under a path.
func (t tree) exists(rel string) bool {
	dir, name := path.Split(rel)
	return t.at(dir, func(d *walk.Dir) error {
		_, err := d.Stat(name)
		return err
	}) == nil
}

// Read implements browser.Tree.
func (t tree) Read(rel string, limit int) (data []byte, err error) {
	dir, name := path.Split(rel)
	err = t.at(dir, func(d *walk.Dir) error {
		f, _, err := d.OpenFile(name)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err = io.ReadAll(io.LimitReader(f, int64(limit)))
		return err
	})
	return data, err
}

// at goes down to a folder, never through a link or into a mount, and calls do there.
func (t tree) at(rel string, do func(*walk.Dir) error) error {
	rel = strings.Trim(rel, "/")
	d, done := t.home, ""
	if rel == "" {
		if err := d.Rewind(); err != nil {
			return err
		}
		return do(d)
	}
	for name := range strings.SplitSeq(rel, "/") {
		done = path.Join(done, name)
		if t.mounts[done] {
			return walk.ErrMount
		}
		sub, err := d.Enter(name)
		if err != nil {
			return err
		}
		defer sub.Close()
		d = sub
	}
	return do(d)
}
