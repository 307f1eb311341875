//go:build linux || darwin

package walk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// separators end a name.
const separators = "/\x00"

// Dir is an open directory. Its methods take single names, never paths. It is not safe for concurrent use.
type Dir struct {
	f     *os.File
	fd    int
	mount uint64
}

// Open opens the directory at path as the root of a walk. No component of path may be a link.
func Open(path string) (*Dir, error) {
	fd, err := openRoot(path)
	if err != nil {
		return nil, wrap("opening a root", err)
	}
	return newDir(fd)
}

func newDir(fd int) (*Dir, error) {
	d := &Dir{f: os.NewFile(uintptr(fd), "."), fd: fd}
	info, err := d.Info()
	if err != nil {
		d.Close()
		return nil, err
	}
	d.mount = info.Mount
	return d, nil
}

// Info describes the directory itself.
func (d *Dir) Info() (Info, error) { return stat(d.fd, "") }

// Stat describes the entry name. The root of a mounted file system is described as it is, with another Mount; ErrMount
// when it does not let itself be described.
func (d *Dir) Stat(name string) (Info, error) {
	if err := single(name, separators); err != nil {
		return Info{}, wrap("describing", err)
	}
	return stat(d.fd, name)
}

// Enter opens the directory name: ErrMount if something is mounted there, ErrLink or ErrNotDir if it is no directory.
func (d *Dir) Enter(name string) (*Dir, error) {
	if err := single(name, separators); err != nil {
		return nil, wrap("entering a directory", err)
	}
	fd, err := step(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err == unix.ENOTDIR {
		// The answer for a link, too.
		if info, e := d.Stat(name); e == nil && info.Type == Symlink {
			err = unix.ELOOP
		}
	}
	if err != nil {
		return nil, wrap("entering a directory", err)
	}
	sub, err := newDir(fd)
	if err == nil && sub.mount != d.mount {
		sub.Close()
		return nil, wrap("entering a directory", unix.EXDEV)
	}
	return sub, err
}

// OpenFile opens the regular file name for reading.
func (d *Dir) OpenFile(name string) (*os.File, Info, error) {
	if err := single(name, separators); err != nil {
		return nil, Info{}, wrap("opening a file", err)
	}
	fd, info, err := openRegular(d.fd, name, unix.O_RDONLY)
	if err != nil {
		return nil, Info{}, wrap("opening a file", err)
	}
	return os.NewFile(uintptr(fd), "file"), info, nil
}

// OpenOverwrite opens the regular file name for writing in place, nothing of it cut off. ErrLinks: it has several names,
// and another may be somebody else's.
func (d *Dir) OpenOverwrite(name string) (*os.File, Info, error) {
	if err := single(name, separators); err != nil {
		return nil, Info{}, wrap("opening a file", err)
	}
	fd, info, err := openRegular(d.fd, name, unix.O_WRONLY)
	if err != nil {
		return nil, Info{}, wrap("opening a file", err)
	}
	return os.NewFile(uintptr(fd), "file"), info, nil
}

// SetTime sets when an open file was last written to, in nanoseconds since 1970.
func SetTime(f *os.File, mtime int64) error { return setTimes(int(f.Fd()), "", mtime) }

// Readlink returns the target of the symbolic link name.
func (d *Dir) Readlink(name string) (string, error) {
	if err := single(name, separators); err != nil {
		return "", wrap("reading a link", err)
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(d.fd, name, buf)
	if err == unix.EINVAL {
		err = ErrSpecial // not a link
	}
	if err != nil {
		return "", wrap("reading a link", err)
	}
	return string(buf[:n]), nil
}

// Remove removes the name of a file, link or special file, or an empty directory; never what a link points at.
func (d *Dir) Remove(name string, t Type) error {
	if err := single(name, separators); err != nil {
		return wrap("removing", err)
	}
	flags := 0
	if t == Directory {
		flags = unix.AT_REMOVEDIR
	}
	return wrap("removing", unix.Unlinkat(d.fd, name, flags))
}

// Create makes the new regular file name, mode 0600, for writing.
func (d *Dir) Create(name string) (*os.File, error) {
	if err := single(name, separators); err != nil {
		return nil, wrap("creating a file", err)
	}
	fd, err := unix.Openat(d.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, wrap("creating a file", err)
	}
	return os.NewFile(uintptr(fd), "file"), nil
}

// Mkdir makes the directory name, mode 0700.
func (d *Dir) Mkdir(name string) error {
	if err := single(name, separators); err != nil {
		return wrap("creating a directory", err)
	}
	return wrap("creating a directory", unix.Mkdirat(d.fd, name, 0o700))
}

// Symlink makes the symbolic link name.
func (d *Dir) Symlink(target, name string) error {
	if err := single(name, separators); err != nil {
		return wrap("creating a link", err)
	}
	return wrap("creating a link", unix.Symlinkat(target, d.fd, name))
}

// Rename moves name to newName in to, replacing what has that name there. ErrXDev: to is on another file system.
func (d *Dir) Rename(name string, to *Dir, newName string) error {
	if err := single(name, separators); err != nil {
		return wrap("renaming", err)
	}
	if err := single(newName, separators); err != nil {
		return wrap("renaming", err)
	}
	err := unix.Renameat(d.fd, name, to.fd, newName)
	if err == unix.EXDEV {
		return fmt.Errorf("renaming: %w", ErrXDev)
	}
	return wrap("renaming", err)
}
