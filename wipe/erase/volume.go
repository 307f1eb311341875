package erase

import (
	"context"
	"errors"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// Device is what a volume is asked to do, beyond what is done to single files. The errors are those of package storage.
type Device interface {
	Sync() error
	Checkpoint() error
	ClearJournal() error
	FreeEOFBlocks() error
	Trim(ctx context.Context, progress func(done, total int64)) (int64, error)
	Snapshots() (int, error)
}

// Volume is one file system during a wipe: one sync, one journal and one discard serve everything that is erased on it.
// The zero value unlinks and promises nothing more.
type Volume struct {
	Storage storage.Storage
	Method  Method
	Device  Device // nil: nothing can be asked of it

	overwriter *Overwriter
	blanked    bool // values of attributes were overwritten, and must reach their place before the files go
	settled    bool
	unsynced   bool // what was written may not be on the medium
	discarded  bool
	snapshots  bool
	told       int          // progress, in steps
	limits     []wipe.Limit // met on the way, besides the method's
}

// Overwriter returns what writes over the contents on this volume, nil when nothing there is overwritten. Close ends it.
func (v *Volume) Overwriter() *Overwriter {
	if v.overwriter == nil && (v.Method.Overwrite || v.Method.Inline) {
		v.overwriter = newOverwriter(v.Method.Overwrite, v.shares())
	}
	return v.overwriter
}

// tell passes on how much is overwritten, now and then.
func (v *Volume) tell(progress func(files int, bytes int64)) {
	if files, bytes := v.overwriter.written(); progress != nil && files/progressStep != v.told {
		v.told = files / progressStep
		progress(files, bytes)
	}
}

// Flush makes sure that what was overwritten is on the medium. Nothing may be unlinked before.
func (v *Volume) Flush() {
	o := v.overwriter
	if o == nil {
		return
	}
	o.close()
	v.blanked = o.attributes > 0
	if o.touched == 0 || v.Device == nil {
		return
	}
	v.sync()
	if v.blanked && v.Method.Yard {
		v.try(v.Device.Checkpoint(), wipe.LimitNames)
	}
}

// Checkpoint makes sure that the removal of names is on the medium where they were. Directories must not be freed before.
func (v *Volume) Checkpoint() {
	if !v.Method.Yard || v.Device == nil {
		return
	}
	v.try(v.Device.Sync(), wipe.LimitNames)
	v.try(v.Device.Checkpoint(), wipe.LimitNames)
}

// Settle waits until everything is on the medium and clears what the file system keeps of the past. It comes last.
func (v *Volume) Settle(ctx context.Context, progress func(done, total int64)) {
	v.settled = true
	if v.Device == nil {
		return
	}
	if n, err := v.Device.Snapshots(); n > 0 {
		v.snapshots = true
		v.limits = append(v.limits, wipe.LimitSnapshots)
	} else if err != nil && v.Storage.FileSystem == storage.Btrfs && !errors.Is(err, storage.ErrDenied) {
		v.failed()
	}
	v.sync()
	if v.Method.Journal {
		v.try(v.Device.ClearJournal(), wipe.LimitNames)
	}
	if v.Method.EOFBlocks {
		v.try(v.Device.FreeEOFBlocks(), wipe.LimitFreeSpace)
		v.try(v.Device.Sync(), wipe.LimitFreeSpace)
	}
	if v.Method.Trim && ctx.Err() == nil {
		_, err := v.Device.Trim(ctx, progress)
		v.discarded = err == nil
		v.try(err, wipe.LimitFreeSpace)
	}
}

// sync brings all that was written to the medium. Where a whole volume cannot be asked for that, each file was by itself.
func (v *Volume) sync() {
	err := v.Device.Sync()
	if err != nil && !errors.Is(err, storage.ErrUnsupported) && !errors.Is(err, storage.ErrDenied) {
		v.unsynced = true
		v.failed()
	}
}

// try notes what a step that did not succeed leaves possible. That the system does not have the step is no failure.
func (v *Volume) try(err error, leaves wipe.Limit) {
	if err == nil {
		return
	}
	v.limits = append(v.limits, leaves)
	if !errors.Is(err, storage.ErrUnsupported) {
		v.failed()
	}
}

func (v *Volume) failed() { v.limits = append(v.limits, wipe.LimitFailed) }

// Medium says in words how strongly things are erased here, and after Settle how strongly they were.
func (v *Volume) Medium() wipe.Medium {
	m := wipe.Medium{
		FileSystem: string(v.Storage.FileSystem), Device: string(v.Storage.Medium), Encrypted: v.Storage.Encrypted,
		Assurance: v.Method.Assurance, Limits: ordered(slices.Concat(v.Method.Limits, v.limits)),
	}
	if v.settled {
		m.Assurance = v.final(wipe.Result{Outcome: wipe.Erased, Assurance: v.usual()}).Assurance
	}
	return m
}

// usual is the assurance of an ordinary file as far as it is known when the file is removed; empty: the end decides.
func (v *Volume) usual() wipe.Assurance {
	if v.Method.Overwrite {
		return wipe.Overwritten
	}
	return ""
}

// longTarget is from which length on ext4 keeps a link's target in a block instead of the inode, and freeing the block
// leaves the target in it (kernel.org, ext4 "Symbolic Links").
const longTarget = 60

// judge says how strongly removing an entry erases it, as far as that is known now; an empty assurance leaves it to the
// end of the wipe.
func (v *Volume) judge(d *walk.Dir, name string, info walk.Info) (wipe.Assurance, wipe.Code) {
	switch {
	case v.Storage.FileSystem == storage.Tmpfs:
		return "", wipe.CodeNone
	case info.Type == walk.File:
		return v.judgeFile(d, name, info)
	case info.Type == walk.Symlink && !v.Method.Trim:
		if target, err := d.Readlink(name); err != nil || len(target) >= longTarget {
			return wipe.Unlinked, wipe.CodeLinkTarget
		}
	}
	return v.usual(), wipe.CodeNone
}

func (v *Volume) judgeFile(d *walk.Dir, name string, info walk.Info) (wipe.Assurance, wipe.Code) {
	switch {
	case info.Links > 1:
		return wipe.Unlinked, wipe.CodeHardLink
	case v.Method.Overwrite || v.Method.Inline && info.Inline():
		if code := v.overwriter.result(info); code != wipe.CodeNone {
			return wipe.Unlinked, code
		}
		return v.usual(), wipe.CodeNone
	case v.shares() && info.Size > 0 && shared(d, name):
		return wipe.Unlinked, wipe.CodeShared
	}
	return v.usual(), wipe.CodeNone
}

// shares reports whether files of the file system can have blocks in common.
func (v *Volume) shares() bool {
	return v.Storage.FileSystem == storage.XFS || v.Storage.FileSystem == storage.Btrfs
}

// final is what a result of this volume is worth now that the volume is settled.
func (v *Volume) final(r wipe.Result) wipe.Result {
	switch {
	case r.Outcome != wipe.Erased:
	case v == nil:
		r.Assurance = wipe.Unlinked
	case v.snapshots:
		r.Assurance, r.Code = wipe.Unlinked, wipe.CodeSnapshot
	case r.Assurance == wipe.Overwritten && v.unsynced:
		r.Assurance, r.Code = wipe.Unlinked, wipe.CodeIO
	case r.Assurance != "":
	case v.Storage.FileSystem == storage.Tmpfs:
		r.Assurance = wipe.MemoryOnly
	case v.discarded:
		r.Assurance = wipe.Discarded
	default:
		r.Assurance = wipe.Unlinked
	}
	return r
}
