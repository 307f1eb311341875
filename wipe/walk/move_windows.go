package walk

import (
	"errors"

	"golang.org/x/sys/windows"
)

// Newer operations that x/sys does not number; [MS-FSCC] 2.4.
const fileRenameInformationEx = 65

// Remove removes the name of a file or link, or an empty directory; never what a link points at. When it returns nil the
// name is gone. A file that another program has open is removed only if that program allows it; ErrInUse otherwise.
func (d *Dir) Remove(name string, t Type) error {
	options := uint32(0)
	if t == Directory {
		options = windows.FILE_DIRECTORY_FILE
	}
	h, err := relative(d.h, name, windows.DELETE, windows.FILE_OPEN, options)
	if err != nil {
		return wrap("removing", err)
	}
	info, err := describe(h)
	switch {
	case err != nil:
	case t == Directory && info.Type != Directory:
		err = wrap("removing", ErrNotDir)
	case t != Directory && info.Type == Directory:
		err = wrap("removing", ErrSpecial)
	default:
		return d.dispose(h, name, info)
	}
	windows.CloseHandle(h)
	return err
}

// dispose removes the name under which h was opened and closes h.
func (d *Dir) dispose(h windows.Handle, name string, info Info) error {
	flags := uint32(windows.FILE_DISPOSITION_DELETE | windows.FILE_DISPOSITION_POSIX_SEMANTICS |
		windows.FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE)
	err := setInfo(h, windows.FileDispositionInformationEx, &flags)
	if !unsupported(err) {
		windows.CloseHandle(h)
		return wrap("removing", err)
	}
	// The older way: the file goes when the last program closes it, so the answer is only known afterwards.
	if info.Mode&windows.FILE_ATTRIBUTE_READONLY != 0 {
		err = setAttributes(h, info.Mode&^windows.FILE_ATTRIBUTE_READONLY, 0)
	} else {
		err = nil
	}
	if err == nil {
		yes := uint8(1)
		err = setInfo(h, windows.FileDispositionInformation, &yes)
	}
	windows.CloseHandle(h)
	if err != nil {
		return wrap("removing", err)
	}
	after, err := d.Stat(name)
	if errors.Is(err, ErrNotExist) || err == nil && after.Inode != info.Inode {
		return nil // gone, or somebody made a new entry of that name meanwhile
	}
	if err == nil {
		err = wrap("removing", ErrInUse)
	}
	return err // a removal that is still pending is ErrInUse, too
}

// rename is FILE_RENAME_INFORMATION with room for the longest name.
type rename struct {
	flags  uint32
	root   windows.Handle
	length uint32
	name   [256]uint16
}

// Rename moves name to newName in to, replacing what has that name there. ErrXDev: to is on another volume.
func (d *Dir) Rename(name string, to *Dir, newName string) error {
	u, err := units(newName)
	if err != nil {
		return wrap("renaming", err)
	}
	h, err := relative(d.h, name, windows.DELETE, windows.FILE_OPEN, 0)
	if err != nil {
		return wrap("renaming", err)
	}
	defer windows.CloseHandle(h)
	r := rename{root: to.h, length: uint32(2 * len(u))}
	copy(r.name[:], u)
	r.flags = windows.FILE_RENAME_REPLACE_IF_EXISTS | windows.FILE_RENAME_POSIX_SEMANTICS |
		windows.FILE_RENAME_IGNORE_READONLY_ATTRIBUTE
	if err = setInfo(h, fileRenameInformationEx, &r); unsupported(err) {
		r.flags = windows.FILE_RENAME_REPLACE_IF_EXISTS
		err = setInfo(h, windows.FileRenameInformation, &r)
	}
	return wrap("renaming", err)
}
