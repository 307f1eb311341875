package erase

import (
	"context"
	"crypto/rand"
	"errors"

	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// yard is a directory at the top of a root in which emptied directories wait under random names until what they held is
// gone from the medium. ext4 blanks a name when it is removed, but if the directory's block is freed before that was
// written, the block keeps the name. Files whose attributes were overwritten wait there too, for the same reason.
//
// It is given to the account, so that what a killed wipe leaves of it is swept like anything of the account.
type yard struct {
	dir  *walk.Dir
	name string
	info walk.Info
}

// take moves an empty directory, or a file, into the yard.
func (y *yard) take(top *walk.Dir, uid uint32, d *walk.Dir, name string) error {
	if y.dir == nil {
		if err := y.open(top, uid); err != nil {
			return err
		}
	}
	return d.Rename(name, y.dir, baseline.TempPrefix+rand.Text())
}

func (y *yard) open(top *walk.Dir, uid uint32) error {
	name := baseline.TempPrefix + rand.Text()
	if err := top.Mkdir(name); err != nil {
		return err
	}
	dir, err := top.Enter(name)
	if err != nil {
		return err
	}
	info, err := dir.Info()
	if err == nil {
		err = dir.Apply(walk.Attr{Mode: 0o700, UID: uid, GID: info.GID, MTime: info.MTime})
	}
	if err != nil {
		dir.Close()
		return err
	}
	y.dir, y.name, y.info = dir, name, info
	return nil
}

// is reports whether an entry is the yard itself.
func (y *yard) is(info walk.Info) bool {
	return y.dir != nil && info.Inode == y.info.Inode && info.Device == y.info.Device
}

// Waiting reports whether anything waits for Clear.
func (r *Remover) Waiting() bool { return r.yard.dir != nil }

// Clear removes what waits, after names and attributes are gone from the medium. Whatever somebody put there
// meanwhile is removed like any entry.
func (r *Remover) Clear(ctx context.Context, m catalog.Match) {
	if r.yard.dir == nil {
		return
	}
	for range rounds {
		if err := r.yard.dir.Rewind(); err != nil || !r.clearOnce(ctx, m) {
			break
		}
	}
	r.yard.dir.Close()
	r.yard.dir = nil
	// What is left shows when everything is read again.
	_ = r.Top.Remove(r.yard.name, walk.Directory)
}

// clearOnce reports whether anything was there.
func (r *Remover) clearOnce(ctx context.Context, m catalog.Match) (some bool) {
	dir := r.yard.dir
	for ctx.Err() == nil {
		names, err := dir.Names(batch)
		for _, name := range names {
			some = true
			r.Volume.steps.Add(1)
			info, err := dir.Stat(name)
			if err != nil {
				continue
			}
			_ = dir.ClearXattrs(name)
			if err := dir.Remove(name, info.Type); errors.Is(err, walk.ErrNotEmpty) {
				r.Remove(ctx, dir, name, info, m.Child(name))
			}
		}
		if err != nil {
			return some
		}
	}
	return some
}
