package managed

import (
	"os"

	"golang.org/x/sys/unix"
)

func administrators(gid uint32) bool { return gid == 0 }

func listed(path string) bool {
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}

// held tells whether the file system keeps a file or a folder as it is (chattr +i, +a).
func held(path string) bool {
	flags, f, err := flagsOf(path)
	if err != nil {
		return false
	}
	f.Close()
	return flags&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0
}

// release takes those flags away.
func release(path string) error {
	flags, f, err := flagsOf(path)
	if err != nil {
		return err
	}
	defer f.Close()
	flags &^= unix.STATX_ATTR_IMMUTABLE | unix.STATX_ATTR_APPEND
	return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags))
}

// flagsOf reads the flags, which have the values of the attributes of statx, as ioctl_iflags(2) and statx(2) say.
func flagsOf(path string) (uint32, *os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|carefully, 0)
	if err != nil {
		return 0, nil, err
	}
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		f.Close()
		return 0, nil, err
	}
	return flags, f, nil
}
