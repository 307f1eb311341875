package freespace

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	mib = 1 << 20
	// fillerMax is the largest size of one filler: every supported file system has room for it.
	fillerMax = 1 << 40
)

// errReleased says that the filler was given back because others need the space.
var errReleased = errors.New("space given back")

// filler holds free space in files without a name. Giving it back may come from another goroutine than the rest.
type filler struct {
	dir *os.File
	// promised is the file that tells how much btrfs owes to data that is still in memory: its free space does not count
	// that. Nil elsewhere.
	promised *os.File

	mu       sync.RWMutex
	files    []int
	sizes    []int64
	released bool
}

// space is what a volume says about itself, in bytes.
type space struct {
	total, free, available int64
	block                  int64  // the least that can be taken
	kind                   uint32 // the file system's magic number
}

func (f *filler) space() (space, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.dir.Fd()), &s); err != nil {
		return space{}, fmt.Errorf("asking for free space: %w", err)
	}
	unit := int64(s.Frsize)
	if unit == 0 {
		unit = int64(s.Bsize)
	}
	available := int64(s.Bavail) * unit
	if f.promised != nil {
		available -= promisedBytes(f.promised)
	}
	return space{int64(s.Blocks) * unit, int64(s.Bfree) * unit, available, unit, uint32(s.Type)}, nil
}

// add makes one more file without a name. The caller holds the lock.
func (f *filler) add() error {
	fd, err := unix.Openat(int(f.dir.Fd()), ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if unsupported(err) {
		return ErrUnsupported
	}
	if err != nil {
		return fmt.Errorf("making filler: %w", err)
	}
	f.files, f.sizes = append(f.files, fd), append(f.sizes, 0)
	return nil
}

// unsupported tells whether an error of a system call means that the kernel or the file system does not have it.
// Kernels before O_TMPFILE answer EISDIR.
func unsupported(err error) bool {
	return errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EISDIR) ||
		errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL)
}

// grow takes that many bytes more, without writing them.
func (f *filler) grow(n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.released {
		return errReleased
	}
	last := len(f.files) - 1
	if last < 0 || f.sizes[last]+n > fillerMax {
		if err := f.add(); err != nil {
			return err
		}
		last++
	}
	err := retry(func() error { return unix.Fallocate(f.files[last], 0, f.sizes[last], n) })
	if unsupported(err) {
		return ErrUnsupported
	}
	if err == nil {
		f.sizes[last] += n
		return nil
	}
	// What was taken before space ran out counts all the same: the file must not end before it.
	var s unix.Stat_t
	if unix.Fstat(f.files[last], &s) == nil && s.Size > f.sizes[last] {
		f.sizes[last] = s.Size
	}
	return err
}

// write overwrites a part of the filler.
func (f *filler) write(file int, p []byte, offset int64) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.released {
		return errReleased // a write would make the file grow again
	}
	for len(p) > 0 {
		n, err := unix.Pwrite(f.files[file], p, offset)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if n > 0 {
			p, offset = p[n:], offset+int64(n)
		}
	}
	return nil
}

// free gives a part of the filler back.
func (f *filler) free(e extent) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.released {
		return errReleased
	}
	return retry(func() error {
		return unix.Fallocate(f.files[e.file], unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, e.offset, e.length)
	})
}

// release gives everything back at once and lets the file system make it ready for others.
func (f *filler) release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released = true
	for i := len(f.files) - 1; i >= 0; i-- {
		_ = unix.Ftruncate(f.files[i], 0) // what it does not free now, closing does
	}
	f.settle()
}

// settle waits until all that was deleted can be taken again: xfs leaves some to the background, and freed blocks become
// ready once the journal has them.
func (f *filler) settle() {
	finishDeletions(int(f.dir.Fd()))
	_ = unix.Syncfs(int(f.dir.Fd())) // others' failures: nothing that was asked for is lost
}

// gone tells whether everything was given back.
func (f *filler) gone() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.released
}

// close lets go of everything.
func (f *filler) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fd := range f.files {
		if !f.released {
			_ = unix.Ftruncate(fd, 0) // closing alone would leave the freeing to the background on some file systems
		}
		_ = unix.Close(f.files[i]) // nobody reads what was written
	}
	f.files, f.released = nil, true
	f.settle()
	_ = f.dir.Close()
	_ = f.promised.Close() // fine without one
}

// retry repeats a system call that a signal interrupted.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
