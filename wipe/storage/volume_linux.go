package storage

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests that x/sys does not have: _IOC(direction, kind, number, size of the argument) of the kernel's headers.
const (
	iocExtCheckpoint  = 0x4004662B // EXT4_IOC_CHECKPOINT: write, 'f', 43, 4 bytes
	extCheckpointZero = 0x2
	iocXFSFreeEOF     = 0x8080583A // XFS_IOC_FREE_EOFBLOCKS: read, 'X', 58, 128 bytes
	xfsEOFVersion     = 1
	xfsEOFSync        = 1
)

// Volume is an open file system: what is asked of it is asked for the whole of it. It holds one descriptor, so that the
// file system cannot be unmounted until Close.
type Volume struct {
	fd     int
	kind   FileSystem
	sys    sysfs
	number string // the major:minor of the device of the file system, as far as it has one of its own
	uuid   string // of a btrfs
	mount  mount
}

// Open opens the file system that a folder lies on; Storage.Base is the folder to give. The path may lead through no
// link. On a network file system, or one that a program serves, it may have to wait.
func Open(dir string) (*Volume, error) {
	fd, err := openDir(dir, unix.O_RDONLY)
	if err != nil {
		return nil, wrap("opening the volume", err)
	}
	h := host{proc: "/proc", sys: "/sys"}
	m, err := mountOf(fd, h.mounts())
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	v := &Volume{fd: fd, kind: family(m.kind), sys: h.sys, number: m.device, mount: m}
	if v.kind == Btrfs {
		v.uuid = h.sys.btrfsOf(nodeNumber(m.source))
	}
	return v, nil
}

// Close lets the file system go.
func (v *Volume) Close() error { return wrap("closing the volume", unix.Close(v.fd)) }

// Sync writes all that is dirty in the file system and waits for the device's word. An error is the failure of all that
// was written to the file system since the last Sync, because the kernel tells it only once and not for which file.
func (v *Volume) Sync() error {
	for {
		if err := unix.Syncfs(v.fd); err != unix.EINTR {
			return wrap("syncing the volume", err)
		}
	}
}

// Checkpoint makes ext4 write all that its journal holds to its place: removed names are then gone from the blocks of
// their folders. A file system without a journal needs only Sync. It is for root, from Linux 5.14; ErrUnsupported elsewhere.
func (v *Volume) Checkpoint() error {
	return wrap("writing back the journal", v.checkpoint(0))
}

// ClearJournal does the same and then writes zeros over the journal, which else keeps names, attributes and, in a mode
// that is not the default, contents. Nothing to clear is a success. It is for root, from Linux 5.14; ErrUnsupported
// elsewhere, notably on XFS, whose log cannot be emptied while it is mounted.
func (v *Volume) ClearJournal() error {
	return wrap("clearing the journal", v.checkpoint(extCheckpointZero))
}

func (v *Volume) checkpoint(flags uint32) error {
	err := v.ioctl(iocExtCheckpoint, unsafe.Pointer(&flags))
	if err == unix.ENODEV && v.kind == Ext {
		return nil // no journal
	}
	return err
}

// FreeEOFBlocks makes XFS finish in this call what it put off: giving back the blocks of removed files and those set
// aside behind the end of files. Without it a Trim right after the removal misses blocks. Call Sync after it. ErrUnsupported elsewhere.
func (v *Volume) FreeEOFBlocks() error {
	// struct xfs_fs_eofblocks; the rest selects files by owner and size, and is not wanted.
	request := struct {
		version, flags uint32
		_              [120]byte
	}{version: xfsEOFVersion, flags: xfsEOFSync}
	if v.kind != XFS {
		return wrap("freeing blocks", unix.ENOTTY)
	}
	return wrap("freeing blocks", v.ioctl(iocXFSFreeEOF, unsafe.Pointer(&request)))
}

func (v *Volume) ioctl(request uintptr, arg unsafe.Pointer) error {
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(v.fd), request, uintptr(arg))
		switch e {
		case 0:
			return nil
		case unix.EINTR:
			continue
		}
		return e
	}
}
