package give

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
)

// lane is the buffers of one goroutine that copies or reads.
type lane struct {
	bufs  [][]byte
	frees []func()
}

func newLane(n int) (*lane, error) {
	l := &lane{}
	for range n {
		b, free, err := newBuffer(chunk)
		if err != nil {
			l.free()
			return nil, err
		}
		l.bufs, l.frees = append(l.bufs, b), append(l.frees, free)
	}
	return l, nil
}

func (l *lane) free() {
	for _, free := range l.frees {
		free()
	}
}

// pump reads up to want bytes and hands them on piece by piece, hashing them on the way: beside the reading when there are many
// and buffers for it. Only the last piece is shorter than a buffer, unless the reader has it otherwise.
func (l *lane) pump(
	ctx context.Context, r io.Reader, want int64, each func([]byte) error,
) (sum [sha256.Size]byte, n int64, err error) {
	h := sha256.New()
	if want < large || len(l.bufs) < 3 {
		n, err = l.read(ctx, r, want, func() []byte { return l.bufs[0] }, func(b []byte) error {
			h.Write(b)
			return each(b)
		})
		h.Sum(sum[:0])
		return sum, n, err
	}
	empty, full, done := make(chan []byte, len(l.bufs)), make(chan []byte, len(l.bufs)), make(chan struct{})
	for _, b := range l.bufs {
		empty <- b
	}
	go func() {
		defer close(done)
		for b := range full {
			h.Write(b)
			empty <- b[:cap(b)]
		}
	}()
	n, err = l.read(ctx, r, want, func() []byte { return <-empty }, func(b []byte) error {
		err := each(b)
		full <- b
		return err
	})
	close(full)
	<-done
	h.Sum(sum[:0])
	return sum, n, err
}

// read reads up to want bytes, a buffer at a time.
func (l *lane) read(ctx context.Context, r io.Reader, want int64, next func() []byte, each func([]byte) error) (int64, error) {
	n := int64(0)
	for n < want {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		b := next()
		got, err := r.Read(b)
		n += int64(got)
		if got > 0 {
			if err := each(b[:got]); err != nil {
				return n, err
			}
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("%w: %w", errSource, reason("reading", err))
		}
	}
	return n, nil
}
