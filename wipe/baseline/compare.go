package baseline

import (
	"context"
	"errors"
	"io"
	"path"

	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// batch is how many names are read from a directory at once.
const batch = 512

// Frame is a directory of the baseline during a comparison.
type Frame struct {
	Dir   *walk.Dir
	Rel   string // slash-separated below the root, "" for the root
	Match catalog.Match
	Group *Group
}

// Visitor hears how a tree differs from the baseline. What it does with a difference is its own affair; the comparison
// reads each name again where it matters.
type Visitor interface {
	// Extra is an entry in scope that the baseline does not have, or that has another type there.
	Extra(ctx context.Context, f *Frame, name string, info walk.Info)
	// Differs is an entry of the baseline, of the right type, whose stamp is another. Not called for directories.
	Differs(ctx context.Context, f *Frame, e *Entry)
	// Missing is an entry of the baseline that is not there, or was Extra because of its type.
	Missing(ctx context.Context, f *Frame, e *Entry)
	// Mounted is a name over which another file system is mounted; nothing was asked of that file system.
	Mounted(f *Frame, name string)
	// Leave comes after everything in a directory of the baseline.
	Leave(f *Frame)
	// Failed is an entry, or with an empty name a directory, that could not be read.
	Failed(f *Frame, name string, err error)
}

// Comparison sets what is compared.
type Comparison struct {
	Root     *walk.Dir
	Manifest *Reader // nil: nothing belongs to the baseline
	Match    catalog.Match
	// Mounts has every mount point below the root, slash-separated and relative, from the kernel's own list.
	Mounts map[string]bool
	// Scope says which names of the root directory matter; nil means all.
	Scope func(name string) bool
	// Unlock gives the owner access to directories of the baseline that refuse it. Set it only when changing the tree.
	Unlock bool

	mount uint64
}

// Run compares once. It returns ErrCorrupt or the context's error; everything else is told to the visitor.
func (c Comparison) Run(ctx context.Context, v Visitor) error {
	group := new(Group)
	if c.Manifest != nil {
		var err error
		if group, err = c.Manifest.Next(); err != nil {
			return ErrCorrupt
		}
	}
	info, err := c.Root.Info()
	if err != nil {
		return err
	}
	c.mount = info.Mount
	return c.dir(ctx, v, &Frame{Dir: c.Root, Match: c.Match, Group: group})
}

// presence is what was found under the name of a baseline entry.
type presence uint8

const (
	absent presence = iota
	found
	mounted
)

func (c *Comparison) dir(ctx context.Context, v Visitor, f *Frame) error {
	seen := make([]presence, len(f.Group.Children))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := f.Dir.Names(batch)
		for _, name := range names {
			c.entry(ctx, v, f, name, seen)
		}
		if err == io.EOF {
			break
		} else if err != nil {
			v.Failed(f, "", err)
			break
		}
	}
	for i := range f.Group.Children {
		e := &f.Group.Children[i]
		if seen[i] == absent {
			v.Missing(ctx, f, e)
		}
		if e.Type != walk.Directory {
			continue
		}
		if err := c.enter(ctx, v, f, e, seen[i]); err != nil {
			return err
		}
	}
	v.Leave(f)
	return nil
}

// entry deals with one name on the disk.
func (c *Comparison) entry(ctx context.Context, v Visitor, f *Frame, name string, seen []presence) {
	i, known := f.Group.find(name)
	if f.Rel == "" && c.Scope != nil && !c.Scope(name) {
		return
	}
	mark := func(p presence) {
		if known {
			seen[i] = p
		}
	}
	if len(c.Mounts) > 0 && c.Mounts[path.Join(f.Rel, name)] {
		mark(mounted)
		v.Mounted(f, name)
		return
	}
	info, err := f.Dir.Stat(name)
	switch {
	case errors.Is(err, walk.ErrNotExist):
	case err != nil:
		mark(found)
		v.Failed(f, name, err)
	case info.Mount != c.mount:
		mark(mounted)
		v.Mounted(f, name)
	case !known || f.Group.Children[i].Type != info.Type:
		v.Extra(ctx, f, name, info)
	default:
		mark(found)
		if e := &f.Group.Children[i]; e.Type != walk.Directory && !e.Stamped(info) {
			v.Differs(ctx, f, e)
		}
	}
}

// enter goes down into the baseline directory e, or passes over its part of the manifest.
func (c *Comparison) enter(ctx context.Context, v Visitor, f *Frame, e *Entry, p presence) error {
	depth := f.Group.Depth + 1
	group, err := c.Manifest.Child(depth, e.Name)
	if err != nil {
		return err
	}
	if p == mounted {
		return c.Manifest.Skip(depth)
	}
	sub, err := f.Dir.Enter(e.Name)
	if c.Unlock && errors.Is(err, walk.ErrDenied) && f.Dir.Unlock(e.Name) == nil {
		sub, err = f.Dir.Enter(e.Name)
	}
	if err != nil {
		if !errors.Is(err, walk.ErrNotExist) && !errors.Is(err, walk.ErrNotDir) && !errors.Is(err, walk.ErrLink) {
			v.Failed(f, e.Name, err)
		}
		return c.Manifest.Skip(depth)
	}
	defer sub.Close()
	return c.dir(ctx, v, &Frame{Dir: sub, Rel: path.Join(f.Rel, e.Name), Match: f.Match.Child(e.Name), Group: group})
}
