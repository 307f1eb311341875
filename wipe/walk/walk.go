// Package walk is the one way in which ipguard reads or changes a tree that somebody else can write to.
//
// Every step goes from an open directory to a single name in it. No step follows a link, leaves the file system that the
// root is on, or opens a device, socket or FIFO, whatever the owner of the tree does meanwhile: on Linux each step is
// openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV; on macOS openat with O_NOFOLLOW and a device
// check; on Windows a relative handle opened with FILE_OPEN_REPARSE_POINT.
//
// It does not decide what to remove, recurses nowhere, and never puts a name into an error.
package walk

import (
	"errors"
	"strings"
)

// The reasons why a step was refused or failed, in the words of a report. Errors of this package wrap one of them
// wherever the operating system's answer has such a meaning.
var (
	ErrMount    = errors.New("another file system is mounted there")
	ErrLink     = errors.New("a link stands in the way")
	ErrNotDir   = errors.New("not a directory")
	ErrSpecial  = errors.New("not a regular file")
	ErrDenied   = errors.New("permission denied")
	ErrInUse    = errors.New("in use by another program")
	ErrReadOnly = errors.New("read-only file system")
	ErrNoSpace  = errors.New("no space left")
	ErrNotEmpty = errors.New("directory not empty")
	ErrNotExist = errors.New("does not exist")
	ErrExist    = errors.New("exists already")
	ErrXDev     = errors.New("on another file system")
	ErrName     = errors.New("not the name of one entry")
	ErrLinks    = errors.New("the file has several names")
)

// Type is what a name stands for.
type Type uint8

// The types. Other is a FIFO, socket or device.
const (
	File Type = iota + 1
	Directory
	Symlink // on Windows any reparse point
	Other
)

// Info describes one entry, read without following a link.
type Info struct {
	Type     Type
	Mode     uint32 // permission bits with setuid, setgid and sticky (07777); the settable file attributes on Windows
	UID, GID uint32 // 0 on Windows
	Size     int64  // bytes; 0 for anything but a regular file
	MTime    int64  // nanoseconds since 1970
	CTime    int64  // nanoseconds since 1970; the change time on Windows
	Inode    uint64 // the file index on Windows
	Device   uint64 // on Linux the device, since some file systems number parts of themselves anew without a mount
	Links    uint64 // names of the file
	Mount    uint64 // equal for two entries exactly when no mount point lies between them
}

// Same reports whether both describe one and the same entry, whatever became of it meanwhile.
func (i Info) Same(other Info) bool {
	return i.Inode == other.Inode && i.Device == other.Device && i.Type == other.Type
}

// Xattr is one extended attribute; its name includes the name space.
type Xattr struct {
	Name  string
	Value []byte
}

// Attr is what Restore operations set on an entry.
type Attr struct {
	Mode     uint32
	UID, GID uint32
	MTime    int64
	Xattrs   []Xattr
}

// single refuses what is not the name of one entry, so that no caller's mistake turns a step into a path. The separators
// are those of the operating system, with whatever else has a meaning of its own in a name there.
func single(name, separators string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, separators) {
		return ErrName
	}
	return nil
}
