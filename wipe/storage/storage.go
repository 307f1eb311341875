// Package storage says what lies under a folder: the file system, the device below it, and what can be asked of both to
// make freed blocks, names and journals go away.
//
// It reads and asks; it never writes to a file, never freezes a file system, and does not decide which method a wipe
// uses. Nothing that it says names a device or a path.
package storage

import "errors"

// FileSystem is a family of file systems that are erased in the same way.
type FileSystem string

// The file systems that a wipe treats differently. Everything else is Other.
const (
	Ext     FileSystem = "ext" // ext2, ext3, ext4
	XFS     FileSystem = "xfs"
	Btrfs   FileSystem = "btrfs"
	F2FS    FileSystem = "f2fs"
	ZFS     FileSystem = "zfs"
	Tmpfs   FileSystem = "tmpfs"
	Overlay FileSystem = "overlay" // only when what lies under it cannot be found
	FAT     FileSystem = "fat"     // vfat and exFAT
	NTFS    FileSystem = "ntfs"
	ReFS    FileSystem = "refs"
	APFS    FileSystem = "apfs"
	HFS     FileSystem = "hfs"
	Network FileSystem = "network"
	FUSE    FileSystem = "fuse"
	Other   FileSystem = "other"
)

// CopyOnWrite reports whether writing to a file leaves its old blocks as they were.
func (fs FileSystem) CopyOnWrite() bool {
	switch fs {
	case Btrfs, ZFS, F2FS, APFS, ReFS:
		return true // f2fs writes like a log, which comes to the same
	}
	return false
}

// Medium is what the data lies on, as far as the operating system tells.
type Medium string

// The media.
const (
	Memory   Medium = "memory"
	HardDisk Medium = "hard_disk"
	SSD      Medium = "ssd"
	Card     Medium = "card" // eMMC or SD
	USB      Medium = "usb"
	Virtual  Medium = "virtual" // a disk of a virtual machine
	Unknown  Medium = "unknown"
)

// Storage describes what lies under one folder.
type Storage struct {
	FileSystem FileSystem
	Medium     Medium
	// Volume is equal for two folders exactly when one sync, one journal and one discard serve both. It means nothing
	// outside this process and goes into no report.
	Volume string
	// Discard says that every device under the file system takes discards.
	Discard bool
	// DiscardStep is the smallest piece that all those devices discard, in bytes, and BlockSize the smallest that the file
	// system gives to a file; 0 where they are not known. Free pieces that are smaller than a step, or lie across two,
	// keep what was in them.
	DiscardStep, BlockSize int64
	// Encrypted says that a layer between the file system and the medium encrypts the whole volume.
	Encrypted bool
	// InsideFile says that the device is a file of another file system (a loop device): what it discards is only freed there.
	InsideFile bool
	// ReadOnly says that the file system is mounted read-only.
	ReadOnly bool
	// Swap says that a file system in memory may be written to a swap that is not encrypted anew at each start.
	Swap bool
	// JournalBytes is the size of the file system's journal; 0 if there is none or it is not known.
	JournalBytes int64
	// DataJournal says that ext4 writes contents to its journal first.
	DataJournal bool
	// Inline says that ext4 keeps, or may keep, small contents in its own records.
	Inline bool
	// Base is a folder through which the volume itself is reached: the folder that was asked about, but for an overlay
	// the folder that takes what is written. Empty if there is none that can be reached.
	Base string
}

// Errors of this package.
var (
	// ErrUnsupported: the file system or the system does not have that.
	ErrUnsupported = errors.New("not supported here")
	// ErrDenied: only an administrator may.
	ErrDenied = errors.New("permission denied")
)
