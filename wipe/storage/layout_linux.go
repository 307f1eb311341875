package storage

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FS_IOC_FIEMAP and its structures: linux/fiemap.h; not in x/sys.
const (
	iocFiemap       = 0xC020660B
	extentLast      = 0x1
	extentNoPlace   = 0x2 | 0x4 | 0x8 | 0x200 // not known, not yet given, encoded, or in the file system's own records
	extentUnwritten = 0x800
	extentShared    = 0x2000
	extentsAsked    = 256
)

type fiemapExtent struct {
	logical, physical, length uint64
	_                         [2]uint64
	flags                     uint32
	_                         [3]uint32
}

type fiemap struct {
	start, length           uint64
	flags, mapped, count, _ uint32
	extents                 [extentsAsked]fiemapExtent
}

// Extent is a part of a file that lies in one piece on the volume. All figures are bytes.
type Extent struct {
	Logical, Physical, Length int64
	Placed                    bool // it lies at Physical, as it is
	Unwritten                 bool // set apart, but what lies there is not the file's
	Shared                    bool // belongs to another file too: a reflink or a snapshot
}

// Extents tells visit the extents of a file, as they are on the volume now, in the file's order until it says no.
// ErrUnsupported: the file system has none to show.
func Extents(f *os.File, visit func(Extent) bool) error { return ExtentsOf(int(f.Fd()), visit) }

// ExtentsOf does the same for an open descriptor.
func ExtentsOf(fd int, visit func(Extent) bool) error {
	q := new(fiemap)
	for {
		q.length, q.count = ^uint64(0)-q.start, extentsAsked
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), iocFiemap, uintptr(unsafe.Pointer(q)))
		if e == unix.EOPNOTSUPP || e == unix.ENOTTY {
			return ErrUnsupported
		}
		if e != 0 {
			return e
		}
		for _, x := range q.extents[:q.mapped] {
			more := visit(Extent{
				Logical: int64(x.logical), Physical: int64(x.physical), Length: int64(x.length),
				Placed: x.flags&extentNoPlace == 0, Unwritten: x.flags&extentUnwritten != 0, Shared: x.flags&extentShared != 0,
			})
			if !more || x.flags&extentLast != 0 {
				return nil
			}
			q.start = x.logical + x.length
		}
		if q.mapped == 0 {
			return nil
		}
	}
}

// Shared reports whether some block of a file belongs to another file too. What cannot be found out counts as shared; a
// file system that has no extents to show has none that are shared.
func Shared(f *os.File) bool {
	shared := false
	err := Extents(f, func(x Extent) bool {
		shared = x.Shared
		return !shared
	})
	return shared || err != nil && !errors.Is(err, ErrUnsupported)
}

// Data returns the next part of a file, from off, that has content: lseek(2), SEEK_DATA. Both are equal after the last.
func Data(f *os.File, off, size int64) (start, stop int64, err error) {
	fd := int(f.Fd())
	start, err = unix.Seek(fd, off, unix.SEEK_DATA)
	switch {
	case err == unix.ENXIO || err == nil && start >= size:
		return size, size, nil
	case err == unix.EINVAL:
		return off, size, nil // a file system that knows no holes
	case err != nil:
		return 0, 0, err
	}
	stop, err = unix.Seek(fd, start, unix.SEEK_HOLE)
	return start, min(stop, size), err
}

// StartWriting asks the system to begin writing what changed in a file, without waiting for it, so that a later sync has
// less left to do; a failure shows there.
func StartWriting(f *os.File) error {
	_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
	return nil
}
