package walk

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Apply sets the directory's own attributes and time. Owners and access lists are left as they are.
func (d *Dir) Apply(a Attr) error { return wrap("setting attributes", apply(d.h, a)) }

// ApplyFile sets the attributes and the time of an open file.
func ApplyFile(f *os.File, a Attr) error {
	return wrap("setting attributes", apply(windows.Handle(f.Fd()), a))
}

// ApplyLink sets attributes and time of the link name.
func (d *Dir) ApplyLink(name string, a Attr) error {
	h, err := relative(d.h, name, windows.FILE_WRITE_ATTRIBUTES, windows.FILE_OPEN, 0)
	if err != nil {
		return wrap("setting attributes", err)
	}
	defer windows.CloseHandle(h)
	return wrap("setting attributes", change(h, a.Mode, ticks(a.MTime)))
}

// Xattrs returns nil: alternate data streams are part of a file and go with it.
func (d *Dir) Xattrs() ([]Xattr, error) { return nil, nil }

// FileXattrs returns nil: alternate data streams are part of a file and go with it.
func FileXattrs(*os.File) ([]Xattr, error) { return nil, nil }

// Unlock takes away the attributes that keep name from being removed or seen: read-only, hidden and system. An empty
// name means the directory itself. It does not change access lists.
func (d *Dir) Unlock(name string) error {
	h, err := d.h, error(nil)
	if name != "" {
		if h, err = relative(d.h, name, 0, windows.FILE_OPEN, 0); err != nil {
			return wrap("unlocking", err)
		}
		defer windows.CloseHandle(h)
	}
	info, err := describe(h)
	if err != nil {
		return err
	}
	const locks = windows.FILE_ATTRIBUTE_READONLY | windows.FILE_ATTRIBUTE_HIDDEN | windows.FILE_ATTRIBUTE_SYSTEM
	if info.Mode&locks == 0 {
		return nil
	}
	return wrap("unlocking", setAttributes(h, info.Mode&^locks, 0))
}

// Sync asks the system to write the directory to the medium, where the account may. Flushing a whole volume takes an
// administrator and seconds; what matters is flushed file by file, by whoever wrote it.
func (d *Dir) Sync() error {
	h, err := again(d.h, windows.FILE_WRITE_DATA)
	if err != nil {
		return bestEffort(err)
	}
	defer windows.CloseHandle(h)
	return bestEffort(windows.FlushFileBuffers(h))
}

func bestEffort(err error) error {
	if unsupported(err) || errors.Is(meaning(err), ErrDenied) || err == windows.ERROR_INVALID_FUNCTION ||
		err == windows.ERROR_NOT_SUPPORTED || err == windows.ERROR_INVALID_HANDLE {
		return nil
	}
	return wrap("syncing", err)
}

func apply(h windows.Handle, a Attr) error { return setAttributes(h, a.Mode, ticks(a.MTime)) }

// setAttributes sets the attributes of what h stands for, and the time of its last change unless that is 0; h need not
// have been opened for that.
func setAttributes(h windows.Handle, mode uint32, written int64) error {
	w, err := again(h, windows.FILE_WRITE_ATTRIBUTES)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(w)
	return change(w, mode, written)
}

func change(h windows.Handle, mode uint32, written int64) error {
	b := basicInfo{write: written, attributes: mode & settable}
	if b.attributes == 0 {
		b.attributes = windows.FILE_ATTRIBUTE_NORMAL // 0 would mean "as it is"
	}
	return setInfo(h, windows.FileBasicInformation, &b)
}

// ticks turns nanoseconds since 1970 into units of 100 ns since 1601.
func ticks(ns int64) int64 {
	t := windows.NsecToFiletime(ns)
	return int64(t.HighDateTime)<<32 | int64(t.LowDateTime)
}
