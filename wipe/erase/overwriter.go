package erase

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ipguard/wipe"
	"ipguard/wipe/walk"
)

const (
	// blockSize is how much is written at once.
	blockSize = 1 << 20
	// writers is how many files are written at the same time: a second one pays, more do not (measured).
	writers = 2
	// waiting is how many open files may wait to be written.
	waiting = 64
	// maxReasons bounds how many files that could not be overwritten are remembered with their reason.
	maxReasons = 4096
)

// Overwriter writes over the contents of files where they are, several at a time. One sync of the volume afterwards
// brings all of it to the medium.
//
// What was overwritten carries a stamp, a time of last change that nobody else can guess: a file that was written to
// since, or was never overwritten, has another one. So nothing needs to be remembered about files that went well.
type Overwriter struct {
	all    bool  // else only what may lie in the file system's own records
	shares bool  // files can have blocks in common, which are never written in place
	each   bool  // each file must reach the medium by itself
	unit   int64 // the blocks of the file system, in bytes
	block  []byte
	zeros  []byte
	stamp  int64

	jobs    chan job
	writing sync.WaitGroup

	mu      sync.Mutex
	reasons map[uint64]wipe.Code // by inode
	end     int64                // when the last file was done, nanoseconds since 1970

	values       int             // of attributes, overwritten
	attributed   map[uint64]bool // what had some, by inode
	touched      int             // files; written from the walk only
	files, bytes atomic.Int64
	steps        *atomic.Int64 // of the volume
}

type job struct {
	ctx  context.Context
	file *os.File
	info walk.Info
	with []byte
}

func newOverwriter(all, shares, each bool, unit int64, steps *atomic.Int64) *Overwriter {
	o := &Overwriter{
		all: all, shares: shares, each: each, unit: unit, block: make([]byte, blockSize), zeros: make([]byte, blockSize),
		reasons: map[uint64]wipe.Code{}, attributed: map[uint64]bool{}, steps: steps,
	}
	// The same random bytes serve for every file: what counts is that the old ones are gone.
	rand.Read(o.block)
	var b [8]byte
	rand.Read(b[:])
	// Even seconds between 1987 and 2021: some file systems keep nothing finer, earlier or later.
	o.stamp = int64(1<<29+binary.LittleEndian.Uint32(b[:])&(1<<30-1)&^1) * int64(time.Second)
	o.open()
	return o
}

// open makes the overwriter ready for files, also once more after it was closed.
func (o *Overwriter) open() {
	jobs := make(chan job, waiting)
	o.jobs = jobs
	for range writers {
		o.writing.Go(func() {
			for j := range jobs {
				o.write(j)
			}
		})
	}
}

// Entry overwrites the content of an entry and the values of its attributes.
func (o *Overwriter) Entry(ctx context.Context, d *walk.Dir, name string, info walk.Info) {
	o.entry(ctx, d, name, info, o.block)
}

// inRecords reports whether a file is so small that the file system may keep its content in its own records: an inode of
// ext4 is smaller than a block.
func inRecords(info walk.Info) bool {
	return info.Type == walk.File && info.Size > 0 && info.Size < 4096
}

// Own overwrites the attributes that a directory of the baseline has besides those that belong to it.
func (o *Overwriter) Own(d *walk.Dir, kept []walk.Xattr) {
	if !o.all {
		return
	}
	n, err := d.BlankOwnXattrs(kept)
	if errors.Is(err, walk.ErrDenied) && d.Unlock("") == nil {
		n, _ = d.BlankOwnXattrs(kept)
	}
	o.blanked(walk.Info{}, n)
}

// blanked notes that attributes of an entry were overwritten.
func (o *Overwriter) blanked(info walk.Info, n int) {
	if n == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.values += n
	if len(o.attributed) < maxReasons {
		o.attributed[info.Inode] = true
	}
}

// attributes reports whether values of an entry's attributes were overwritten, or may have been. They can lie in a block
// of their own, which must not be freed before it is written.
func (o *Overwriter) attributes(info walk.Info) bool {
	return o != nil && o.all && info.Type == walk.File && (o.attributed[info.Inode] || len(o.attributed) >= maxReasons)
}

