package give

import (
	"os"

	"golang.org/x/sys/unix"

	"ipguard/wipe/walk"
)

// syncEach: sync(2) does not wait here, and only F_FULLFSYNC, which File.Sync is, reaches the medium.
const syncEach = true

// look asks the kernel about the file system that a directory is on.
func look(_ *walk.Dir, path string) (medium, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return medium{}, reason("measuring the medium", err)
	}
	m := medium{
		free: int64(st.Bavail) * int64(st.Bsize), cluster: int64(st.Bsize), files: -1,
		locked: st.Flags&unix.MNT_RDONLY != 0,
	}
	switch unix.ByteSliceToString(st.Fstypename[:]) {
	case "apfs", "hfs", "msdos", "exfat":
		m.device = true
	}
	return m, nil
}

func settle(*os.File, int64, int64) error { return nil }

// fresh drops the pages of a file and keeps what is read from coming back to the cache: msync(2) with MS_INVALIDATE, fcntl(2)
// with F_NOCACHE. F_NOCACHE alone still takes what is in the cache already.
func fresh(f *os.File, _ way) (*os.File, bool) {
	info, err := f.Stat()
	if err != nil {
		return f, false
	}
	if info.Size() > 0 {
		b, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return f, false
		}
		err = unix.Msync(b, unix.MS_INVALIDATE)
		if unix.Munmap(b) != nil || err != nil {
			return f, false
		}
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_NOCACHE, 1)
	return f, err == nil
}

func newBuffer(n int) ([]byte, func(), error) { return make([]byte, n), func() {}, nil }

func lost() []error { return []error{unix.ENODEV, unix.ENOTCONN, unix.ESTALE, unix.ENXIO} }

func refusedName() []error { return []error{walk.ErrName, unix.EINVAL, unix.EILSEQ} }
