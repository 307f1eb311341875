package freespace

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ask is an ioctl that fills a structure.
func ask(fd int, request uintptr, answer unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(answer)); errno != 0 {
		if unsupported(errno) {
			return ErrUnsupported
		}
		return fmt.Errorf("asking the file system: %w", errno)
	}
	return nil
}

// metadataFree asks a btrfs volume how much of its metadata is not in use (BTRFS_IOC_SPACE_INFO).
func metadataFree(fd int) (int64, error) {
	const (
		request  = 0xC0109414
		metadata = 1 << 2
		global   = 1 << 49 // what is kept of the metadata for the file system itself, counted a second time
	)
	var table struct {
		slots, spaces uint64
		space         [32]struct{ flags, total, used uint64 }
	}
	table.slots = uint64(len(table.space))
	if err := ask(fd, request, unsafe.Pointer(&table)); err != nil {
		return 0, err
	}
	var free int64
	for _, s := range table.space[:min(table.spaces, uint64(len(table.space)))] {
		if s.flags&metadata != 0 && s.flags&global == 0 {
			free += int64(s.total - s.used)
		}
	}
	return free, nil
}

// logSize asks an xfs volume for the size of its log (XFS_IOC_FSGEOMETRY_V1).
func logSize(fd int) (int64, error) {
	const request = 0x80705864
	var geometry struct {
		blockSize, _, _, _, logBlocks uint32
		_                             [92]byte
	}
	if err := ask(fd, request, unsafe.Pointer(&geometry)); err != nil {
		return 0, err
	}
	return int64(geometry.blockSize) * int64(geometry.logBlocks), nil
}

// settle waits until an xfs volume has finished the deletions that it left to the background
// (XFS_IOC_FREE_EOFBLOCKS). Only an administrator may, and others lose nothing but the figure of free space.
func settle(fd int) {
	const (
		request = 0x8080583A
		version = 1
		wait    = 1
	)
	blocks := struct {
		version, flags uint32
		_              [120]byte
	}{version: version, flags: wait}
	_ = ask(fd, request, unsafe.Pointer(&blocks))
}
