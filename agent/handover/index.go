package handover

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ipguard/wipe/erase"
	"ipguard/wipe/walk"
)

// line is what an index says of one document, written before the document is moved: whatever moment a wipe is killed at,
// no document is there without its name.
type line struct {
	ID    string `json:"id"`  // the name in the batch
	Rel   []byte `json:"rel"` // where it was; bytes, because a name need not be text
	Bytes int64  `json:"bytes"`
}

const indexName = "index.jsonl"

// Held is one batch as it lies in the holding.
type Held struct {
	ID    string // its random name
	Count int
	Bytes int64
	Since time.Duration // since it was made
	Left  time.Duration // until its deadline; not positive when that is over, or nobody can say when it is

	dir  string
	docs []line
}

// List returns what is held, batch by batch; one whose index cannot be read counts as one whose deadline is over.
// longest is as far as any deadline can be set.
func (h Holding) List(now time.Time, longest time.Duration) ([]Held, error) {
	batches, err := os.ReadDir(h.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, walk.Reason("reading the holding folder", err)
	}
	var all []Held
	for _, batch := range batches {
		held := Held{ID: batch.Name(), dir: filepath.Join(h.Dir, batch.Name())}
		var head header
		head, held.docs = readIndex(held.dir)
		if head.Deadline != 0 {
			held.Since, held.Left = head.age(now, h.boot(), longest)
		}
		held.Count = len(held.docs)
		for _, doc := range held.docs {
			held.Bytes += doc.Bytes
		}
		all = append(all, held)
	}
	return all, nil
}

// Waiting counts what is held: documents, bytes, and the time until the first deadline.
func (h Holding) Waiting(now time.Time, longest time.Duration) (count int, bytes int64, first time.Duration, err error) {
	all, err := h.List(now, longest)
	for _, held := range all {
		if held.Count > 0 && (count == 0 || held.Left < first) {
			first = held.Left
		}
		count += held.Count
		bytes += held.Bytes
	}
	return count, bytes, first, err
}

// Expire destroys every batch whose time is over. It returns how many documents went.
func (h Holding) Expire(ctx context.Context, now time.Time, longest time.Duration) (count int, err error) {
	return h.destroy(ctx, now, longest, func(held Held) bool { return held.Left <= 0 })
}

// Destroy destroys every batch, whatever its deadline. It returns how many documents went.
func (h Holding) Destroy(ctx context.Context) (count int, err error) {
	return h.destroy(ctx, time.Time{}, 0, func(Held) bool { return true })
}

func (h Holding) destroy(ctx context.Context, now time.Time, longest time.Duration, over func(Held) bool) (int, error) {
	all, err := h.List(now, longest)
	count := 0
	for _, held := range all {
		if !over(held) {
			continue
		}
		if e := held.erase(ctx); e != nil {
			err = errors.Join(err, e)
			continue
		}
		count += held.Count
	}
	return count, err
}

// erase destroys the batch, as strongly as its medium allows.
func (b Held) erase(ctx context.Context) error {
	// The second names that giving back made must go first: what has two is not overwritten.
	if err := os.RemoveAll(filepath.Join(b.dir, outName)); err != nil {
		return walk.Reason("destroying held documents", err)
	}
	if err := erase.Folder(ctx, b.dir, erase.Terms{Privileged: true}); err != nil {
		return walk.Reason("destroying held documents", err)
	}
	return nil
}

func readIndex(dir string) (head header, docs []line) {
	f, err := os.Open(filepath.Join(dir, indexName))
	if err != nil {
		return header{}, nil
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	if dec.Decode(&head) != nil {
		return header{}, nil
	}
	for {
		var l line
		if dec.Decode(&l) != nil { // the end, or a line that a power cut tore
			return head, docs
		}
		if _, err := os.Lstat(filepath.Join(dir, l.ID)); err == nil {
			docs = append(docs, l)
		}
	}
}
