package managed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// scrap is the pattern of the names of files that are being written. A browser that meets one cannot read it yet, and its
// dot sorts before everything that is ours.
const scrap = ".ipguard-*.tmp"

// folder returns a folder without links, made where it is missing. What it denies to ordinary accounts, or gives to them
// beyond reading, is put right when it is the last one: that one is made for settings.
func (d disk) folder(path string, last bool) (string, error) {
	w := d.walk(path)
	if w.info == nil && path != d.prefix {
		parent := filepath.Dir(path)
		if parent == path {
			return path, nil // the root
		}
		above, err := d.folder(parent, false)
		if err != nil {
			return "", err
		}
		dir := filepath.Join(above, filepath.Base(path))
		if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
			return "", ErrOccupied // a link that leads nowhere
		} else if err != nil {
			return "", d.why(err, above)
		}
		return dir, bare(os.Chmod(dir, 0o755)) // whatever the mask took away
	}
	switch {
	case path == d.prefix || w.info == nil:
		return path, nil
	case !w.info.IsDir():
		return "", ErrOccupied
	case w.safe && (!last || everybody(w.info, 0o005)):
		return w.path, nil
	case !last || !w.above || !trusted(w.info):
		return "", ErrUnsafe
	}
	if err := os.Chmod(w.path, (w.info.Mode().Perm()|0o555)&^0o022); err != nil {
		return "", d.why(err, w.path)
	}
	return w.path, nil
}

// why says what the system does not: that a flag is the reason.
func (d disk) why(err error, path string) error {
	if (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES)) && held(path) {
		return ErrImmutable
	}
	return bare(err)
}

// write puts a file in its place at once, readable by everybody, whatever was there before: a folder only when it is empty.
// An immutable one is released only when it is our own.
func (d disk) write(path string, data []byte, own bool) error {
	dir, err := d.folder(filepath.Dir(path), true)
	if err != nil {
		return err
	}
	path = filepath.Join(dir, filepath.Base(path))
	d.sweep(dir)
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		if err := os.Remove(path); err != nil {
			return ErrOccupied
		}
	}
	f, err := os.CreateTemp(dir, scrap)
	if err != nil {
		return d.why(err, dir)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return bare(err)
	}
	if err = os.Rename(f.Name(), path); err != nil && own && held(path) {
		if err = release(path); err == nil {
			err = os.Rename(f.Name(), path)
		}
	}
	if err != nil {
		return d.why(err, path)
	}
	return bare(settle(dir))
}

// remove takes a file of ours away.
func (d disk) remove(path string) error {
	dir, err := d.existing(filepath.Dir(path))
	if err != nil {
		return err
	}
	path = filepath.Join(dir, filepath.Base(path))
	if err = os.Remove(path); err != nil && held(path) {
		if err = release(path); err == nil {
			err = os.Remove(path)
		}
	}
	if err != nil {
		return d.why(err, dir)
	}
	d.sweep(dir)
	return bare(settle(dir))
}

// aside keeps what is no settings of the administrator under another name, out of everybody's sight.
func (d disk) aside(path string) error {
	dir, err := d.existing(filepath.Dir(path))
	if err != nil {
		return err
	}
	path = filepath.Join(dir, filepath.Base(path))
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return bare(err)
	case info.IsDir():
		return nil // write says so, unless it is empty
	}
	for n := 1; n <= 32; n++ {
		name := path + ".unreadable"
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		if err = os.Rename(path, name); err != nil && held(path) {
			return ErrImmutable
		}
		if err == nil && info.Mode()&fs.ModeSymlink == 0 {
			err = os.Chmod(name, 0o600)
		}
		return d.why(err, dir)
	}
	return fmt.Errorf("setting aside: %w", ErrOccupied)
}

// existing is folder, but makes nothing.
func (d disk) existing(path string) (string, error) {
	w := d.walk(path)
	if w.info == nil {
		return "", fs.ErrNotExist
	}
	return d.folder(path, true)
}

// tidy returns the way to a file's folder, cleared of what a crash left.
func (d disk) tidy(path string) way {
	w := d.walk(filepath.Dir(path))
	if w.safe && w.info != nil && w.info.IsDir() {
		d.sweep(w.path)
	}
	return w
}

// sweep removes what a crash left of writing.
func (d disk) sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if ours, _ := filepath.Match(scrap, e.Name()); !ours || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && trusted(info) {
			os.Remove(filepath.Join(dir, e.Name())) // the next writing tries again
		}
	}
}
