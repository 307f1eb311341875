package baseline

import (
	"bufio"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"hash"
	"io"
	"os"

	"ipguard/wipe/walk"
)

// ErrCorrupt says that a baseline cannot be trusted: its manifest does not have the content that was written.
var ErrCorrupt = errors.New("the baseline is damaged")

// Writer writes a manifest: gob-encoded groups, then the SHA-256 of all of them, so that one rename replaces a whole
// manifest and a damaged one is noticed before anything is decided from it.
type Writer struct {
	f   *os.File
	buf *bufio.Writer
	sum hash.Hash
	enc *gob.Encoder
}

// NewWriter starts a manifest in f, which stays the caller's.
func NewWriter(f *os.File) *Writer {
	w := &Writer{f: f, buf: bufio.NewWriterSize(f, 256<<10), sum: sha256.New()}
	w.enc = gob.NewEncoder(io.MultiWriter(w.buf, w.sum))
	return w
}

// Write appends a group.
func (w *Writer) Write(g *Group) error {
	if err := w.enc.Encode(g); err != nil {
		return walk.Reason("writing a manifest", err)
	}
	return nil
}

// Close writes the digest and flushes everything to the medium.
func (w *Writer) Close() error {
	if _, err := w.buf.Write(w.sum.Sum(nil)); err != nil {
		return walk.Reason("writing a manifest", err)
	}
	if err := w.buf.Flush(); err != nil {
		return walk.Reason("writing a manifest", err)
	}
	if err := w.f.Sync(); err != nil {
		return walk.Reason("writing a manifest", err)
	}
	return nil
}

// Reader reads a manifest group by group.
type Reader struct {
	f      *os.File
	dec    *gob.Decoder
	peeked *Group
	last   int // depth of the group read last, -1 before the first
}

// Open checks the digest of the manifest at path, then starts reading it. Errors: ErrCorrupt, or that of the file.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, walk.Reason("opening a manifest", err)
	}
	r, err := newReader(f)
	if err != nil {
		f.Close()
	}
	return r, err
}

func newReader(f *os.File) (*Reader, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, walk.Reason("reading a manifest", err)
	}
	size := st.Size() - sha256.Size
	if size < 0 {
		return nil, ErrCorrupt
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return nil, walk.Reason("reading a manifest", err)
	}
	want := make([]byte, sha256.Size)
	if _, err := f.ReadAt(want, size); err != nil || string(want) != string(sum.Sum(nil)) {
		return nil, ErrCorrupt
	}
	dec := gob.NewDecoder(bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 256<<10))
	return &Reader{f: f, dec: dec, last: -1}, nil
}

// Close releases the file. A nil Reader is an empty manifest.
func (r *Reader) Close() error {
	if r == nil {
		return nil
	}
	return r.f.Close()
}

// Next returns the next group, io.EOF after the last.
func (r *Reader) Next() (*Group, error) {
	if g := r.peeked; g != nil {
		r.peeked = nil
		return g, nil
	}
	g := new(Group)
	if err := r.dec.Decode(g); err == io.EOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, ErrCorrupt
	}
	if g.Depth > r.last+1 || g.Depth < 0 || g.Depth == 0 && r.last >= 0 {
		return nil, ErrCorrupt
	}
	r.last = g.Depth
	return g, nil
}

// Child returns the group of the directory name at depth, which must be the next one.
func (r *Reader) Child(depth int, name string) (*Group, error) {
	g, err := r.Next()
	if err != nil || g.Depth != depth || g.Self.Name != name {
		return nil, ErrCorrupt
	}
	return g, nil
}

// Skip passes over all groups deeper than depth.
func (r *Reader) Skip(depth int) error {
	for {
		g, err := r.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if g.Depth <= depth {
			r.peeked = g
			return nil
		}
	}
}
