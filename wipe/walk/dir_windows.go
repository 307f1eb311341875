package walk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// Dir is an open directory. Its methods take single names, never paths. It is not safe for concurrent use. While it is
// open it keeps the directories above it from being renamed, and on FAT its own name from going away: close it before
// removing the directory.
type Dir struct {
	f     *os.File
	h     windows.Handle
	mount uint64
}

// Open opens the directory at path, which must be absolute, as the root of a walk. No component of path may be a link, a
// mounted folder included.
func Open(path string) (*Dir, error) {
	h, err := openRoot(path)
	if err != nil {
		return nil, wrap("opening a root", err)
	}
	return newDir(h)
}

func openRoot(path string) (windows.Handle, error) {
	volume := filepath.VolumeName(path)
	rest := path[len(volume):]
	volume = strings.TrimPrefix(filepath.ToSlash(volume), "//?/")
	nt := `\??\` + volume + `\`
	if server, ok := strings.CutPrefix(volume, "//"); ok {
		nt = `\??\UNC\` + filepath.FromSlash(server) + `\`
	} else if len(volume) != 2 || volume[1] != ':' {
		return windows.InvalidHandle, ErrName
	}
	if rest == "" || !os.IsPathSeparator(rest[0]) {
		return windows.InvalidHandle, ErrName // relative to a current directory
	}
	name, err := syscall.UTF16FromString(nt)
	if err != nil {
		return windows.InvalidHandle, ErrName
	}
	parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '\\' || r == '/' })
	access := func(i int) uint32 { // listing may be denied on the way
		if i == len(parts) {
			return windows.FILE_LIST_DIRECTORY
		}
		return windows.FILE_TRAVERSE
	}
	h, err := create(0, name[:len(name)-1], 0, access(0), windows.FILE_OPEN, windows.FILE_DIRECTORY_FILE)
	for i := 0; err == nil && i < len(parts); i++ {
		up := h
		h, err = enter(up, parts[i], access(i+1))
		windows.CloseHandle(up)
	}
	return h, err
}

// enter opens the directory name if it is one and not a link.
func enter(dir windows.Handle, name string, access uint32) (windows.Handle, error) {
	h, err := relative(dir, name, access, windows.FILE_OPEN, windows.FILE_DIRECTORY_FILE)
	if err != nil {
		return windows.InvalidHandle, notDir(dir, name, err)
	}
	info, err := describe(h)
	if err == nil && info.Type != Directory {
		err = ErrLink
	}
	if err != nil {
		windows.CloseHandle(h)
		return windows.InvalidHandle, err
	}
	return h, nil
}

// notDir tells a link to a file from a file: both are no directory.
func notDir(dir windows.Handle, name string, err error) error {
	if err != windows.STATUS_NOT_A_DIRECTORY {
		return err
	}
	h, e := relative(dir, name, 0, windows.FILE_OPEN, 0)
	if e != nil {
		return err
	}
	defer windows.CloseHandle(h)
	if info, e := describe(h); e == nil && info.Type == Symlink {
		return ErrLink
	}
	return err
}

func newDir(h windows.Handle) (*Dir, error) {
	d := &Dir{f: os.NewFile(uintptr(h), "."), h: h}
	info, err := d.Info()
	if err != nil {
		d.Close()
		return nil, err
	}
	d.mount = info.Mount
	return d, nil
}

// Info describes the directory itself.
func (d *Dir) Info() (Info, error) { return describe(d.h) }

// Stat describes the entry name. A folder on which a volume is mounted is a Symlink.
func (d *Dir) Stat(name string) (Info, error) {
	h, err := relative(d.h, name, 0, windows.FILE_OPEN, 0)
	if err != nil {
		return Info{}, wrap("describing", err)
	}
	defer windows.CloseHandle(h)
	return describe(h)
}

// Enter opens the directory name: ErrLink if it is a reparse point, which a mounted volume is too, ErrNotDir if it is no
// directory.
func (d *Dir) Enter(name string) (*Dir, error) {
	h, err := enter(d.h, name, windows.FILE_LIST_DIRECTORY)
	if err != nil {
		return nil, wrap("entering a directory", err)
	}
	sub, err := newDir(h)
	if err == nil && sub.mount != d.mount {
		sub.Close()
		return nil, wrap("entering a directory", ErrMount)
	}
	return sub, err
}

// OpenFile opens the regular file name for reading. A reparse point is not opened: reading a cloud file would fetch it.
func (d *Dir) OpenFile(name string) (*os.File, Info, error) {
	return d.open(name, windows.FILE_READ_DATA)
}

// OpenOverwrite opens the regular file name for writing in place, nothing of it cut off. ErrLinks: it has several names,
// and another may be somebody else's. ErrSpecial: the file system would write it elsewhere, since the file is compressed,
// sparse or encrypted.
func (d *Dir) OpenOverwrite(name string) (*os.File, Info, error) {
	f, info, err := d.open(name, windows.FILE_WRITE_DATA|windows.FILE_WRITE_ATTRIBUTES)
	if err != nil {
		return nil, Info{}, err
	}
	const elsewhere = windows.FILE_ATTRIBUTE_COMPRESSED | windows.FILE_ATTRIBUTE_SPARSE_FILE | windows.FILE_ATTRIBUTE_ENCRYPTED
	var by windows.ByHandleFileInformation
	err = windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &by)
	switch {
	case err == nil && by.NumberOfLinks > 1:
		err = ErrLinks
	case err == nil && by.FileAttributes&elsewhere != 0:
		err = ErrSpecial
	}
	if err != nil {
		f.Close()
		return nil, Info{}, wrap("opening a file", err)
	}
	return f, info, nil
}

// SetTime sets when an open file was last written to, in nanoseconds since 1970.
func SetTime(f *os.File, mtime int64) error {
	t := windows.NsecToFiletime(mtime)
	return wrap("setting the time", windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &t))
}

// ClearXattrs does nothing: alternate data streams are part of a file and go with it.
func (d *Dir) ClearXattrs(string) error { return nil }

// BlankXattrs does nothing: alternate data streams are part of a file and go with it.
func (d *Dir) BlankXattrs(string, Info) (int, error) { return 0, nil }

// BlankFileXattrs does nothing: alternate data streams are part of a file and go with it.
func BlankFileXattrs(*os.File) (int, error) { return 0, nil }

// BlankOwnXattrs does nothing: alternate data streams are part of a file and go with it.
func (d *Dir) BlankOwnXattrs([]Xattr) (int, error) { return 0, nil }

func (d *Dir) open(name string, access uint32) (*os.File, Info, error) {
	h, err := relative(d.h, name, access, windows.FILE_OPEN, windows.FILE_NON_DIRECTORY_FILE)
	if err != nil {
		return nil, Info{}, wrap("opening a file", err)
	}
	info, err := describe(h)
	switch {
	case err != nil:
	case info.Type == Symlink:
		err = wrap("opening a file", ErrLink)
	case info.Type != File:
		err = wrap("opening a file", ErrSpecial)
	default:
		return os.NewFile(uintptr(h), "file"), info, nil
	}
	windows.CloseHandle(h)
	return nil, Info{}, err
}

// Readlink returns the target of the symbolic link or junction name.
func (d *Dir) Readlink(name string) (string, error) {
	h, err := relative(d.h, name, 0, windows.FILE_OPEN, 0)
	if err != nil {
		return "", wrap("reading a link", err)
	}
	defer windows.CloseHandle(h)
	buf := make([]byte, windows.MAXIMUM_REPARSE_DATA_BUFFER_SIZE)
	var n uint32
	err = windows.DeviceIoControl(h, windows.FSCTL_GET_REPARSE_POINT, nil, 0, &buf[0], uint32(len(buf)), &n, nil)
	if err != nil {
		return "", wrap("reading a link", err)
	}
	target, err := reparseTarget(buf[:n])
	return target, wrap("reading a link", err)
}

// Create makes the new regular file name for writing. It has the access list that the directory hands down.
func (d *Dir) Create(name string) (*os.File, error) {
	h, err := relative(d.h, name, windows.FILE_GENERIC_READ|windows.FILE_GENERIC_WRITE, windows.FILE_CREATE,
		windows.FILE_NON_DIRECTORY_FILE)
	if err != nil {
		return nil, wrap("creating a file", err)
	}
	return os.NewFile(uintptr(h), "file"), nil
}

// Mkdir makes the directory name. It has the access list that the directory hands down.
func (d *Dir) Mkdir(name string) error {
	h, err := relative(d.h, name, windows.FILE_LIST_DIRECTORY, windows.FILE_CREATE, windows.FILE_DIRECTORY_FILE)
	if err != nil {
		return wrap("creating a directory", err)
	}
	windows.CloseHandle(h)
	return nil
}

// Symlink is not supported: making a link takes a right that an ordinary account does not have.
func (d *Dir) Symlink(target, name string) error {
	return fmt.Errorf("creating a link: %w", errors.ErrUnsupported)
}
