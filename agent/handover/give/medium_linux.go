package give

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"ipguard/wipe/walk"
)

// syncEach: one syncfs serves all files.
const syncEach = false

// ntfs3Magic is NTFS in the kernel, exfatMagic exFAT: statfs(2) and fs/ntfs3/super.c; not in x/sys.
const ntfs3Magic = 0x7366746e

// look asks the kernel about the file system that a directory is on.
func look(d *walk.Dir, _ string) (medium, error) {
	info, err := d.Info()
	if err != nil {
		return medium{}, err
	}
	f, err := d.Duplicate()
	if err != nil {
		return medium{}, err
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return medium{}, reason("measuring the medium", err)
	}
	unit := int64(st.Frsize)
	if unit <= 0 {
		unit = int64(st.Bsize)
	}
	m := medium{
		free: int64(st.Bavail) * unit, cluster: max(int64(st.Bsize), unit), files: -1,
		locked: int64(st.Flags)&unix.ST_RDONLY != 0, host: os.DirFS("/"),
	}
	if st.Files > 0 && st.Type != unix.BTRFS_SUPER_MAGIC { // FAT, exFAT and btrfs do not count
		m.files = int64(st.Ffree)
	}
	// A 32-bit type is sign-extended on some machines.
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.MSDOS_SUPER_MAGIC, unix.EXFAT_SUPER_MAGIC, unix.UDF_SUPER_MAGIC:
		m.device = true
	case unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, ntfs3Magic:
		m.device, m.inline = true, true
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		m.memory = true
	}
	node := fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(info.Device), unix.Minor(info.Device))
	if _, err := os.Stat(node); err == nil {
		m.node = inRoot(node)
	}
	return m, nil
}

// settle has a part of a file written while more of it is copied, and waits for the part before it: so that little waits in
// memory, a slow medium shows in the progress, and ending the copy is quick.
func settle(f *os.File, from, n int64) error {
	if from > 0 {
		const flags = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
		if err := unix.SyncFileRange(int(f.Fd()), from-n, n, flags); err != nil {
			return err
		}
	}
	return unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}

// fresh makes the next reading of a file come from the medium, and reports whether it surely will. The file returned takes
// the place of the one given.
func fresh(f *os.File, how way) (*os.File, bool) {
	fd := int(f.Fd())
	_ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
	if how != wayDirect && absent(fd) {
		_ = unix.Fadvise(fd, 0, 0, unix.FADV_SEQUENTIAL)
		return f, true
	}
	if how == wayDropped {
		return f, false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return f, false
	}
	// EINVAL: the file system cannot. FAT, exFAT, NTFS, ext4, xfs can.
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags|unix.O_DIRECT)
	return f, err == nil
}

// absent reports whether the kernel holds no page of a file: cachestat(2), since Linux 6.5.
func absent(fd int) bool {
	var st unix.Cachestat_t
	err := unix.Cachestat(uint(fd), &unix.CachestatRange{}, &st, 0)
	return err == nil && st.Cache == 0
}

// newBuffer returns memory that O_DIRECT can read to.
func newBuffer(n int) ([]byte, func(), error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, nil, reason("making a buffer", err)
	}
	return b, func() { _ = unix.Munmap(b) }, nil
}

// lost recognizes the answers for a device that is not there any more.
func lost() []error {
	return []error{unix.ENODEV, unix.ENOTCONN, unix.ESTALE, unix.ENXIO, unix.ENOMEDIUM}
}

// refusedName recognizes the answers for a name that the file system does not take.
func refusedName() []error { return []error{walk.ErrName, unix.EINVAL, unix.EILSEQ} }