// plain reports whether an entry certainly has no attributes: it was overwritten, did not change since, and had none.
func (o *Overwriter) plain(info walk.Info) bool {
	return o != nil && o.all && info.Type == walk.File && !o.attributes(info) &&
		o.result(info) == wipe.CodeNone
}

// Changed overwrites a changed file of the baseline, which is put back later. It gets zeros, since a wipe that is cut off
// leaves it in place for a while, and zeros do nothing when they are read as settings or run as a script.
func (o *Overwriter) Changed(ctx context.Context, d *walk.Dir, name string, info walk.Info) {
	o.entry(ctx, d, name, info, o.zeros)
}

func (o *Overwriter) entry(ctx context.Context, d *walk.Dir, name string, info walk.Info, with []byte) {
	if info.Type != walk.File && info.Type != walk.Directory || info.Type == walk.File && info.Links > 1 {
		return
	}
	if info.Type == walk.Directory && o.all {
		n, err := d.BlankXattrs(name, info)
		if errors.Is(err, walk.ErrDenied) && d.Unlock(name) == nil {
			n, _ = d.BlankXattrs(name, info) // what cannot be overwritten is removed with its directory
		}
		o.blanked(info, n)
	}
	if info.Type != walk.File || !o.all && !inRecords(info) {
		return
	}
	f, fresh, err := d.OpenOverwrite(name)
	if errors.Is(err, walk.ErrDenied) && d.Unlock(name) == nil {
		f, fresh, err = d.OpenOverwrite(name)
	}
	if err != nil {
		o.because(info.Inode, codeOf(err))
		return
	}
	if !fresh.Same(info) {
		// Somebody has put another file there, about which nobody has decided.
		f.Close()
		o.because(fresh.Inode, wipe.CodeChanging)
		return
	}
	o.touched++
	o.jobs <- job{ctx, f, fresh, with}
}

func (o *Overwriter) write(j job) {
	defer j.file.Close()
	if !walk.Alone(j.file) {
		// What is written meanwhile may go unseen.
		o.because(j.info.Inode, wipe.CodeChanging)
	}
	if o.all {
		n, _ := walk.BlankFileXattrs(j.file) // what cannot be overwritten is removed with its file
		o.blanked(j.info, n)
	}
	n, err := o.overwrite(j)
	o.bytes.Add(n)
	o.files.Add(1)
	if err == nil && o.each {
		err = j.file.Sync()
	}
	if err == nil {
		err = walk.SetTime(j.file, o.stamp)
	}
	if err != nil {
		o.because(j.info.Inode, codeOf(err))
	}
}

// errShared: blocks of the file belong to another file too, so that writing to it would leave them as they are.
var errShared = errors.New("shared with another file")

func codeOf(err error) wipe.Code {
	switch {
	case errors.Is(err, errShared):
		return wipe.CodeShared
	case errors.Is(err, walk.ErrSpecial):
		return wipe.CodeNotInPlace
	case errors.Is(err, context.Canceled), errors.Is(err, walk.ErrNotExist):
		return wipe.CodeChanging
	}
	return walk.CodeOf(walk.Reason("overwriting", err))
}

// because remembers why a file was not overwritten.
func (o *Overwriter) because(inode uint64, code wipe.Code) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.reasons) < maxReasons {
		o.reasons[inode] = code
	}
}

// failed reports whether some file could not be overwritten for this reason.
func (o *Overwriter) failed(code wipe.Code) bool {
	for _, have := range o.reasons {
		if have == code {
			return true
		}
	}
	return false
}

// close waits for the files that are being written.
func (o *Overwriter) close() {
	if o.jobs == nil {
		return
	}
	close(o.jobs)
	o.writing.Wait()
	o.jobs, o.end = nil, time.Now().UnixNano()
}

// result says why a file cannot be called overwritten; CodeNone if it can. Without an overwriter nothing was.
func (o *Overwriter) result(info walk.Info) wipe.Code {
	if o == nil {
		return wipe.CodeChanging
	}
	if code := o.reasons[info.Inode]; code != wipe.CodeNone {
		return code
	}
	// Setting the time back by hand is itself a change, and later than the end.
	if info.MTime == o.stamp && info.CTime <= o.end {
		return wipe.CodeNone
	}
	return wipe.CodeChanging
}

// written says how many files and bytes are overwritten so far.
func (o *Overwriter) written() (files int, bytes int64) { return int(o.files.Load()), o.bytes.Load() }
