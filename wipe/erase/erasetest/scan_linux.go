package erasetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	scanChunk   = 4 << 20
	scanWorkers = 2
)

// Scan counts the markers in the raw bytes of an image or a block device, in UTF-8 and in UTF-16 of either byte order.
// Holes of an image are not read. The file system on it must have been unmounted: what is only in memory is not seen.
func Scan(path string) (Counts, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening what is scanned: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if info.Mode()&os.ModeDevice != 0 {
		// The device's own cache may be older than what a file system wrote past it.
		if err := unix.IoctlSetInt(int(f.Fd()), unix.BLKFLSBUF, 0); err != nil {
			return nil, fmt.Errorf("dropping a device's cache: %w", err)
		}
	}
	chunks := make(chan extent)
	found := make([]Counts, scanWorkers)
	failed := make([]error, scanWorkers)
	var workers sync.WaitGroup
	for i := range scanWorkers {
		found[i] = Counts{}
		workers.Go(func() { failed[i] = scanChunks(f, chunks, found[i]) })
	}
	err = eachExtent(f, func(e extent) {
		for ; e.size > 0; e = (extent{e.start + scanChunk, e.size - scanChunk}) {
			chunks <- extent{e.start, min(e.size, scanChunk)}
		}
	})
	close(chunks)
	workers.Wait()
	all := Counts{}
	for _, c := range found {
		for m, n := range c {
			all[m] += n
		}
	}
	return all, errors.Join(append(failed, err)...)
}

// scanChunks counts the markers that begin in the chunks; they may end behind.
func scanChunks(f *os.File, chunks <-chan extent, found Counts) error {
	var failed error
	buf := make([]byte, scanChunk+2*markerLen)
	for e := range chunks {
		n, err := f.ReadAt(buf[:int(e.size)+2*markerLen], e.start)
		if err != nil && err != io.EOF && failed == nil {
			failed = fmt.Errorf("reading raw bytes: %w", err)
		}
		count(buf[:n], min(int(e.size), n), found)
	}
	return failed
}

// count adds the markers that begin in the first size bytes.
func count(b []byte, size int, found Counts) {
	for i := 0; i < size; i++ {
		k := bytes.IndexByte(b[i:size], lead[0])
		if k < 0 {
			return
		}
		i += k
		if i+1 >= len(b) {
			return
		}
		step := 1
		if b[i+1] == 0 {
			step = 2
		}
		if m, ok := parseMarker(b, i, step); ok {
			found[m]++
		}
	}
}

// extent is a piece of a file, in bytes.
type extent struct{ start, size int64 }

// eachExtent calls yield for every piece of a file that holds data, in order.
func eachExtent(f *os.File, yield func(extent)) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("sizing raw bytes: %w", err)
	}
	for at := int64(0); at < end; {
		start, err := f.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // only a hole follows
		}
		if errors.Is(err, unix.EINVAL) {
			yield(extent{at, end - at}) // it knows no holes
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for data: %w", err)
		}
		stop, err := f.Seek(start, unix.SEEK_HOLE)
		if err != nil {
			return fmt.Errorf("looking for a hole: %w", err)
		}
		yield(extent{start, stop - start})
		at = stop
	}
	return nil
}
