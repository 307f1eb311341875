package walk

import (
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openRoot opens a directory component by component, so that no link is followed on the way. It may cross mount points:
// the home can lie on a volume of its own.
func openRoot(path string) (int, error) {
	start, rest := ".", path
	if filepath.IsAbs(path) {
		start, rest = "/", path[1:]
	}
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Open(start, flags, 0)
	for _, name := range strings.Split(rest, "/") {
		if err != nil {
			return -1, err
		}
		if name == "" || name == "." {
			continue
		}
		if err = single(name, separators); err != nil {
			unix.Close(fd)
			return -1, err
		}
		up := fd
		if fd, err = unix.Openat(up, name, flags, 0); err == unix.ENOTDIR {
			if info, e := stat(up, name); e == nil && info.Type == Symlink {
				err = unix.ELOOP
			}
		}
		unix.Close(up)
	}
	return fd, err
}

// step opens the entry name without following a link, and not if another file system is mounted there. There is no one
// call for that: the device is compared before, so that nothing of a foreign file system is opened, and afterwards, so
// that the answer is about what was opened.
func step(dir int, name string, flags uint64) (int, error) {
	here, err := stat(dir, "")
	if err != nil {
		return -1, err
	}
	there, err := stat(dir, name)
	if err != nil {
		return -1, err
	}
	if there.Mount != here.Mount {
		return -1, unix.EXDEV
	}
	if there.Type == Symlink {
		return -1, unix.ELOOP
	}
	fd, err := unix.Openat(dir, name, int(flags)|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	opened, err := stat(fd, "")
	if err == nil && opened.Mount != here.Mount {
		err = unix.EXDEV
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// stat describes name in the directory, or the descriptor itself if name is empty. There is no mount number here; the
// device stands for it, which is enough as the system has no bind mounts.
func stat(dir int, name string) (Info, error) {
	st, err := rawStat(dir, name)
	if err != nil {
		return Info{}, wrap("describing", err)
	}
	info := Info{
		Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid, Inode: st.Ino, Links: uint64(st.Nlink),
		Mount: uint64(uint32(st.Dev)), MTime: st.Mtim.Nano(), CTime: st.Ctim.Nano(),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		info.Type, info.Size = File, st.Size
	case unix.S_IFDIR:
		info.Type = Directory
	case unix.S_IFLNK:
		info.Type = Symlink
	default:
		info.Type = Other
	}
	return info, nil
}

func rawStat(dir int, name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	if name == "" {
		return st, unix.Fstat(dir, &st)
	}
	return st, unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
}

// utimeOmit leaves a time as it is: sys/stat.h; not in x/sys.
const utimeOmit = -2

func setTimes(dir int, name string, mtime int64) error {
	ts := []unix.Timespec{{Nsec: utimeOmit}, unix.NsecToTimespec(mtime)}
	if name != "" {
		return wrap("setting the time", unix.UtimesNanoAt(dir, name, ts, unix.AT_SYMLINK_NOFOLLOW))
	}
	// x/sys has neither futimens nor fsetattrlist, and futimes cuts off at microseconds.
	list := unix.Attrlist{Bitmapcount: unix.ATTR_BIT_MAP_COUNT, Commonattr: unix.ATTR_CMN_MODTIME}
	_, _, e := unix.Syscall6(unix.SYS_FSETATTRLIST, uintptr(dir), uintptr(unsafe.Pointer(&list)),
		uintptr(unsafe.Pointer(&ts[1])), unsafe.Sizeof(ts[1]), 0, 0)
	if e != 0 {
		return wrap("setting the time", e)
	}
	return nil
}

// openRegular opens the regular file name. Its type is looked at before, because opening a device can already
// act on it, and again afterwards, because the name may have been given to something else.
func openRegular(dir int, name string, access int) (int, Info, error) {
	info, err := stat(dir, name)
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
	fd, err := step(dir, name, uint64(access))
	if err != nil {
		return -1, Info{}, err
	}
	if info, err = stat(fd, ""); err == nil && info.Type != File {
		err = ErrSpecial
	} else if err == nil && access != unix.O_RDONLY && info.Links > 1 {
		err = ErrLinks
	}
	if err != nil {
		unix.Close(fd)
		return -1, Info{}, err
	}
	return fd, info, nil
}

// Unlock takes away what keeps name from being removed or entered: immutable and append-only flags and, on a
// directory, missing owner permissions. An empty name means the directory itself.
func (d *Dir) Unlock(name string) error {
	if name == "" {
		return unlock(d.fd)
	}
	if err := single(name, separators); err != nil {
		return wrap("unlocking", err)
	}
	info, err := d.Stat(name)
	if err != nil {
		return err
	}
	flags := uint64(unix.O_RDONLY)
	switch info.Type {
	case File:
	case Directory:
		flags |= unix.O_DIRECTORY
		if info.Mode&0o700 != 0o700 {
			// Fails while the directory is immutable; then it is done once its flags are off.
			_ = unix.Fchmodat(d.fd, name, info.Mode|0o700, unix.AT_SYMLINK_NOFOLLOW)
		}
	default:
		return nil
	}
	fd, err := step(d.fd, name, flags)
	if err != nil {
		return wrap("unlocking", err)
	}
	defer unix.Close(fd)
	return unlock(fd)
}

func unlock(fd int) error {
	st, err := rawStat(fd, "")
	if err != nil {
		return wrap("unlocking", err)
	}
	// The system's own flags take an administrator and a system that is not at a raised security level.
	const locks = unix.UF_IMMUTABLE | unix.UF_APPEND | unix.SF_IMMUTABLE | unix.SF_APPEND
	if st.Flags&locks != 0 {
		if st.Mode&unix.S_IFMT != unix.S_IFDIR && st.Nlink > 1 {
			return wrap("unlocking", unix.EPERM) // another name may be somebody else's
		}
		if err := unix.Fchflags(fd, int(st.Flags&^locks)); err != nil {
			return wrap("unlocking", err)
		}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&0o700 != 0o700 {
		return wrap("unlocking", unix.Fchmod(fd, uint32(st.Mode)&0o7777|0o700))
	}
	return nil
}

// Sync writes everything that changed to the medium. There is no call for one file system: all are asked to write, then
// the drive under this one to empty its cache.
func (d *Dir) Sync() error {
	if err := unix.Sync(); err != nil {
		return wrap("syncing", err)
	}
	if _, err := unix.FcntlInt(uintptr(d.fd), unix.F_FULLFSYNC, 0); err != nil {
		return wrap("syncing", unix.Fsync(d.fd)) // no such drive: a network file system
	}
	return nil
}
