package baseline

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// Errors of a capture.
var (
	ErrTooManyFiles = errors.New("more files than a baseline may have")
	ErrTooManyBytes = errors.New("more bytes than a baseline may have")
	ErrChanging     = errors.New("a file changed while it was read")
)

// Left is something that a capture did not take into the baseline.
type Left struct {
	Rel      string // for the caller's own terminal only
	Artifact wipe.ArtifactID
	Class    wipe.Class
	Rule     wipe.Enroll
}

// Tally counts what a capture took of one artifact.
type Tally struct {
	Artifact wipe.ArtifactID
	Class    wipe.Class
	Rule     wipe.Enroll
	Files    int
	Bytes    int64
}

// Naming says how a path stands to those that a refresh takes anew.
type Naming uint8

// The namings.
const (
	NotNamed     Naming = iota
	LeadsToNamed        // a folder above a named path
	IsNamed             // a named path, or below one
)

// Capture reads a tree into a manifest and copies. It is used once.
type Capture struct {
	Root   *walk.Dir
	Match  catalog.Match
	Mounts map[string]bool
	Scope  func(name string) bool
	// MaxFiles and MaxBytes end the capture with an error when the tree has more.
	MaxFiles int
	MaxBytes int64
	// Left hears of what is left out; nil is allowed.
	Left func(Left)
	// Took hears of every file and link that is taken; nil is allowed.
	Took func(rel string, class wipe.Class)
	// Old and Named make it a refresh: what is not named comes from the old baseline, whatever is on the disk.
	Old   *Tree
	Named func(rel string) Naming

	files  int
	bytes  int64
	mount  uint64
	tally  map[wipe.ArtifactID]*Tally
	copies string
	out    *Writer
}

// place is a directory on the way down; d is nil where only the old baseline has it, or only that counts.
type place struct {
	d     *walk.Dir
	rel   string
	depth int
	self  Entry
	match catalog.Match
}

// Run captures into the manifest file and the folder copies, neither of which may exist.
func (c *Capture) Run(ctx context.Context, manifest, copies string) error {
	info, err := c.Root.Info()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(manifest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return walk.Reason("writing a manifest", err)
	}
	defer f.Close()
	if err := os.Mkdir(copies, 0o700); err != nil {
		return walk.Reason("making the copies", err)
	}
	c.mount, c.copies, c.tally, c.out = info.Mount, copies, map[wipe.ArtifactID]*Tally{}, NewWriter(f)
	self := entryOf("", info)
	if self.Xattrs, err = c.Root.Xattrs(); err != nil {
		return err
	}
	if c.Scope != nil {
		self = Entry{} // a folder of others: how it is itself is not for a baseline to say
	}
	if err := c.dir(ctx, place{d: c.Root, self: self, match: c.Match}); err != nil {
		return err
	}
	return c.out.Close()
}

// Count returns how many entries and bytes were taken.
func (c *Capture) Count() (files int, bytes int64) { return c.files, c.bytes }

// Taken returns what was taken, by artifact.
func (c *Capture) Taken() []Tally {
	all := make([]Tally, 0, len(c.tally))
	for _, t := range c.tally {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Tally) int { return cmp.Compare(a.Artifact, b.Artifact) })
	return all
}

