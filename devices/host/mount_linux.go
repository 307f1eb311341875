package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Mounts reads the mount table. It touches no mount point.
func (h *Host) Mounts() ([]Mount, error) { return h.mountsOf("self") }

func (h *Host) mountsOf(pid string) ([]Mount, error) {
	text, err := os.ReadFile(filepath.Join(h.proc, pid, "mountinfo"))
	if err != nil {
		return nil, fmt.Errorf("reading the mount table: %w", plain(err))
	}
	return ParseMountinfo(text)
}

// allMounts adds the mounts that process 1 sees: a service can live in a mount table of its own, and the programs of
// the desktop do not.
func (h *Host) allMounts() ([]Mount, error) {
	own, err := h.Mounts()
	if err != nil {
		return nil, err
	}
	if first, err := h.mountsOf("1"); err == nil {
		own = append(first, own...) // own last, so that it wins for paths
	}
	return own, nil
}

// Detach takes a mount out of the tree at once and, when it is a FUSE mount, breaks its connection so that nobody waits
// for its server any longer. It follows no link on the way and detaches nothing but this very mount: ErrGone when
// something else, or nothing, is mounted there now.
func (h *Host) Detach(m Mount) error {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, m.Point, &how)
	if errors.Is(err, unix.ENOTDIR) {
		how.Flags &^= unix.O_DIRECTORY // a file can be a mount point too
		fd, err = unix.Openat2(unix.AT_FDCWD, m.Point, &how)
	}
	if err != nil {
		return fmt.Errorf("opening a mount point: %w", detachErr(err))
	}
	defer unix.Close(fd)
	var s unix.Statx_t
	err = unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, 0, &s)
	if err != nil {
		return fmt.Errorf("reading a mount point: %w", detachErr(err))
	}
	if s.Mask&unix.STATX_MNT_ID == 0 || s.Mnt_id != uint64(m.ID) {
		return ErrGone
	}
	if err := unix.Unmount(filepath.Join(h.proc, "self", "fd", strconv.Itoa(fd)), unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detaching a mount: %w", detachErr(err))
	}
	if m.FUSE() {
		abort(m)
	}
	return nil
}

// abort breaks a FUSE connection. Where the control file system is not mounted the connection ends with its server.
func abort(m Mount) {
	_, minor, ok := strings.Cut(m.Device, ":")
	if !ok {
		return
	}
	f, err := os.OpenFile(filepath.Join("/sys/fs/fuse/connections", minor, "abort"), os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString("1") // the mount is out of the tree already
}

func detachErr(err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ErrDenied
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP), errors.Is(err, unix.EINVAL):
		return ErrGone
	}
	return plain(err)
}
