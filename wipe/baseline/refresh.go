package baseline

import (
	"context"
	"io"
	"os"
	"path"

	"ipguard/wipe/walk"
)

// Tree is a baseline in memory, for a refresh: it needs memory for every entry.
type Tree struct {
	copies string
	groups map[string]*Group // by path, "" for the root
}

// LoadTree reads a manifest and remembers where its copies are.
func LoadTree(manifest, copies string) (*Tree, error) {
	r, err := Open(manifest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := &Tree{copies: copies, groups: map[string]*Group{}}
	var at []string
	for {
		g, err := r.Next()
		if err == io.EOF {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		at = append(at[:g.Depth], g.Self.Name)
		t.groups[path.Join(at...)] = g
	}
}

func (t *Tree) names(rel string) []string {
	g := t.groups[rel]
	if g == nil {
		return nil
	}
	names := make([]string, len(g.Children))
	for i, e := range g.Children {
		names[i] = e.Name
	}
	return names
}

// Has reports whether the baseline has an entry at a slash-separated path below its root.
func (t *Tree) Has(rel string) bool {
	_, ok := t.entry(rel)
	return ok
}

func (t *Tree) entry(rel string) (Entry, bool) {
	dir, name := path.Split(rel)
	g := t.groups[path.Clean("/" + dir)[1:]]
	if g == nil {
		return Entry{}, false
	}
	i := g.Find(name)
	if i < 0 {
		return Entry{}, false
	}
	return g.Children[i], true
}

// copyTo gives a new version the copy of an entry. Copies never change, so versions share them.
func (t *Tree) copyTo(rel string, e Entry, to string) error {
	switch e.Type {
	case walk.File:
		if err := os.Link(t.copies+"/"+rel, to); err != nil {
			return walk.Reason("making the copies", err)
		}
	case walk.Symlink:
		return linkCopy(e.Target, to)
	}
	return nil
}

// ChangeKind says how an entry differs from the baseline.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Altered ChangeKind = "changed"
	Gone    ChangeKind = "missing"
)

// Change is one difference between a home and its baseline, for the administrator's own terminal.
type Change struct {
	Rel  string
	Kind ChangeKind
}

// Differences is the visitor that lists differences; a stray folder counts as one.
type Differences struct{ All []Change }

// Extra implements Visitor.
func (l *Differences) Extra(_ context.Context, f *Frame, name string, _ walk.Info) {
	l.add(f, name, Added)
}

// Differs implements Visitor.
func (l *Differences) Differs(_ context.Context, f *Frame, e *Entry) {
	if ok, err := same(f.Dir, e); err != nil || !ok {
		l.add(f, e.Name, Altered)
	}
}

// Missing implements Visitor.
func (l *Differences) Missing(_ context.Context, f *Frame, e *Entry) { l.add(f, e.Name, Gone) }

// Mounted implements Visitor.
func (l *Differences) Mounted(*Frame, string) {}

// Leave implements Visitor.
func (l *Differences) Leave(*Frame) {}

// Failed implements Visitor.
func (l *Differences) Failed(f *Frame, name string, _ error) { l.add(f, name, Altered) }

func (l *Differences) add(f *Frame, name string, kind ChangeKind) {
	l.All = append(l.All, Change{Rel: path.Join(f.Rel, name), Kind: kind})
}
