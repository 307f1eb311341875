package browsertest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Hit is one place where a marker was found. There is at most one for each file, encoding, part and trace.
type Hit struct {
	Where    string // path of the file, folder or link
	Encoding string // UTF8 or UTF16LE
	In       string // content, name, link or xattr
	Trace    string // what followed the marker: one of the traces, or "" when it was cut off or is none of them
}

// Find looks for marker, in UTF-8 and UTF-16LE, in the content of every regular file at and below the roots, and in
// every name, link target and extended attribute. Links are not followed; FIFOs, sockets and devices are not opened;
// kernel, network and FUSE file systems mounted below a root are not entered; what is at or below one of skip is left
// out, and so is the log that "go test" keeps of the running test. It reads as root, with bounded memory, without changing access times.
//
// What cannot be read is an error, as is a root that does not exist: "no hits" without an error means that all was
// read. What vanishes meanwhile is no error. Hits are returned next to an error too.
func Find(ctx context.Context, roots, skip []string, marker string) ([]Hit, error) {
	foreign, err := foreignMounts()
	if err != nil {
		return nil, err
	}
	f := &finder{needles: needles(marker), buf: make([]byte, 1<<20), skip: skip, seen: map[Hit]bool{}}
	// "go test" notes in a file there which files the test opens, so that looking at a name would itself leave it behind.
	if own := flag.Lookup("test.testlogfile"); own != nil && own.Value.String() != "" {
		f.skip = append(slices.Clone(skip), own.Value.String())
	}
	var problems []error
	for _, root := range outermost(roots) {
		if root, err = filepath.EvalSymlinks(root); err != nil {
			problems = append(problems, fmt.Errorf("finding a root: %w", err))
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if path != root && foreign[path] || f.skipped(path) {
				if d != nil && d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if err == nil {
				err = f.look(path, d)
			}
			if err != nil && !gone(err) {
				problems = append(problems, fmt.Errorf("searching: %w", err))
			}
			return nil
		})
		if err != nil {
			return f.hits, err
		}
	}
	return f.hits, errors.Join(problems...)
}

type finder struct {
	needles []needle
	buf     []byte
	skip    []string
	seen    map[Hit]bool
	hits    []Hit
}

func (f *finder) add(h Hit) {
	if !f.seen[h] {
		f.seen[h] = true
		f.hits = append(f.hits, h)
	}
}

func (f *finder) skipped(path string) bool {
	return slices.ContainsFunc(f.skip, func(s string) bool { return within(path, s) })
}

// text looks into a short text.
func (f *finder) text(path, in, text string) {
	buf := make([]byte, len(text)+1024)
	scan(strings.NewReader(text), buf, f.needles, func(n needle, trace string) { // a reader of a string does not fail
		f.add(Hit{Where: path, Encoding: n.encoding, In: in, Trace: trace})
	})
}

// look looks at one entry.
func (f *finder) look(path string, d fs.DirEntry) error {
	f.text(path, "name", filepath.Base(path))
	if d.Type() == fs.ModeSymlink {
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		f.text(path, "link", target)
	}
	if err := f.xattrs(path); err != nil {
		return err
	}
	if !d.Type().IsRegular() {
		return nil
	}
	// The name may have become a link or a FIFO since it was listed.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOATIME|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return scan(file, f.buf, f.needles, func(n needle, trace string) {
		f.add(Hit{Where: path, Encoding: n.encoding, In: "content", Trace: trace})
	})
}

func (f *finder) xattrs(path string) error {
	names := make([]byte, 1<<16) // the kernel's own limit for names and for a value
	n, err := unix.Llistxattr(path, names)
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "listxattr", Path: path, Err: err}
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 1<<16)
		n, err := unix.Lgetxattr(path, name, value)
		if errors.Is(err, unix.ENODATA) {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "getxattr", Path: path, Err: err}
		}
		f.text(path, "xattr", name+"\x00"+string(value[:n]))
	}
	return nil
}

// gone says that an entry vanished between being listed and being read.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ESTALE)
}

// within says whether path is at or below dir.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// outermost leaves out the roots that are below another root.
func outermost(roots []string) []string {
	var out []string
	for _, root := range slices.Sorted(slices.Values(roots)) { // a folder sorts before what is in it
		if !slices.ContainsFunc(out, func(o string) bool { return within(root, o) }) {
			out = append(out, root)
		}
	}
	return out
}
