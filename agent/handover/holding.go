package handover

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ipguard/wipe/erase"
	"ipguard/wipe/walk"
)

// Holding is the folder, out of every session's sight, where documents wait that nobody decided about. It has a folder
// a batch, under random names; the index inside is the only place of ipguard where a name of a document is written.
type Holding struct {
	Dir string // made with mode 0700 when it is needed
}

// The index of a batch is a line with the deadline, then a line a document, each written before the document is moved:
// whatever moment a wipe is killed at, no document is there without its deadline and its name.
type header struct {
	Deadline int64 `json:"deadline"` // seconds since 1970
}

type line struct {
	ID    string `json:"id"`  // the name in the batch
	Rel   []byte `json:"rel"` // where it was; bytes, because a name need not be text
	Bytes int64  `json:"bytes"`
}

const indexName = "index.jsonl"

// Batch is the documents of one wipe.
type Batch struct {
	dir   *walk.Dir
	path  string
	index *os.File
	count int
}

// NewBatch makes an empty batch with its deadline.
func (h Holding) NewBatch(deadline time.Time) (*Batch, error) {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil {
		return nil, walk.Reason("making the holding folder", err)
	}
	b := &Batch{path: filepath.Join(h.Dir, rand.Text())}
	if err := os.Mkdir(b.path, 0o700); err != nil {
		return nil, walk.Reason("making the holding folder", err)
	}
	if err := b.begin(deadline); err != nil {
		os.RemoveAll(b.path)
		return nil, err
	}
	return b, nil
}

func (b *Batch) begin(deadline time.Time) (err error) {
	b.index, err = os.OpenFile(filepath.Join(b.path, indexName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return walk.Reason("writing the index", err)
	}
	if err := b.write(header{Deadline: deadline.Unix()}); err != nil {
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

func (b *Batch) take(ctx context.Context, d *walk.Dir, name string, info walk.Info, doc Document, changed bool) error {
	id := rand.Text()
	if err := b.write(line{ID: id, Rel: []byte(doc.Rel), Bytes: doc.Bytes}); err != nil {
		return err
	}
	err := walk.ErrXDev
	if info.Links == 1 && !changed {
		err = d.Rename(name, b.dir, id)
		if errors.Is(err, walk.ErrDenied) && d.Unlock(name) == nil {
			err = d.Rename(name, b.dir, id)
		}
	}
	if errors.Is(err, walk.ErrXDev) {
		err = b.copy(ctx, d, name, id)
	}
	if err == nil {
		b.count++
	}
	return err
}

func (b *Batch) copy(ctx context.Context, d *walk.Dir, name, id string) error {
	in, _, err := d.OpenFile(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := b.dir.Create(id)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = b.dir.Remove(id, walk.File) // an incomplete copy must not pass for the document
		return walk.Reason("copying a document", err)
	}
	return nil
}

// Waiting counts what is held: documents, bytes, and the time until the first deadline.
func (h Holding) Waiting(now time.Time) (count int, bytes int64, first time.Duration, err error) {
	err = h.each(func(_ string, deadline time.Time, docs []line) error {
		for _, doc := range docs {
			count++
			bytes += doc.Bytes
		}
		if left := deadline.Sub(now); len(docs) > 0 && (first == 0 || left < first) {
			first = left
		}
		return nil
	})
	return count, bytes, first, err
}

// Expire destroys every batch whose deadline is over, or lies further ahead than any deadline can be set: then the clock
// was put back, and time must not be won by that. It returns how many documents went.
func (h Holding) Expire(ctx context.Context, now time.Time, longest time.Duration) (count int, err error) {
	err = h.each(func(dir string, deadline time.Time, docs []line) error {
		left := deadline.Sub(now)
		if left > 0 && left <= longest {
			return nil
		}
		if err := erase.Folder(ctx, dir, erase.Terms{Privileged: true}); err != nil {
			return walk.Reason("destroying held documents", err)
		}
		count += len(docs)
		return nil
	})
	return count, err
}

// each calls do for every batch; one whose index cannot be read counts as one whose deadline is over.
func (h Holding) each(do func(dir string, deadline time.Time, docs []line) error) error {
	batches, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return walk.Reason("reading the holding folder", err)
	}
	var failed error
	for _, batch := range batches {
		dir := filepath.Join(h.Dir, batch.Name())
		deadline, docs := readIndex(dir)
		failed = errors.Join(failed, do(dir, deadline, docs))
	}
	return failed
}

func readIndex(dir string) (deadline time.Time, docs []line) {
	f, err := os.Open(filepath.Join(dir, indexName))
	if err != nil {
		return time.Time{}, nil
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	var h header
	if dec.Decode(&h) != nil {
		return time.Time{}, nil
	}
	for {
		var l line
		if dec.Decode(&l) != nil { // the end, or a line that a power cut tore
			return time.Unix(h.Deadline, 0), docs
		}
		if _, err := os.Lstat(filepath.Join(dir, l.ID)); err == nil {
			docs = append(docs, l)
		}
	}
}
