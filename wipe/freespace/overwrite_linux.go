package freespace

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// bite is how much is handed to the medium at once; two of them are under way at most.
	bite = 4 * mib
	// flushBytes and flushEvery are how often a flush makes the progress real.
	flushBytes = 256 * mib
	flushEvery = time.Second
	// failuresMax is how many bites in a row may fail before the medium is given up.
	failuresMax = 64
)

// writer overwrites extents of a filler in the order of their places.
type writer struct {
	filler *filler
	block  []byte
	limit  int64 // bytes that may be written in all; 0 is without limit
	report func(position, written int64)

	written, failed int64 // flushed, refused
	pending         int64 // written since the last flush
	place, position int64 // where the last byte went, and the same for what was flushed
	flushed         time.Time
	now, before     []extent // the bite being written, and the one under way
	nowBytes        int64
	failures        int
}

// errBytes says that the limit of bytes is reached.
var errBytes = errors.New("limit of bytes reached")

func newWriter(f *filler, limit int64, report func(position, written int64)) *writer {
	block := make([]byte, mib)
	rand.Read(block) // never fails; random, because a medium may store zeroes as nothing
	return &writer{filler: f, block: block, limit: limit, report: report, flushed: time.Now()}
}

// all overwrites extents, which are in the order of their places. Whatever ends it, what it wrote is flushed.
func (w *writer) all(ctx context.Context, extents []extent) error {
	err := w.some(ctx, extents)
	if errors.Is(err, errReleased) || errors.Is(err, context.Canceled) {
		w.now, w.before, w.nowBytes, w.pending = nil, nil, 0, 0 // not flushed: written again in the next run
		return err
	}
	return errors.Join(err, w.flush())
}

func (w *writer) some(ctx context.Context, extents []extent) error {
	for _, e := range extents {
		for e.length > 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			n := min(e.length, int64(len(w.block)))
			if w.limit > 0 {
				n = min(n, w.limit-w.written-w.pending)
			}
			if n <= 0 {
				return errBytes
			}
			part := e
			part.length = n
			if err := w.one(part); err != nil {
				return err
			}
			e = e.from(e.physical + n)
		}
	}
	return nil
}

// one overwrites at most a block.
func (w *writer) one(e extent) error {
	if err := w.filler.write(e.file, w.block[:e.length], e.offset); errors.Is(err, errReleased) {
		return err
	} else if err != nil {
		return w.refused(e.length, err)
	}
	w.place = e.end()
	w.pending += e.length
	w.nowBytes += e.length
	if last := len(w.now) - 1; last >= 0 && w.now[last].file == e.file && w.now[last].offset+w.now[last].length == e.offset {
		w.now[last].length += e.length
	} else {
		w.now = append(w.now, e)
	}
	if w.nowBytes < bite {
		return nil
	}
	w.push()
	if w.pending < flushBytes && time.Since(w.flushed) < flushEvery {
		return nil
	}
	return w.flush()
}

// push starts the writing of the bite and waits for the one before it, so that little memory is dirty at any time.
func (w *writer) push() {
	for _, e := range w.now {
		_ = unix.SyncFileRange(w.filler.files[e.file], e.offset, e.length, unix.SYNC_FILE_RANGE_WRITE)
	}
	const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	for _, e := range w.before {
		// Errors are told again by the flush.
		_ = unix.SyncFileRange(w.filler.files[e.file], e.offset, e.length, wait)
		_ = unix.Fadvise(w.filler.files[e.file], e.offset, e.length, unix.FADV_DONTNEED) // leave the cache to others
	}
	w.before, w.now, w.nowBytes = w.now, w.before[:0], 0
}

// flush waits until all that was written is on the medium, and tells so.
func (w *writer) flush() error {
	w.push()
	w.push()
	w.flushed = time.Now()
	n := w.pending
	w.pending, w.position = 0, w.place
	for _, fd := range w.filler.files {
		if err := retry(func() error { return unix.Fdatasync(fd) }); err != nil {
			return w.refused(n, err)
		}
	}
	w.written, w.failures = w.written+n, 0
	w.report(w.position, w.written)
	return nil
}

// refused counts what was not taken. Bad places must not keep the rest from being overwritten.
func (w *writer) refused(n int64, err error) error {
	w.failed += n
	if w.failures++; w.failures < failuresMax && (errors.Is(err, unix.EIO) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)) {
		return nil
	}
	return fmt.Errorf("overwriting free space: %w", err)
}
