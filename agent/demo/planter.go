package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"ipguard/wipe"
)

// The reasons why nothing was planted. No error of this package holds a path.
var (
	ErrNotEmpty   = errors.New("the folder is not empty")
	ErrNotPlanted = errors.New("not a home that was planted for a demonstration")
	ErrPlanted    = errors.New("a session was planted there already")
	ErrMarker     = errors.New("the marker needs small letters, digits and hyphens")
)

// planter writes files below a home and remembers what it wrote. The first error sticks, and later calls do nothing, so
// that long lists of files need one check at their end.
type planter struct {
	home   string
	traces []Trace
	bytes  int64
	err    error
}

// path returns the place of a slash-separated path of the home.
func (p *planter) path(rel string) string { return filepath.Join(p.home, filepath.FromSlash(rel)) }

// fail keeps the first error, without the path that the os package put into it.
func (p *planter) fail(doing string, err error) {
	if err == nil || p.err != nil {
		return
	}
	p.err = fmt.Errorf("%s: %w", doing, nameless(err))
}

// nameless takes the path out of an error of the os package.
func nameless(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}

// dir makes a folder with its parents.
func (p *planter) dir(rel string) {
	if p.err == nil {
		p.fail("making a folder", os.MkdirAll(p.path(rel), 0o755))
	}
}

// file writes a file that must not exist yet.
func (p *planter) file(class wipe.Class, rel string, content []byte) {
	p.write(class, rel, content, os.O_CREATE|os.O_EXCL)
}

// changed replaces the content of a file that the laptop had before.
func (p *planter) changed(class wipe.Class, rel string, content []byte) {
	p.write(class, rel, content, os.O_TRUNC)
}

// added appends to a file that the laptop had before.
func (p *planter) added(class wipe.Class, rel string, content []byte) {
	p.write(class, rel, content, os.O_APPEND)
}

func (p *planter) write(class wipe.Class, rel string, content []byte, flag int) {
	if flag&os.O_CREATE != 0 {
		p.dir(path.Dir(rel))
	}
	if p.err != nil {
		return
	}
	f, err := os.OpenFile(p.path(rel), os.O_WRONLY|flag, 0o644)
	if err != nil {
		p.fail("planting a file", err)
		return
	}
	_, err = f.Write(content)
	p.fail("planting a file", errors.Join(err, f.Close()))
	p.note(class, rel, int64(len(content)), flag&os.O_CREATE == 0)
}

// link plants a symbolic link.
func (p *planter) link(class wipe.Class, rel, target string) {
	p.dir(path.Dir(rel))
	if p.err == nil {
		p.fail("planting a link", os.Symlink(target, p.path(rel)))
		p.note(class, rel, 0, false)
	}
}

// mode sets permissions where the system has such.
func (p *planter) mode(perm fs.FileMode, rels ...string) {
	for _, rel := range rels {
		if p.err == nil {
			p.fail("setting permissions", os.Chmod(p.path(rel), perm))
		}
	}
}

func (p *planter) note(class wipe.Class, rel string, bytes int64, changed bool) {
	p.traces = append(p.traces, Trace{class, rel, changed})
	p.bytes += bytes
}
