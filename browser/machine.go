package browser

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Machine shows the files of a whole computer. Names are absolute and have slashes on every system: "C:/Program Files".
type Machine interface {
	// List returns what is in a folder, with ErrTooMany and a part of it when there is more than can be looked at.
	List(dir string) ([]fs.DirEntry, error)
	// IsFile says that there is a regular file of this name.
	IsFile(name string) bool
	// Open opens a regular file and never waits for anything else that may be there.
	Open(name string) (io.ReadCloser, error)
	// Real returns the name without the links in it, or the name itself when nothing is there.
	Real(name string) string
}

// ErrTooMany says that a folder has more names than are looked at.
var ErrTooMany = errors.New("more names in a folder than are looked at")

var (
	errLink    = errors.New("a link that is not followed")
	errAvoided = errors.New("a folder that is not entered")
	errKind    = errors.New("neither a regular file nor a folder")
)

// linkLimit is how many links are followed on the way to one file.
const linkLimit = 16

// Disk is the machine that the program runs on. It only reads.
//
// A link is followed only where nobody but an administrator can put one: in the folders of programs (the current version of
// a snap is a link, so is that of a flatpak), and directly below the root. What it leads to is looked up from the root again,
// so it cannot lead out of Prefix, and a home that it leads into is entered under the home's rule: there, and everywhere else,
// no link is followed, whether it was there or is put in the way meanwhile. Only regular files are opened, and without
// waiting: a FIFO under a browser's name holds nothing up.
type Disk struct {
	// Prefix stands before every name; empty: none.
	Prefix string
	// Avoid are folders that are not entered: where file systems are mounted that may not answer.
	Avoid []string
}

// List implements Machine.
func (d Disk) List(dir string) ([]fs.DirEntry, error) {
	f, info, err := d.open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !info.IsDir() {
		return nil, errKind
	}
	folder, err := lazy(f)
	if err != nil {
		return nil, plain(err)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(namesLimit)
	if err == io.EOF {
		err = nil
	}
	if err == nil && len(entries) == namesLimit {
		if _, more := folder.ReadDir(1); more != io.EOF {
			err = ErrTooMany
		}
	}
	for i, e := range entries {
		entries[i] = entry{e, d, path.Join(dir, e.Name())}
	}
	return entries, err
}

// entry is asked for more than its kind only when somebody wants to know, since most are passed over.
type entry struct {
	fs.DirEntry
	disk Disk
	name string
}

// Info implements fs.DirEntry.
func (e entry) Info() (fs.FileInfo, error) {
	at, err := e.disk.at(e.name)
	if err != nil {
		return nil, plain(err)
	}
	at.dir.Close()
	return at.info, nil
}

// IsFile implements Machine.
func (d Disk) IsFile(name string) bool {
	at, err := d.at(name)
	if err != nil {
		return false
	}
	defer at.dir.Close()
	return at.info.Mode().IsRegular()
}

// Open implements Machine.
func (d Disk) Open(name string) (io.ReadCloser, error) {
	f, info, err := d.open(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, errKind
	}
	return f, nil
}

// Real implements Machine.
func (d Disk) Real(name string) string {
	at, err := d.at(name)
	if err != nil {
		return name
	}
	defer at.dir.Close()
	return at.name
}

func (d Disk) open(name string) (*os.File, fs.FileInfo, error) {
	at, err := d.at(name)
	if err != nil {
		return nil, nil, plain(err)
	}
	defer at.dir.Close()
	if !at.info.IsDir() && !at.info.Mode().IsRegular() {
		return nil, nil, errKind
	}
	f, err := at.dir.OpenFile(at.base, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, plain(err)
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(info, at.info) {
		err = errKind // it was swapped meanwhile
	}
	if err != nil {
		f.Close()
		return nil, nil, plain(err)
	}
	return f, info, nil
}

// plain keeps names out of an error.
func plain(err error) error {
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		return named.Err
	}
	return err
}

// spot is where something is: its folder, and its name there.
type spot struct {
	dir  *os.Root
	base string
	info fs.FileInfo
	name string // absolute, without links
}

func (d Disk) at(name string) (spot, error) {
	for range linkLimit {
		p, next, err := d.descend(name)
		if err != nil || next == "" {
			return p, err
		}
		name = next
	}
	return spot{}, errLink
}

// descend goes down component by component and holds on to the folder that it is in. At a link that is followed it stops and
// says under which name to go on.
func (d Disk) descend(name string) (p spot, next string, err error) {
	name = path.Clean(name)
	base, rest, done := d.Prefix, strings.TrimPrefix(name, "/"), "/"
	if volume := filepath.VolumeName(name); base == "" && volume != "" {
		base, rest, done = volume, strings.TrimPrefix(name[len(volume):], "/"), volume+"/"
	}
	dir, err := os.OpenRoot(base + "/")
	if err != nil {
		return spot{}, "", err
	}
	if rest == "" {
		rest = "."
	}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		here := path.Join(done, part)
		if slices.Contains(d.Avoid, here) { // before it is touched at all
			dir.Close()
			return spot{}, "", errAvoided
		}
		info, err := dir.Lstat(part)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			defer dir.Close()
			if !follows(done) {
				return spot{}, "", errLink
			}
			target, err := dir.Readlink(part)
			if err != nil {
				return spot{}, "", err
			}
			if !path.IsAbs(target) {
				target = path.Join(done, target)
			}
			return spot{}, path.Join(target, path.Join(parts[i+1:]...)), nil
		}
		if err == nil && i == len(parts)-1 {
			return spot{dir, part, info, here}, "", nil
		}
		var sub *os.Root
		if err == nil {
			sub, err = dir.OpenRoot(part)
		}
		if err == nil {
			err = same(sub, info)
		}
		dir.Close()
		if err != nil {
			if sub != nil {
				sub.Close()
			}
			return spot{}, "", err
		}
		dir, done = sub, here
	}
	return spot{}, "", fs.ErrNotExist // never: there is at least one part
}

// same says whether a folder that was entered is the one that was looked at: a link may have taken its place.
func same(entered *os.Root, looked fs.FileInfo) error {
	info, err := entered.Stat(".")
	if err == nil && !os.SameFile(info, looked) {
		err = errLink
	}
	return err
}

// follows says whether a link in this folder was put there by an administrator.
func follows(dir string) bool {
	if dir == "/" {
		return true
	}
	return slices.ContainsFunc([]string{
		"/usr", "/opt", "/snap", "/var/lib/snapd", "/var/lib/flatpak", "/Applications",
	}, func(top string) bool { return below(dir, top) })
}

func below(name, top string) bool {
	top = strings.TrimSuffix(top, "/")
	return name == top || strings.HasPrefix(name, top+"/")
}
