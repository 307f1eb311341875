package walk

import (
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ClearXattrs removes the extended attributes of the entry name that programs have set, so that they do not stay in an
// inode that nobody uses any more. Those of a file with several names are left.
func (d *Dir) ClearXattrs(name string) error {
	_, err := d.eachXattr(name, nil, func(fd int, attr string) error {
		return unix.Fremovexattr(fd, attr)
	})
	return wrap("removing an attribute", err)
}

// BlankXattrs writes random bytes over the values of the extended attributes of the entry name, where they are, and returns
// how many. A value can lie in a block of its own, which removing it frees with the value in it. Nothing is done when the
// name does not stand for the entry that info describes any more.
func (d *Dir) BlankXattrs(name string, info Info) (int, error) {
	n, err := d.eachXattr(name, &info, blank)
	return n, wrap("overwriting an attribute", err)
}

// BlankFileXattrs does the same for an open file.
func BlankFileXattrs(f *os.File) (int, error) {
	n, err := xattrsOf(int(f.Fd()), blank)
	return n, wrap("overwriting an attribute", err)
}

// BlankOwnXattrs does the same for the directory's own attributes but those that are kept.
func (d *Dir) BlankOwnXattrs(kept []Xattr) (int, error) {
	n, err := xattrsOf(d.fd, func(fd int, attr string) error {
		if i := slices.IndexFunc(kept, func(x Xattr) bool { return x.Name == attr }); i >= 0 {
			value := make([]byte, len(kept[i].Value)+1)
			if n, err := unix.Fgetxattr(fd, attr, value); err == nil && string(value[:n]) == string(kept[i].Value) {
				return nil
			}
		}
		return blank(fd, attr)
	})
	return n, wrap("overwriting an attribute", err)
}

// blank writes over the value of one attribute.
func blank(fd int, attr string) error {
	size, err := unix.Fgetxattr(fd, attr, nil)
	if err != nil || size == 0 {
		return err
	}
	value := make([]byte, size)
	rand.Read(value)
	return unix.Fsetxattr(fd, attr, value, unix.XATTR_REPLACE)
}

// eachXattr calls do for every attribute of the name spaces that programs write to. Few entries have any, so that these
// are looked for by name first: what is asked there is never changed.
func (d *Dir) eachXattr(name string, want *Info, do func(fd int, attr string) error) (int, error) {
	if err := single(name, separators); err != nil {
		return 0, err
	}
	buf := make([]byte, 256)
	n, err := unix.Llistxattr(magicLink(d.fd)+"/"+name, buf)
	if n == 0 || err != nil && err != unix.ERANGE {
		if err == unix.ENOTSUP {
			err = nil
		}
		return 0, err
	}
	fd, err := step(d.fd, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	info, err := stat(fd, "")
	if err != nil || info.Type != Directory && (info.Type != File || info.Links > 1) {
		return 0, err
	}
	if want != nil && !info.Same(*want) {
		return 0, nil
	}
	return xattrsOf(fd, do)
}

// xattrsOf calls do for every attribute of an open entry that programs have set, and counts them.
func xattrsOf(fd int, do func(fd int, attr string) error) (count int, err error) {
	names, err := listNames(fd)
	for _, attr := range names {
		if strings.HasPrefix(attr, "user.") || strings.HasPrefix(attr, "trusted.") {
			count++
			err = errors.Join(err, do(fd, attr))
		}
	}
	return count, err
}
