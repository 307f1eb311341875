package managed

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// most is how many bytes of a file are read. Browsers read more: Chromium 156 and Firefox 153 both took 6 MB.
const most = 4 << 20

// disk reads and writes below a prefix as an administrator may: a path is followed only where nobody else can change
// where it leads, so that what was checked still holds when it is used.
type disk struct{ prefix string }

func (d disk) below(path string) string { return filepath.Join(d.prefix, filepath.FromSlash(path)) }

// way is where a path leads.
type way struct {
	path string      // without links, as far as it exists
	info fs.FileInfo // of what is there; nil: nothing
	safe bool        // nobody but the administrator can change anything on the way, nor what is there
	// above says that everything above what is there is safe.
	above bool
	open  bool // every account can get there and read it
	link  bool // the last component is a link
}

// walk follows a path, links included, and judges each component below the prefix.
func (d disk) walk(path string) way {
	w := way{path: d.prefix, safe: true, above: true, open: true}
	rest := d.parts(path, &w)
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == ".." {
			w.path = filepath.Dir(w.path)
			continue
		}
		next := filepath.Join(w.path, part)
		info, err := os.Lstat(next)
		w.above = w.safe
		if err != nil {
			// Whoever may write to the folder may make what is missing there, also where it is sticky.
			if parent, err := os.Lstat(w.path); w.path != d.prefix && (err != nil || loose(w.path, parent)) {
				w.safe, w.above = false, false
			}
			w.info, w.path = nil, filepath.Join(append([]string{next}, rest...)...)
			return w
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(next)
			if links++; err != nil || links > 16 {
				w.info, w.open = info, false
				return w
			}
			w.safe = w.safe && trusted(info)
			w.link = w.link || len(rest) == 0
			if filepath.IsAbs(target) {
				rest = append(d.parts(target, &w), rest...)
			} else {
				rest = append(strings.Split(filepath.ToSlash(filepath.Clean(target)), "/"), rest...)
			}
			continue
		}
		w.path, w.info = next, info
		w.judge(info, len(rest) == 0)
		if len(rest) > 0 && !info.IsDir() {
			w.open = false
			return w
		}
	}
	return w
}

// parts splits a path into what is below the prefix, or below the root when it leads elsewhere, and goes to its start.
func (d disk) parts(path string, w *way) []string {
	w.path = d.prefix
	if w.path == "" {
		w.path = filepath.VolumeName(path) + string(filepath.Separator)
	}
	rel, err := filepath.Rel(w.path, path)
	if err != nil || !filepath.IsLocal(rel) {
		w.path = filepath.VolumeName(path) + string(filepath.Separator)
		rel = strings.TrimPrefix(filepath.Clean(path), w.path)
	}
	if rel == "." || rel == "" {
		return nil
	}
	return strings.Split(filepath.ToSlash(rel), "/")
}

func (w *way) judge(info fs.FileInfo, last bool) {
	w.safe = w.safe && trusted(info)
	// In a sticky folder nobody can rename or remove what belongs to the administrator.
	if loose(w.path, info) && (last || info.Mode()&fs.ModeSticky == 0) {
		w.safe = false
	}
	switch {
	case info.IsDir() && last:
		w.open = w.open && everybody(info, 0o005)
	case info.IsDir():
		w.open = w.open && everybody(info, 0o001)
	default:
		w.open = w.open && everybody(info, 0o004)
	}
}

// read returns what a file says. With FaultUnsafe and FaultUnreadable there is what the administrator can read.
func (d disk) read(path string) ([]byte, way, Fault) {
	w := d.walk(path)
	switch {
	case w.info == nil:
		return nil, w, FaultMissing
	case !w.info.Mode().IsRegular():
		return nil, w, FaultKind
	case w.info.Size() > most:
		return nil, w, FaultTooBig
	}
	f, err := os.OpenFile(w.path, os.O_RDONLY|carefully, 0)
	if err != nil {
		return nil, w, FaultUnreadable
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, w, FaultKind
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, w, FaultUnreadable
	case len(data) > most:
		return nil, w, FaultTooBig
	case !w.safe:
		return data, w, FaultUnsafe
	case !w.open:
		return data, w, FaultUnreadable
	}
	return data, w, ""
}

// bare leaves out of an error what names a file.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// parents are the folders from a path's own up to the prefix.
func (d disk) parents(path string) []string {
	var all []string
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		all = append(all, dir)
		if dir == d.prefix || dir == filepath.Dir(dir) {
			return all
		}
	}
}
