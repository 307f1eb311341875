package watch

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/walk"
)

// The bounds of what Folders may answer.
const (
	maxFolders = 64
	maxParts   = 16
)

// folder is a folder that counts, and what the last reading found in it.
type folder struct {
	Folder
	parts []string
	dirty bool
	found
}

// found is what a reading found in a folder and below.
type found struct {
	documents int
	fresh     int    // of them, those that were not known
	print     uint64 // differs when anything is different
	unwatched bool
	unread    bool
}

// tree is what is known of an account's folders.
type tree struct {
	opt     Options
	known   known
	folders []*folder
	absent  bool // there is no home to be read
	refused bool // Folders gave no answer, or named more, or others, than may be
	looked  int  // entries, by the last reading
	layout  []string
	lost    bool // the home could not be watched
}

func newTree(opt Options) tree { return tree{opt: opt, known: newKnown(opt.Known)} }

// mark notes that something happened in a folder.
func (t *tree) mark(i int) {
	if i < len(t.folders) {
		t.folders[i].dirty = true
	}
}

// read reads everything, or the folders that were marked, and tells whether anything is different. With fresh a session
// begins: what it finds is known from now on.
func (t *tree) read(ctx context.Context, acct Account, n *notifier, whole, fresh bool) (changed bool) {
	t.looked = 0
	n.begin(whole)
	before := t.print()
	if fresh {
		t.known.begin()
	}
	home, below, err := t.open(acct)
	t.absent = err != nil
	if err != nil {
		for _, f := range t.folders {
			f.found = found{}
		}
		n.sweep(none)
		t.known.end(t.totals())
		return before != t.print()
	}
	defer home.Close()
	r := reading{ctx: ctx, t: t, n: n, home: filepath.Clean(acct.Home), below: below}
	if whole {
		t.ask(ctx, acct)
		r.top(home)
		for i, f := range t.folders { // before any folder below has taken a watch
			r.lead(home, "", f.parts, i, nil)
		}
		for _, file := range t.layout {
			r.lead(home, "", strings.Split(file, "/"), none, nil)
		}
	}
	for i, f := range t.folders {
		if !whole && !f.dirty {
			continue
		}
		f.dirty, f.found, r.left = false, found{unwatched: t.lost}, t.opt.Entries
		r.lead(home, "", f.parts, i, func(d *walk.Dir) { r.folder(i, d) })
		if !whole {
			n.sweep(i)
		}
	}
	if whole && ctx.Err() == nil {
		n.sweep(none)
	}
	if fresh {
		t.known.end(t.totals())
		for _, f := range t.folders {
			f.fresh = 0
		}
	}
	return before != t.print()
}

// open opens the home, unless a process or a network answers for it. The second answer is what is mounted below it.
func (t *tree) open(acct Account) (*walk.Dir, map[string]bool, error) {
	below := map[string]bool{}
	if t.opt.Mounts != nil {
		mounts, err := t.opt.Mounts()
		if err != nil {
			return nil, nil, err
		}
		home := filepath.Clean(acct.Home)
		if m, ok := host.Of(mounts, home); !ok || m.FUSE() || m.Network() {
			return nil, nil, walk.ErrMount
		}
		for _, m := range host.Below(mounts, home) {
			below[m.Point] = true
		}
	}
	d, err := walk.Open(acct.Home)
	return d, below, err
}

// ask asks which folders there are. What is said of folders that stay is kept.
func (t *tree) ask(ctx context.Context, acct Account) {
	named, err := acct.Folders(ctx)
	if err != nil {
		t.refused = true
		return
	}
	old := map[Folder]*folder{}
	for _, f := range t.folders {
		old[f.Folder] = f
	}
	t.folders, t.refused = nil, false
	for _, f := range named {
		f.Rel = path.Clean(f.Rel)
		parts := strings.Split(f.Rel, "/")
		twice := slices.ContainsFunc(t.folders, func(o *folder) bool { return o.Rel == f.Rel })
		if twice {
			continue // the first class wins
		}
		if !local(f.Rel) || len(parts) > maxParts || len(t.folders) == maxFolders {
			t.refused = true
			continue
		}
		if was := old[f]; was != nil {
			t.folders = append(t.folders, was)
		} else {
			t.folders = append(t.folders, &folder{Folder: f, parts: parts})
		}
	}
	t.layout = nil
	for _, file := range acct.Layout {
		if file = path.Clean(file); local(file) && len(t.layout) < maxFolders {
			t.layout = append(t.layout, file)
		}
	}
}

// local reports whether a clean relative path stays below the home.
func local(rel string) bool {
	return filepath.IsLocal(filepath.FromSlash(rel)) && rel != "."
}

// print differs when anything in any folder does, or which there are.
func (t *tree) print() uint64 {
	var sum uint64
	for _, f := range t.folders {
		sum += f.print
	}
	return sum
}

func (t *tree) totals() map[wipe.Class]int {
	sum := map[wipe.Class]int{}
	for _, f := range t.folders {
		sum[f.Class] += f.documents
	}
	return sum
}

// counts says how many documents are new, by class.
func (t *tree) counts() map[wipe.Class]int {
	fresh := map[wipe.Class]int{}
	for _, f := range t.folders {
		fresh[f.Class] += f.fresh
	}
	if t.known.crowded {
		for class, n := range t.totals() {
			fresh[class] = n - t.known.totals[class]
		}
	}
	for class, n := range fresh {
		if n <= 0 {
			delete(fresh, class)
		}
	}
	return fresh
}

func (t *tree) unwatched() bool {
	return slices.ContainsFunc(t.folders, func(f *folder) bool { return f.unwatched })
}

func (t *tree) unread() bool {
	return t.absent || t.refused || slices.ContainsFunc(t.folders, func(f *folder) bool { return f.unread })
}
