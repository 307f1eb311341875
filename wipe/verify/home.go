package verify

import (
	"context"
	"errors"
	"io"
	"path"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// Tree is a root that must be as its baseline says.
type Tree struct {
	Root     *walk.Dir
	Manifest *baseline.Reader
	Match    catalog.Match
	Mounts   map[string]bool // mount points below the root, relative, from the kernel's list
	Scope    func(name string) bool
	Live     bool // the account's desktop is running
	// Thorough reads executables and autostart entries again even where nobody seems to have touched them.
	Thorough bool
	// Restamp, if set, gets the manifest with fresh stamps for entries that turned out to be unchanged. It is nil after a
	// reading that could not write it to its end.
	Restamp *baseline.Writer
}

// level is a directory of the baseline on the way down; dir is nil where it is not there or not to be entered.
type level struct {
	dir   *walk.Dir
	rel   string
	match catalog.Match
	quiet bool // its entries are neither present nor missing: something is mounted over it
}

// Read reads the whole tree once and adds what it finds to the findings. Errors: baseline.ErrCorrupt, or the context's.
func (t *Tree) Read(ctx context.Context, out *Findings) error {
	root, err := t.Root.Info()
	if err != nil {
		return err
	}
	r := &reader{Tree: t, out: out, mount: root.Mount}
	defer r.closeTo(0)
	for {
		g, err := t.Manifest.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return baseline.ErrCorrupt
		}
		if err := r.group(ctx, g); err != nil {
			return err
		}
		if t.Restamp != nil {
			if err := t.Restamp.Write(g); err != nil {
				t.Restamp = nil // no space for it: slower next time, not wrong
			}
		}
	}
}

type reader struct {
	*Tree
	out   *Findings
	mount uint64
	stack []level
}

// group reads one directory of the baseline. The stack holds its ancestors.
func (r *reader) group(ctx context.Context, g *baseline.Group) error {
	if g.Depth > len(r.stack) {
		return baseline.ErrCorrupt
	}
	r.closeTo(g.Depth)
	here := level{dir: r.Root, match: r.Match}
	if g.Depth > 0 {
		here = r.down(r.stack[g.Depth-1], g.Self.Name)
	}
	r.stack = append(r.stack, here)
	if here.quiet {
		return nil
	}
	seen := make([]bool, len(g.Children))
	if here.dir != nil {
		if err := r.names(ctx, here, g, seen); err != nil {
			return err
		}
		r.self(here, g)
	}
	for i, ok := range seen {
		if !ok {
			r.lost(here, &g.Children[i])
		}
	}
	return nil
}

// down opens a directory of the baseline below another; an absent one was counted with its parent's entries.
func (r *reader) down(up level, name string) level {
	here := level{rel: path.Join(up.rel, name), match: up.match.Child(name), quiet: up.quiet}
	if up.dir == nil || r.Mounts[here.rel] {
		here.quiet = here.quiet || r.Mounts[here.rel]
		return here
	}
	sub, err := up.dir.Enter(name)
	switch {
	case err == nil:
		here.dir = sub
	case errors.Is(err, walk.ErrMount):
		here.quiet = true
	case !errors.Is(err, walk.ErrNotExist) && !errors.Is(err, walk.ErrNotDir) && !errors.Is(err, walk.ErrLink):
		r.out.add(here.match, wipe.Residual, wipe.CodeUnreadable, 1, 0)
		here.quiet = true
	}
	return here
}

func (r *reader) closeTo(depth int) {
	for len(r.stack) > depth {
		top := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if top.dir != nil && top.dir != r.Root {
			top.dir.Close()
		}
	}
}

func (r *reader) names(ctx context.Context, here level, g *baseline.Group, seen []bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := here.dir.Names(512)
		for _, name := range names {
			if g.Depth > 0 || r.Scope == nil || r.Scope(name) {
				r.name(ctx, here, g, name, seen)
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			r.out.add(here.match, wipe.Residual, wipe.CodeUnreadable, 1, 0)
			return nil
		}
	}
}

// name judges one name on the disk.
func (r *reader) name(ctx context.Context, here level, g *baseline.Group, name string, seen []bool) {
	m := here.match.Child(name)
	at := g.Find(name)
	if r.Mounts[path.Join(here.rel, name)] {
		r.mounted(m, at, seen)
		return
	}
	info, err := here.dir.Stat(name)
	if errors.Is(err, walk.ErrNotExist) {
		return
	}
	switch {
	case err != nil:
		r.out.add(m, wipe.Residual, wipe.CodeUnreadable, 1, 0)
	case info.Mount != r.mount:
		r.mounted(m, at, seen)
		return
	case at < 0 || g.Children[at].Type != info.Type:
		r.stray(ctx, here.dir, name, info, m)
		return
	default:
		r.entry(here, &g.Children[at], info, m)
	}
	if at >= 0 {
		seen[at] = true
	}
}

func (r *reader) mounted(m catalog.Match, at int, seen []bool) {
	if at >= 0 {
		seen[at] = true
	}
	r.out.add(m, wipe.Skipped, wipe.CodeMount, 1, 0)
}

// lost counts an entry of the baseline that is not there.
func (r *reader) lost(here level, e *baseline.Entry) {
	m := here.match.Child(e.Name)
	switch {
	case r.Live && m.Kind() == wipe.KindLive:
		r.out.add(m, wipe.Skipped, wipe.CodeLiveSession, 1, 0)
	case m.Kind() == wipe.KindKept:
		r.out.add(m, wipe.Skipped, wipe.CodeKeepRule, 1, 0)
	case m.Kind() == wipe.KindVolatile:
		r.out.add(m, wipe.Skipped, wipe.CodeVolatile, 1, 0)
	default:
		r.out.add(m, wipe.Residual, wipe.CodeMissing, 1, 0)
	}
}

// stray counts an entry that the baseline does not have, with everything below it.
func (r *reader) stray(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match) {
	s := strays{out: r.out, mount: r.mount, live: r.Live}
	s.count(ctx, d, name, info, m)
}
