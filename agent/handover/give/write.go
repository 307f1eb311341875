package give

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"ipguard/wipe/walk"
)

const (
	chunk = 1 << 20
	// large files are written out and hashed while they are copied; small ones wait for one sync that serves all.
	large = 8 << 20
	// backlog is how many bytes of small files may wait for it.
	backlog = 64 << 20
)

var (
	errChangedNow = errors.New("changed while it was read")
	errSource     = errors.New("reading the document")
)

func (j *job) writeAll(ctx context.Context) {
	l, err := newLane(3)
	if err != nil {
		j.settleAll(IOError)
		return
	}
	defer l.free()
	waiting := int64(0)
	for _, i := range j.open() {
		if ctx.Err() != nil {
			return
		}
		if code := j.given(); code != "" {
			j.settle(i, code)
			continue
		}
		if code := j.write(ctx, l, i); code != "" {
			j.drop(i)
			if ctx.Err() == nil {
				j.settle(i, code)
			}
			continue
		}
		if waiting += j.items[i].Size; waiting >= backlog {
			waiting = 0
			j.torn = j.dir.Sync() != nil || j.torn
		}
	}
}

// write copies one item and returns why it could not.
func (j *job) write(ctx context.Context, l *lane, i int) Code {
	src, err := j.items[i].Open()
	switch {
	case errors.Is(err, ErrChanged):
		return Changed
	case err != nil:
		return Unreadable
	}
	defer src.Close()
	before := stat(src)
	f, err := j.create(i)
	if err != nil {
		return j.code(err)
	}
	o, err := j.fill(ctx, l, i, f, src)
	if err == nil && !same(before, stat(src)) {
		err = errChangedNow
	}
	if err == nil && before != nil {
		_ = walk.SetTime(f, before.ModTime().UnixNano()) // a convenience
	}
	if err == nil && (syncEach || o.size >= large) {
		err = reason("syncing a copy", f.Sync())
	}
	if e := f.Close(); err == nil {
		err = reason("closing a copy", e)
	}
	switch {
	case errors.Is(err, errSource):
		return Unreadable
	case errors.Is(err, errChangedNow):
		return Changed
	case err != nil:
		return j.code(err)
	}
	j.mu.Lock()
	j.r.Items[i].sum, j.r.Items[i].size = o.sum, o.size
	j.mu.Unlock()
	return ""
}

// fill writes a document to its copy. A document that is not as long as was said has changed.
func (j *job) fill(ctx context.Context, l *lane, i int, f *os.File, src io.Reader) (o Outcome, err error) {
	want := max(j.items[i].Size, 0)
	from := int64(0) // what was not given to the device yet
	o.sum, o.size, err = l.pump(ctx, io.LimitReader(src, want+1), want+1, func(b []byte) error {
		if _, err := f.Write(b); err != nil {
			return reason("writing a copy", err)
		}
		at := o.size + int64(len(b))
		o.size = at
		j.advance(i, int64(len(b)))
		const window = 8 * chunk
		if at-from >= window {
			if err := settle(f, from, window); err != nil {
				return reason("writing a copy", err)
			}
			from += window
		}
		return nil
	})
	if err == nil && o.size != want {
		err = errChangedNow
	}
	return o, err
}

// create makes the file for an item: under another number where the file system finds a clash that we did not see, under a
// plain name where it refuses one that others take.
func (j *job) create(i int) (*os.File, error) {
	const tries = 100
	name, plain := j.names[i], false
	for range tries {
		f, err := j.dir.Create(name)
		switch {
		case err == nil:
			j.mu.Lock()
			j.r.Items[i].Name = name
			j.mu.Unlock()
			return f, nil
		case errors.Is(err, walk.ErrExist):
			name = j.namer.Name(name)
		case j.code(err) == Name && !plain:
			plain = true
			name = j.namer.Name(noName + ascii(path.Ext(name)))
		default:
			return nil, err
		}
	}
	return nil, walk.ErrName
}

// ascii returns an extension if every file system takes it, or nothing.
func ascii(ext string) string {
	for _, r := range ext {
		if r > '~' {
			return ""
		}
	}
	return ext
}

// stat describes an open document, if it can be described.
func stat(r io.Reader) fs.FileInfo {
	s, ok := r.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return nil
	}
	info, err := s.Stat()
	if err != nil {
		return nil
	}
	return info
}

func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// flush has everything written to the medium. If the system says that something was not, each file is asked for.
func (j *job) flush(items []int) bool {
	err := j.dir.Sync()
	if err == nil && !j.torn {
		return true
	}
	for _, i := range items {
		if code := j.given(); code != "" {
			j.settle(i, code)
			continue
		}
		f, _, err := j.dir.OpenFile(j.r.Items[i].Name)
		if err == nil {
			err = reason("syncing a copy", f.Sync())
			_ = f.Close() // open for reading only
		}
		if err != nil {
			j.settle(i, j.code(err))
		}
	}
	if err := j.dir.Sync(); err != nil {
		j.settleAll(j.code(err))
		return false
	}
	return true
}
