package watch

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"ipguard/wipe/walk"
)

const (
	// batch is how many names are held at a time, on each level.
	batch = 1024
	// deepest is how many levels below a folder are read; each keeps a folder open.
	deepest = 32
)

// reading is one reading of an account's folders.
type reading struct {
	ctx   context.Context
	t     *tree
	n     *notifier
	home  string
	below map[string]bool // paths on which something is mounted
	left  int             // entries of the folder that may still be looked at
}

// path is where a place below the home is.
func (r *reading) path(rel string) string { return filepath.Join(r.home, filepath.FromSlash(rel)) }

// watch sets the watch on a folder of folder i, or one on the way.
func (r *reading) watch(d *walk.Dir, rel string, i int) (*watched, bool) {
	info, err := d.Info()
	if err != nil {
		return nil, false
	}
	return r.n.watch(d, r.path(rel), info, i, r.t.opt.Watches)
}

// top watches the home itself.
func (r *reading) top(home *walk.Dir) {
	w, ok := r.watch(home, "", none)
	if ok {
		w.home = true
	}
	r.t.lost = !ok
}

// lead goes from d along the parts, which lead to folder i, watches each folder on the way, and hands the last to visit.
// With none the last part is a file, and not entered.
func (r *reading) lead(d *walk.Dir, rel string, parts []string, i int, visit func(*walk.Dir)) {
	if len(parts) == 0 {
		if _, ok := r.watch(d, rel, i); !ok {
			r.t.folders[i].unwatched = true
		}
		if visit != nil {
			visit(d)
		}
		return
	}
	w, ok := r.watch(d, rel, none)
	switch {
	case !ok && i != none:
		r.t.folders[i].unwatched = true
	case ok && !slices.Contains(w.parts, parts[0]):
		w.parts = append(w.parts, parts[0])
	}
	if i == none && len(parts) == 1 {
		return
	}
	rel = strings.TrimPrefix(rel+"/"+parts[0], "/")
	sub, err := r.enter(d, rel, parts[0])
	if err != nil {
		if i != none && !errors.Is(err, walk.ErrNotExist) {
			r.t.folders[i].unread = true
		}
		return
	}
	defer sub.Close()
	r.lead(sub, rel, parts[1:], i, visit)
}

// enter enters the folder name unless the mount table says that something is mounted there.
func (r *reading) enter(d *walk.Dir, rel, name string) (*walk.Dir, error) {
	if r.below[r.path(rel)] {
		return nil, walk.ErrMount
	}
	return d.Enter(name)
}

// folder reads folder i.
func (r *reading) folder(i int, d *walk.Dir) {
	info, err := d.Info()
	if err != nil {
		r.t.folders[i].unread = true
		return
	}
	r.inside(i, d, r.t.folders[i].Rel, r.t.known.root(info), 0)
}

// inside reads a folder, depth levels below folder i. Batch by batch, so that not all names of a level are held at once.
func (r *reading) inside(i int, d *walk.Dir, rel string, key uint64, depth int) {
	f := r.t.folders[i]
	for {
		names, err := d.Names(batch)
		for _, name := range names {
			if r.left == 0 || r.ctx.Err() != nil {
				f.unread = true
				return
			}
			r.left--
			r.t.looked++
			r.entry(i, d, rel+"/"+name, name, key, depth)
		}
		if err == io.EOF || errors.Is(err, walk.ErrNotExist) {
			return
		}
		if err != nil {
			f.unread = true
			return
		}
	}
}

func (r *reading) entry(i int, d *walk.Dir, rel, name string, parent uint64, depth int) {
	f, known := r.t.folders[i], &r.t.known
	if len(r.below) > 0 && r.below[r.path(rel)] {
		f.unread = true
		return
	}
	info, err := d.Stat(name)
	if errors.Is(err, walk.ErrNotExist) {
		return
	}
	if err != nil {
		f.unread = true
		return
	}
	key := known.key(parent, name)
	f.print += known.print(key, info)
	if info.Type != walk.Directory {
		if document(name) {
			f.documents++
			if !known.has(key) {
				f.fresh++
			}
		}
		return
	}
	if hidden(name) || slices.ContainsFunc(r.t.folders, func(o *folder) bool { return o.Rel == rel }) {
		return
	}
	if depth == deepest {
		f.unread = true
		return
	}
	r.descend(i, d, rel, name, key, depth+1)
}

// descend reads the folder name, depth levels below folder i, and watches it first unless it lies too deep.
func (r *reading) descend(i int, d *walk.Dir, rel, name string, key uint64, depth int) {
	f := r.t.folders[i]
	sub, err := d.Enter(name)
	if errors.Is(err, walk.ErrNotExist) {
		return
	}
	if err != nil {
		f.unread = true
		return
	}
	defer sub.Close()
	if depth > r.t.opt.Depth {
		f.unwatched = true
	} else if _, ok := r.watch(sub, rel, i); !ok {
		f.unwatched = true
	}
	r.inside(i, sub, rel, key, depth)
}