func (c *Capture) dir(ctx context.Context, at place) error {
	names, err := c.names(ctx, at)
	if err != nil {
		return err
	}
	g := &Group{Depth: at.depth, Self: at.self}
	for _, name := range names {
		if at.depth == 0 && c.Scope != nil && !c.Scope(name) {
			continue
		}
		e, ok, err := c.pick(ctx, at, name)
		if err != nil {
			return err
		}
		if ok {
			g.Children = append(g.Children, e)
		}
	}
	if err := c.out.Write(g); err != nil {
		return err
	}
	for _, e := range g.Children {
		if e.Type == walk.Directory {
			if err := c.enter(ctx, at, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// names returns the sorted names on the disk and, in a refresh, in the old baseline.
func (c *Capture) names(ctx context.Context, at place) ([]string, error) {
	var all []string
	for at.d != nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		names, err := at.d.Names(batch)
		all = append(all, names...)
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	if c.Old != nil {
		all = append(all, c.Old.names(at.rel)...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (c *Capture) enter(ctx context.Context, at place, e Entry) error {
	sub := place{rel: path.Join(at.rel, e.Name), depth: at.depth + 1, self: e, match: at.match.Child(e.Name)}
	if at.d != nil && c.naming(sub.rel) != NotNamed {
		var err error
		if sub.d, err = at.d.Enter(e.Name); err != nil {
			return err
		}
		defer sub.d.Close()
	}
	if err := os.Mkdir(c.copy(sub.rel), 0o700); err != nil {
		return walk.Reason("making the copies", err)
	}
	if err := c.dir(ctx, sub); err != nil {
		return err
	}
	// Mode and time of a copied directory come last, because its entries change them.
	f, err := os.Open(c.copy(sub.rel))
	if err != nil {
		return walk.Reason("making the copies", err)
	}
	defer f.Close()
	return c.dress(f, e)
}

// naming says where a path's entry comes from; everything is named when it is not a refresh.
func (c *Capture) naming(rel string) Naming {
	if c.Old == nil {
		return IsNamed
	}
	return c.Named(rel)
}

// pick decides from where the entry name comes and captures it; false means that it is left out.
func (c *Capture) pick(ctx context.Context, at place, name string) (Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, false, err
	}
	rel, m := path.Join(at.rel, name), at.match.Child(name)
	naming := c.naming(rel)
	if naming == IsNamed {
		return c.fromDisk(at.d, rel, name, m)
	}
	old, known := c.Old.entry(rel)
	if naming == LeadsToNamed && at.d != nil {
		if info, err := at.d.Stat(name); err == nil && info.Type == walk.Directory {
			if !known || old.Type != walk.Directory {
				return c.fromDisk(at.d, rel, name, m)
			}
			return old, true, c.count(rel, old.Type, old.Size, m)
		}
	}
	if !known {
		return Entry{}, false, nil
	}
	if err := c.count(rel, old.Type, old.Size, m); err != nil {
		return Entry{}, false, err
	}
	return old, true, c.Old.copyTo(rel, old, c.copy(rel))
}

// fromDisk captures an entry as it is on the disk.
func (c *Capture) fromDisk(d *walk.Dir, rel, name string, m catalog.Match) (Entry, bool, error) {
	if d == nil || c.Mounts[rel] {
		return Entry{}, false, nil
	}
	info, err := d.Stat(name)
	if c.Old != nil && errors.Is(err, walk.ErrNotExist) {
		return Entry{}, false, nil
	} else if err != nil {
		return Entry{}, false, err
	}
	if info.Mount != c.mount || info.Type == walk.Other || !c.wanted(rel, info, m) {
		return Entry{}, false, nil
	}
	if err := c.count(rel, info.Type, info.Size, m); err != nil {
		return Entry{}, false, err
	}
	e := entryOf(name, info)
	switch info.Type {
	case walk.File:
		err = c.file(d, rel, &e)
	case walk.Symlink:
		if e.Target, err = d.Readlink(name); err == nil {
			err = linkCopy(e.Target, c.copy(rel))
		}
	case walk.Directory:
		var sub *walk.Dir
		if sub, err = d.Enter(name); err == nil {
			e.Xattrs, err = sub.Xattrs()
			sub.Close()
		}
	}
	return e, err == nil, err
}

// wanted asks the catalogue about an entry, and tells the caller what is left out.
func (c *Capture) wanted(rel string, info walk.Info, m catalog.Match) bool {
	rule := m.Enroll()
	if rule != wipe.EnrollPersonal && rule != wipe.EnrollRebuilt {
		return true
	}
	if info.Type == walk.Directory && m.MayKeepBelow() {
		return true
	}
	if c.Left != nil {
		id, class := m.Artifact()
		c.Left(Left{Rel: rel, Artifact: id, Class: class, Rule: rule})
	}
	return false
}

func (c *Capture) count(rel string, t walk.Type, size int64, m catalog.Match) error {
	c.files++
	c.bytes += size
	if c.files > c.MaxFiles {
		return ErrTooManyFiles
	}
	if c.bytes > c.MaxBytes {
		return ErrTooManyBytes
	}
	if t == walk.Directory {
		return nil
	}
	id, class := m.Artifact()
	row := c.tally[id]
	if row == nil {
		row = &Tally{Artifact: id, Class: class, Rule: m.Enroll()}
		c.tally[id] = row
	}
	row.Files++
	row.Bytes += size
	if c.Took != nil {
		c.Took(rel, class)
	}
	return nil
}
