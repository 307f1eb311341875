package erase

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"

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
	FreeReserved() error
	Trim(ctx context.Context, progress func(done, total int64)) (int64, error)
	Snapshots() (int, error)
	Sample(*os.File) (storage.Sample, bool)
	Remaining([]storage.Sample) (int, error)
}

// Volume is one file system during a wipe: one sync, one journal and one discard serve everything that is erased on it.
// The zero value unlinks and promises nothing more.
type Volume struct {
	Storage storage.Storage
	Method  Method
	Device  Device // nil: nothing can be asked of it

	overwriter *Overwriter
	flushed    bool
	settled    bool
	unsynced   bool // what was written may not be on the medium
	discarded  bool
	snapshots  bool
	told       int // progress, in steps
	samples    []storage.Sample
	sampled    int          // files that could have been sampled
	limits     []wipe.Limit // met on the way, besides the method's
	steps      atomic.Int64
}

// Steps is how often something was done on this volume so far: it grows for as long as the work goes on. It may be asked
// for from anywhere.
func (v *Volume) Steps() int64 { return v.steps.Load() }

// Overwriter returns what writes over the contents on this volume, nil when nothing there is to be overwritten, or no
// more. Flush ends it.
func (v *Volume) Overwriter() *Overwriter {
	if v.flushed || !v.Method.Overwrite && !v.Method.Inline {
		return nil
	}
	if v.overwriter == nil {
		v.overwriter = v.newOverwriter(false)
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

// unit is the size of the file system's blocks, at most that of a page.
func (v *Volume) unit() int64 {
	if s := v.Storage.BlockSize; s > 0 {
		return min(s, 4096)
	}
	return 4096
}

// Flush makes sure that what was overwritten is on the medium. Nothing may be unlinked before. When the medium failed it
// reports that everything must be overwritten once more: this time each file is asked for by itself, since the kernel
// does not say which of them it was.
func (v *Volume) Flush() (again bool) {
	o := v.overwriter
	if o == nil || v.flushed {
		return false
	}
	o.close()
	v.flushed = true
	if o.touched+o.values == 0 || v.Device == nil {
		return false
	}
	if failed(v.Device.Sync()) && !o.each {
		v.overwriter, v.flushed = v.newOverwriter(true), false
		return true
	} else if o.each {
		v.unsynced = !o.failed(wipe.CodeIO) // else it is known which files it was
		v.failed()
	}
	v.emptyJournal()
	return false
}

// Written makes sure that what another process overwrote here is on the medium. When the medium failed nothing of it may
// be unlinked, and this process overwrites everything once more, each file by itself.
func (v *Volume) Written() bool {
	if v.Device == nil || !v.Method.Overwrite && !v.Method.Inline {
		return true
	}
	if failed(v.Device.Sync()) {
		v.overwriter = v.newOverwriter(true)
		return false
	}
	v.emptyJournal()
	return true
}

// emptyJournal is for a journal that takes contents too: unless it is emptied before the blocks are freed, they never get
// what was written.
func (v *Volume) emptyJournal() {
	if v.Storage.DataJournal && v.Method.Yard {
		v.try(v.Device.Checkpoint(), wipe.LimitNames)
	}
}

func (v *Volume) newOverwriter(each bool) *Overwriter {
	return newOverwriter(v.Method.Overwrite, v.shares(), each, v.unit(), &v.steps)
}

// Late is for what cannot be overwritten before other things are unlinked: do gets an overwriter that brings each file to
// the medium by itself. It is not called where nothing is overwritten.
func (v *Volume) Late(do func(*Overwriter)) {
	if o := v.overwriter; o != nil && v.Method.Overwrite {
		o.each = true
		o.open()
		do(o)
		o.close()
	}
}

// Checkpoint makes sure that the removal of names is on the medium where they were. Directories must not be freed before.
func (v *Volume) Checkpoint() {
	if !v.Method.Yard || v.Device == nil {
		return
	}
	if v.Storage.JournalBytes == 0 {
		v.sync() // without a journal, or without knowing of one, a checkpoint may be nothing
	}
	v.try(v.Device.Checkpoint(), wipe.LimitNames)
}

// Release discards what was freed so far, before anything new is written. What is written takes freed blocks, and more of
// them than it needs, which a discard at the end would pass over with what was in them. Settle discards the rest.
func (v *Volume) Release(ctx context.Context) {
	if !v.Method.Trim || v.Device == nil {
		return
	}
	v.sync()
	if v.Method.EOFBlocks {
		_ = v.Device.FreeEOFBlocks()
		v.sync()
	}
	_, _ = v.Device.Trim(ctx, nil) // what fails here fails there
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
	} else if failed(err) {
		v.failed()
	}
	if v.Method.Trim {
		v.try(v.Device.FreeReserved(), wipe.LimitFreeSpace)
	}
	v.sync()
	if v.Method.Journal {
		v.try(v.Device.ClearJournal(), wipe.LimitNames)
	}
	if v.Method.EOFBlocks {
		v.try(v.Device.FreeEOFBlocks(), wipe.LimitFreeSpace)
		v.sync()
	}
	if v.Method.Trim && ctx.Err() == nil {
		v.discard(ctx, progress)
	}
}

// discard discards what is free and looks whether the device has done so: the kernel does not say when it has not.
func (v *Volume) discard(ctx context.Context, progress func(done, total int64)) {
	left := 0
	for range 2 {
		if _, err := v.Device.Trim(ctx, progress); err != nil {
			v.try(err, wipe.LimitFreeSpace)
			return
		}
		// Where the device cannot be read its word has to do. Some may lie in blocks that the file system has taken for its
		// own records and not yet written; a device that does not discard keeps them all.
		if left, _ = v.Device.Remaining(v.samples); v.unsynced || left <= len(v.samples)/2 {
			left = 0
			break
		}
		v.sync()
	}
	v.discarded = left == 0 && !v.Method.Coarse
	if left > 0 {
		v.limits = append(v.limits, wipe.LimitIgnored, wipe.LimitFreeSpace)
	}
}

// sync brings all that was written to the medium. Where a whole volume cannot be asked for that, each file was by itself.
func (v *Volume) sync() {
	if failed(v.Device.Sync()) {
		v.unsynced = true
		v.failed()
	}
}

// named notes that attributes of an entry could not be cleared: they go with it all the same, into the file system's records.
func (v *Volume) named(err error) {
	if err != nil && !errors.Is(err, walk.ErrNotExist) && !slices.Contains(v.limits, wipe.LimitNames) {
		v.limits = append(v.limits, wipe.LimitNames)
	}
}

// failed reports whether a step was taken and went wrong.
func failed(err error) bool {
	return err != nil && !errors.Is(err, storage.ErrUnsupported) && !errors.Is(err, storage.ErrDenied)
}

// try notes what a step that did not succeed leaves possible. That the system does not have the step is no failure.
func (v *Volume) try(err error, leaves wipe.Limit) {
	if err == nil {
		return
	}
	v.limits = append(v.limits, leaves)
	if failed(err) {
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

// maxSamples is for how many files it is looked up whether the device still has them.
const maxSamples = 32

// sample takes a sample of some of the files that are discarded; of many, each is as likely as any other.
func (v *Volume) sample(d *walk.Dir, name string, info walk.Info) {
	if !v.Method.Trim || v.Method.Overwrite || v.Device == nil || info.Type != walk.File || info.Links > 1 || inRecords(info) {
		return
	}
	at := v.sampled
	v.sampled++
	if at >= maxSamples {
		if at = rand.IntN(v.sampled); at >= maxSamples {
			return
		}
	}
	f, _, err := d.OpenFile(name)
	if err != nil {
		return
	}
	defer f.Close()
	if s, ok := v.Device.Sample(f); ok && at < len(v.samples) {
		v.samples[at] = s
	} else if ok {
		v.samples = append(v.samples, s)
	}
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
	case v.Method.Overwrite || v.Method.Inline && inRecords(info):
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
	case r.Assurance != wipe.Overwritten && r.Assurance != "":
	case v.Storage.FileSystem == storage.Tmpfs:
		r.Assurance = wipe.MemoryOnly
	case v.unsynced:
		r.Assurance, r.Code = wipe.Unlinked, wipe.CodeIO
	case r.Assurance == wipe.Overwritten:
	case v.discarded:
		r.Assurance = wipe.Discarded
	default:
		r.Assurance = wipe.Unlinked
	}
	return r
}
