//go:build linux || darwin

package walk

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Apply sets the directory's own attributes. Times come last, because the rest would change them.
func (d *Dir) Apply(a Attr) error { return ApplyFile(d.f, a) }

// ApplyFile sets the attributes of an open file.
func ApplyFile(f *os.File, a Attr) error {
	fd := int(f.Fd())
	info, err := stat(fd, "")
	if err != nil {
		return err
	}
	if info.UID != a.UID || info.GID != a.GID {
		if err := unix.Fchown(fd, int(a.UID), int(a.GID)); err != nil {
			return wrap("setting the owner", err)
		}
	}
	if err := applyXattrs(fd, a.Xattrs); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, a.Mode); err != nil {
		return wrap("setting the mode", err)
	}
	return setTimes(fd, "", a.MTime)
}

// ApplyLink sets owner and time of the symbolic link name.
func (d *Dir) ApplyLink(name string, a Attr) error {
	info, err := d.Stat(name)
	if err != nil {
		return err
	}
	if info.UID != a.UID || info.GID != a.GID {
		if err := unix.Fchownat(d.fd, name, int(a.UID), int(a.GID), unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return wrap("setting the owner", err)
		}
	}
	return setTimes(d.fd, name, a.MTime)
}

// Xattrs returns the directory's own extended attributes.
func (d *Dir) Xattrs() ([]Xattr, error) { return FileXattrs(d.f) }

// FileXattrs returns the extended attributes of an open file that belong to it rather than to the system, sorted by
// name: the user name space and access lists. A file system without extended attributes has none.
func FileXattrs(f *os.File) ([]Xattr, error) {
	fd := int(f.Fd())
	n, err := unix.Flistxattr(fd, nil)
	if n <= 0 || err != nil {
		return nil, xattrErr(err)
	}
	buf := make([]byte, n)
	if n, err = unix.Flistxattr(fd, buf); err != nil {
		return nil, xattrErr(err)
	}
	var all []Xattr
	for name := range strings.SplitSeq(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00") {
		if !kept(name) {
			continue
		}
		size, err := unix.Fgetxattr(fd, name, nil)
		if err != nil {
			return nil, xattrErr(err)
		}
		value := make([]byte, size)
		if size > 0 {
			if size, err = unix.Fgetxattr(fd, name, value); err != nil {
				return nil, xattrErr(err)
			}
		}
		all = append(all, Xattr{Name: name, Value: value[:size]})
	}
	slices.SortFunc(all, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// kept reports whether an extended attribute is part of an entry as people see it.
func kept(name string) bool {
	switch name {
	case "system.posix_acl_access", "system.posix_acl_default", "security.capability":
		return true
	}
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "com.apple.")
}

func applyXattrs(fd int, want []Xattr) error {
	have, err := listNames(fd)
	if err != nil {
		return err
	}
	for _, name := range have {
		if kept(name) && !slices.ContainsFunc(want, func(x Xattr) bool { return x.Name == name }) {
			if err := unix.Fremovexattr(fd, name); err != nil {
				return wrap("removing an attribute", err)
			}
		}
	}
	for _, x := range want {
		if err := unix.Fsetxattr(fd, x.Name, x.Value, 0); err != nil {
			return wrap("setting an attribute", err)
		}
	}
	return nil
}

func listNames(fd int) ([]string, error) {
	n, err := unix.Flistxattr(fd, nil)
	if n <= 0 || err != nil {
		return nil, xattrErr(err)
	}
	buf := make([]byte, n)
	if n, err = unix.Flistxattr(fd, buf); err != nil {
		return nil, xattrErr(err)
	}
	return strings.Split(strings.TrimSuffix(string(buf[:n]), "\x00"), "\x00"), nil
}

func xattrErr(err error) error {
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	return wrap("reading attributes", err)
}
