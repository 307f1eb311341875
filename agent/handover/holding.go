package handover

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"ipguard/wipe/walk"
)

// Holding is the folder, out of every session's sight, where documents wait that nobody decided about. It has a folder
// a batch, under random names; the index inside is the only place of ipguard where a name of a document is written. It is
// a line with the deadline, then a line a document.
type Holding struct {
	Dir string // made with mode 0700 when it is needed
	// Boot is the clock that nobody can put back; nil: there is none.
	Boot Boot
}

func (h Holding) boot() Boot {
	if h.Boot == nil {
		return NoBoot
	}
	return h.Boot
}

// Batch is the documents of one wipe.
type Batch struct {
	dir   *walk.Dir
	path  string
	index *os.File
	count int
}

// NewBatch makes an empty batch that may stay as long as hold says from now on, but never past the day.
func (h Holding) NewBatch(now time.Time, hold time.Duration) (*Batch, error) {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return nil, walk.Reason("making the holding folder", err)
	}
	b := &Batch{path: filepath.Join(h.Dir, rand.Text())}
	if err := os.Mkdir(b.path, 0o700); err != nil {
		return nil, walk.Reason("making the holding folder", err)
	}
	if err := b.begin(newHeader(now, hold, h.boot())); err != nil {
		os.RemoveAll(b.path)
		return nil, err
	}
	return b, nil
}

func (b *Batch) begin(head header) (err error) {
	b.index, err = os.OpenFile(filepath.Join(b.path, indexName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return walk.Reason("writing the index", err)
	}
	if err := b.write(head); err != nil {
		return err
	}
	// A battery that dies now must not leave documents without a deadline: they would count as overdue.
	if err := b.index.Sync(); err != nil {
		return walk.Reason("writing the index", err)
	}
	b.dir, err = walk.Open(b.path)
	return err
}

func (b *Batch) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := b.index.Write(append(data, '\n')); err != nil {
		return walk.Reason("writing the index", err)
	}
	return nil
}

// Close writes the batch to the medium. An empty one leaves nothing behind.
func (b *Batch) Close() error {
	err := errors.Join(b.index.Sync(), b.index.Close(), b.dir.Close())
	if b.count == 0 {
		err = errors.Join(err, os.RemoveAll(b.path))
	}
	if err != nil {
		return walk.Reason("closing the holding folder", err)
	}
	return nil
}

// take sets one document aside. It was copied, and the original is still there, when it has several names, belongs to the
// baseline or lies on another file system.
func (b *Batch) take(ctx context.Context, f Found) (copied bool, err error) {
	id := rand.Text()
	if err := b.write(line{ID: id, Rel: []byte(f.Document.Rel), Bytes: f.Document.Bytes}); err != nil {
		return false, err
	}
	err = walk.ErrXDev
	if f.Info.Links == 1 && !f.Changed {
		err = f.moveTo(b.dir, id)
	}
	if errors.Is(err, walk.ErrXDev) {
		copied, err = true, b.copy(ctx, f.Dir, f.Name, id)
	}
	if err == nil {
		b.count++
	}
	return copied, err
}

func (b *Batch) copy(ctx context.Context, d *walk.Dir, name, id string) error {
	err := copyFile(ctx, d, name, b.dir, id)
	if err != nil {
		_ = b.dir.Remove(id, walk.File) // an incomplete copy must not pass for the document
	}
	return err
}

// keep gives a copy the owner, the rights and the time of the original, so that giving it back lets nobody read what they
// could not read before. What runs with another's rights does not go on doing so.
func keep(f *os.File, info walk.Info) error {
	own, err := walk.FileXattrs(f) // those that the folder hands down
	if err != nil {
		return err
	}
	err = walk.ApplyFile(f, walk.Attr{Mode: info.Mode & 0o777, UID: info.UID, GID: info.GID, MTime: info.MTime, Xattrs: own})
	if errors.Is(err, walk.ErrDenied) { // a file system without owners, or no right to give files away
		return nil
	}
	return err
}
