package freespace

import (
	"fmt"
	"os"
	"strconv"
	"strings"
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

// finishDeletions waits until an xfs volume has finished the deletions that it left to the background
// (XFS_IOC_FREE_EOFBLOCKS). Only an administrator may, and others lose nothing but the figure of free space.
func finishDeletions(fd int) {
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

// writeStructure lets ext4 write to its place what so far is in the journal only (EXT4_IOC_CHECKPOINT). The blocks that
// list the filler's extents were taken from free space: freed without having been written, they would keep what they
// held. Only an administrator may; elsewhere it does nothing.
func writeStructure(fd int) {
	const request = 0x4004662b
	_ = unix.IoctlSetPointerInt(fd, request, 0)
}

// openPromised opens the kernel's figure of what a btrfs volume owes to data in memory; nil if there is none.
func openPromised(fd int) *os.File {
	const request = 0x8400941F // BTRFS_IOC_FS_INFO
	var info struct {
		_    [16]byte
		fsid [16]byte
		_    [992]byte
	}
	if ask(fd, request, unsafe.Pointer(&info)) != nil {
		return nil
	}
	id := info.fsid
	f, err := os.Open(fmt.Sprintf("/sys/fs/btrfs/%x-%x-%x-%x-%x/allocation/data/bytes_may_use", id[:4], id[4:6], id[6:8], id[8:10], id[10:]))
	if err != nil {
		return nil
	}
	return f
}

// promisedBytes reads that figure; 0 if it cannot be read.
func promisedBytes(f *os.File) int64 {
	var line [24]byte
	n, _ := f.ReadAt(line[:], 0) // the end of the file is no failure
	bytes, err := strconv.ParseInt(strings.TrimSpace(string(line[:n])), 10, 64)
	if err != nil {
		return 0
	}
	return bytes
}
