package freespace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface for asking what every part of a volume is used for (FS_IOC_GETFSMAP: ext4, xfs).
const (
	fsmapRequest = 0xC0C0583B
	fsmapBatch   = 1024
	fsmapSpecial = 0x10 // the owner is one of the file system's own kinds
	fsmapLast    = 0x20
	fsmapFree    = 1
)

type fsmapRecord struct {
	device, flags                   uint32
	physical, owner, offset, length uint64
	_                               [3]uint64
}

type fsmapTable struct {
	_, _, count, entries uint32
	_                    [6]uint64
	low, high            fsmapRecord
	records              [fsmapBatch]fsmapRecord
}

// freeExtents returns the places that are free, with what the file system keeps for itself, in their order. It needs an
// administrator, and gives ErrUnsupported where the file system does not tell.
func freeExtents(fd int) ([]extent, error) {
	table := new(fsmapTable)
	top := fsmapRecord{device: ^uint32(0), flags: ^uint32(0), physical: ^uint64(0), owner: ^uint64(0), offset: ^uint64(0)}
	var free []extent
	var low fsmapRecord
	for {
		table.count, table.low, table.high = fsmapBatch, low, top
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), fsmapRequest, uintptr(unsafe.Pointer(table))); errno != 0 {
			return nil, ErrUnsupported
		}
		got := table.records[:min(table.entries, fsmapBatch)]
		for _, r := range got {
			if r.flags&fsmapSpecial != 0 && r.owner == fsmapFree {
				free = append(free, extent{physical: int64(r.physical), length: int64(r.length)})
			}
		}
		if len(got) == 0 || got[len(got)-1].flags&fsmapLast != 0 {
			return free, nil
		}
		if len(free) > 2*windowExtents {
			return nil, ErrUnsupported // too scattered to be held in memory
		}
		low = got[len(got)-1]
	}
}
