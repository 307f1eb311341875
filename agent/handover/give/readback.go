package give

import (
	"context"
	"errors"
	"sync"

	"ipguard/wipe/walk"
)

// lanes is how many small files are read back at once: each takes a journey to the medium and back.
const lanes = 4

// readBack reads copies from the medium and settles their items. Those that it does not come to stay open.
func (j *job) readBack(ctx context.Context, items []int) {
	var big []int
	small := make(chan int, len(items))
	for _, i := range items {
		if j.r.Items[i].size >= large {
			big = append(big, i)
		} else {
			small <- i
		}
	}
	close(small)
	var wg sync.WaitGroup
	for range min(lanes, len(small)) {
		wg.Go(func() { j.readLane(ctx, 1, small) })
	}
	wg.Wait()
	// Large ones in a row: a medium is fastest so.
	row := make(chan int, len(big))
	for _, i := range big {
		row <- i
	}
	close(row)
	if len(big) > 0 {
		j.readLane(ctx, 3, row)
	}
}

// readLane reads copies one after the other, through a directory of its own.
func (j *job) readLane(ctx context.Context, buffers int, items <-chan int) {
	l, err := newLane(buffers)
	var dir *walk.Dir
	if err == nil {
		defer l.free()
		if dir, err = j.enter(); err == nil {
			defer dir.Close()
		}
	}
	for i := range items {
		code := j.given()
		switch {
		case ctx.Err() != nil:
			continue // open
		case err != nil:
			code = j.code(err)
		case code == "":
			code = j.verify(ctx, l, dir, i)
		}
		if ctx.Err() == nil || code == "" {
			j.settle(i, code)
		}
	}
}

// enter opens the folder once more. The root is no thing for two at a time.
func (j *job) enter() (*walk.Dir, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.root.Enter(j.r.Folder)
}

// verify compares one copy, as it comes from the medium, with what was written.
func (j *job) verify(ctx context.Context, l *lane, dir *walk.Dir, i int) Code {
	j.mu.Lock()
	o := j.r.Items[i]
	j.mu.Unlock()
	f, info, err := dir.OpenFile(o.Name)
	switch {
	case errors.Is(err, walk.ErrNotExist):
		return Differs // the folder does not have what was written to it
	case err != nil:
		return j.code(err)
	case info.Size != o.size:
		_ = f.Close() // open for reading only
		return Differs
	}
	f, proved := fresh(f, j.how)
	defer f.Close()
	sum, n, err := l.pump(ctx, f, o.size, func(b []byte) error {
		j.advance(i, int64(len(b)))
		return nil
	})
	switch {
	case err != nil:
		return j.code(err)
	case n != o.size || sum != o.sum:
		return Differs
	case j.med.memory, !j.mounted && !(proved && j.med.proves(o.size)):
		return Cached
	}
	return ""
}
