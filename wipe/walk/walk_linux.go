package walk

import (
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The resolve flags of every step: openat2(2).
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// Inode flags of ioctl_iflags(2) that keep even root from removing a file; not in x/sys.
const (
	flagImmutable  = 0x10
	flagAppendOnly = 0x20
)

func openRoot(path string) (int, error) {
	return unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS,
	})
}

func step(dir int, name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: beneath}
	for {
		fd, err := unix.Openat2(dir, name, &how)
		// EAGAIN: the tree was renamed under the lookup; asking again is what openat2(2) advises. Each try fails or
		// succeeds for itself, so the loop ends when the tree stands still for one lookup.
		if err != unix.EAGAIN && err != unix.EINTR {
			return fd, err
		}
	}
}

func stat(dir int, name string) (Info, error) {
	var st unix.Statx_t
	flags := unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	if name == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	if err := unix.Statx(dir, name, flags, unix.STATX_BASIC_STATS|unix.STATX_MNT_ID, &st); err != nil {
		if err == unix.EACCES && closedMount(dir, name) {
			err = unix.EXDEV
		}
		return Info{}, wrap("describing", err)
	}
	info := Info{
		Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid, Inode: st.Ino,
		Device: unix.Mkdev(st.Dev_major, st.Dev_minor), Links: uint64(st.Nlink), Mount: st.Mnt_id,
		MTime: st.Mtime.Sec*1e9 + int64(st.Mtime.Nsec), CTime: st.Ctime.Sec*1e9 + int64(st.Ctime.Nsec),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		info.Type, info.Size = File, int64(st.Size)
	case unix.S_IFDIR:
		info.Type = Directory
	case unix.S_IFLNK:
		info.Type = Symlink
	default:
		info.Type = Other
	}
	return info, nil
}

// closedMount recognizes a file system that answers nobody but the account that mounted it, as FUSE does by default: not
// even root may describe its root. The kernel itself says which mount it is when nothing else is asked.
func closedMount(dir int, name string) bool {
	var here, there unix.Statx_t
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	if unix.Statx(dir, "", flags|unix.AT_EMPTY_PATH, 0, &here) != nil || unix.Statx(dir, name, flags, 0, &there) != nil {
		return false
	}
	return here.Mask&there.Mask&unix.STATX_MNT_ID != 0 && here.Mnt_id != there.Mnt_id
}

func setTimes(dir int, name string, mtime int64) error {
	ts := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(mtime)}
	flags := uintptr(0)
	var p unsafe.Pointer
	if name != "" {
		b, err := unix.BytePtrFromString(name)
		if err != nil {
			return wrap("setting the time", err)
		}
		p, flags = unsafe.Pointer(b), unix.AT_SYMLINK_NOFOLLOW
	}
	// A null path means the descriptor itself (futimens), which x/sys does not offer.
	_, _, e := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(dir), uintptr(p), uintptr(unsafe.Pointer(&ts)), flags, 0, 0)
	if e != 0 {
		return wrap("setting the time", e)
	}
	return nil
}

// openRegular opens the regular file name. The type is looked at before anything is opened for real: opening a device can
// already act on it, and opening a FIFO can block.
func openRegular(dir int, name string, access int) (int, Info, error) {
	handle, err := step(dir, name, unix.O_PATH)
	if err != nil {
		return -1, Info{}, err
	}
	defer unix.Close(handle)
	info, err := stat(handle, "")
	if err != nil {
		return -1, Info{}, err
	}
	if info.Type == Symlink {
		return -1, Info{}, unix.ELOOP
	}
	if info.Type != File {
		return -1, Info{}, ErrSpecial
	}
	if access != unix.O_RDONLY && info.Links > 1 {
		return -1, Info{}, ErrLinks
	}
	fd, err := reopen(handle, access)
	if err == unix.EACCES && access != unix.O_RDONLY && unix.Chmod(magicLink(handle), info.Mode|0o600) == nil {
		fd, err = reopen(handle, access)
	}
	return fd, info, err
}

// reopen opens what an O_PATH descriptor stands for; its magic link names exactly that inode.
func reopen(handle, flags int) (int, error) {
	return unix.Open(magicLink(handle), flags|unix.O_CLOEXEC, 0)
}

func magicLink(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// Unlock takes away what keeps name from being removed or entered: immutable and append-only flags and, on a
// directory, missing owner permissions. An empty name means the directory itself. Flags of a file with several names are
// left, since another name may be somebody else's: ErrDenied.
func (d *Dir) Unlock(name string) error {
	handle := d.fd
	if name != "" {
		if err := single(name, separators); err != nil {
			return wrap("unlocking", err)
		}
		var err error
		if handle, err = step(d.fd, name, unix.O_PATH); err != nil {
			return wrap("unlocking", err)
		}
		defer unix.Close(handle)
	}
	info, err := stat(handle, "")
	if err != nil || info.Type != File && info.Type != Directory {
		return err
	}
	if fd, err := reopen(handle, unix.O_RDONLY|unix.O_NONBLOCK); err == nil {
		// The flags are those of every name of a file, and another name may lie outside the tree.
		err = clearFlags(fd, info.Type == File && info.Links > 1)
		unix.Close(fd)
		if err != nil {
			return err
		}
	}
	if info.Type != Directory || info.Mode&0o700 == 0o700 {
		return nil
	}
	// An O_PATH descriptor cannot be fchmod-ed.
	return wrap("unlocking", unix.Chmod(magicLink(handle), info.Mode|0o700))
}

// clearFlags clears immutable and append-only; see ioctl_iflags(2). File systems without flags have nothing to clear.
// Those of a file that is shared are refused.
func clearFlags(fd int, shared bool) error {
	flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	if err != nil || flags&(flagImmutable|flagAppendOnly) == 0 {
		return nil
	}
	if shared {
		return wrap("unlocking", unix.EPERM)
	}
	return wrap("unlocking", unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, int(flags&^(flagImmutable|flagAppendOnly))))
}

// Duplicate returns a descriptor for the directory that is the caller's own: it stays open when the directory is closed,
// and no program that is started inherits it. It is for asking the kernel about the directory by number, as inotify does,
// and not for opening names in it.
func (d *Dir) Duplicate() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(d.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, wrap("duplicating a directory", err)
	}
	return os.NewFile(uintptr(fd), "."), nil
}

// Sync writes everything that changed on the directory's file system to the medium: syncfs(2).
func (d *Dir) Sync() error { return wrap("syncing", unix.Syncfs(d.fd)) }

// Alone reports whether nobody else has an open file open for writing, or mapped so that it can be written to, and makes
// whoever opens it from now on wait until it is closed here: fcntl(2), F_SETLEASE. Where there are no leases, or this
// process may not take one, it cannot be told, and the answer is yes.
func Alone(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK)
	return err != unix.EAGAIN
}
