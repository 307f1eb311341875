package freespace

import (
	"cmp"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// extent is a run of a filler's bytes that lie together on the volume.
type extent struct {
	file                     int
	offset, physical, length int64
}

func (e extent) end() int64 { return e.physical + e.length }

// from cuts away what lies below a place of the volume.
func (e extent) from(position int64) extent {
	if cut := position - e.physical; cut > 0 {
		e.offset, e.physical, e.length = e.offset+cut, e.physical+cut, e.length-cut
	}
	return e
}

func byPlace(a, b extent) int { return cmp.Compare(a.physical, b.physical) }

// windowExtents bounds the memory for extents: a badly fragmented volume is read in several windows.
const windowExtents = 1 << 17

// The kernel's interface for asking where a file lies (FS_IOC_FIEMAP).
const (
	fiemapRequest = 0xC020660B
	fiemapBatch   = 2048
	fiemapLast    = 0x1
	fiemapUnknown = 0x2 | 0x4 | 0x8 // no place, not yet a place, or encoded
)

type fiemapExtent struct {
	logical, physical, length uint64
	_                         [2]uint64
	flags                     uint32
	_                         [3]uint32
}

type fiemapTable struct {
	start, length          uint64
	flags, mapped, room, _ uint32
	extents                [fiemapBatch]fiemapExtent
}

// eachExtent calls do for every extent of an open file.
func eachExtent(fd int, do func(offset, physical, length int64)) error {
	table := new(fiemapTable)
	for start := uint64(0); ; {
		table.start, table.length, table.flags, table.mapped, table.room = start, ^uint64(0)-start, 0, 0, fiemapBatch
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), fiemapRequest, uintptr(unsafe.Pointer(table))); errno != 0 {
			return errno
		}
		if table.mapped == 0 {
			return nil
		}
		for _, e := range table.extents[:table.mapped] {
			if e.flags&fiemapUnknown == 0 {
				do(int64(e.logical), int64(e.physical), int64(e.length))
			}
			if e.flags&fiemapLast != 0 {
				return nil
			}
			start = e.logical + e.length
		}
	}
}

// lowest returns the extents of the files at or above a place, the lowest first, as many as a window holds; total is the
// length of all of them and below that of those under the place.
func lowest(files []int, position int64) (window []extent, total, below int64, err error) {
	more := false
	for i, fd := range files {
		err = eachExtent(fd, func(offset, physical, length int64) {
			e := extent{i, offset, physical, length}
			if e.end() <= position {
				below += length
				return
			}
			cut := e.from(position)
			below += length - cut.length
			total += cut.length
			window = append(window, cut)
			if len(window) == 2*windowExtents {
				slices.SortFunc(window, byPlace)
				window, more = window[:windowExtents], true
			}
		})
		if err != nil {
			return nil, 0, 0, err
		}
	}
	slices.SortFunc(window, byPlace)
	if more && len(window) > windowExtents {
		window = window[:windowExtents]
	}
	return window, total, below, nil
}
