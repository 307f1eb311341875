package state

import (
	"os"

	"golang.org/x/sys/unix"
)

// flush waits until the data is on the medium. The size never changes, so that the data is enough.
func flush(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// inPlace asks a file system that writes changes elsewhere (btrfs) to write this file over itself, so that saving needs
// no space on a full disk. Others do not know the request and need none.
func inPlace(f *os.File) {
	var s unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &s) != nil || int64(s.Type) != unix.BTRFS_SUPER_MAGIC {
		return
	}
	const noCopyOnWrite = 0x00800000
	if flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags|noCopyOnWrite) // best effort
	}
}
