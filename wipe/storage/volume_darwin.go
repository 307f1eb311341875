package storage

import (
	"golang.org/x/sys/unix"
)

// Volume is an open file system. macOS offers nothing of what the methods are for, apart from Sync.
type Volume struct{ fd int }

// Open opens the file system that a folder lies on.
func Open(dir string) (*Volume, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, wrap("opening the volume", err)
	}
	return &Volume{fd: fd}, nil
}

// Close lets the file system go.
func (v *Volume) Close() error { return wrap("closing the volume", unix.Close(v.fd)) }

// Sync starts writing all that is dirty and makes the device empty its cache. macOS does not tell of an error in a file
// other than the folder itself, so that a success here says less than on Linux.
func (v *Volume) Sync() error {
	if err := unix.Sync(); err != nil {
		return wrap("syncing the volume", err)
	}
	_, err := unix.FcntlInt(uintptr(v.fd), unix.F_FULLFSYNC, 0)
	return wrap("syncing the volume", err)
}
