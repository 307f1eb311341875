package freespace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	reserveLeast   = 16 * mib
	reserveDefault = 256 * mib
	reserveShare   = 50 // one part in so many of the volume
	// watchEvery is how often the watch looks whether others need space. A fast writer fills half the default reserve in
	// about 0.1 s.
	watchEvery = 10 * time.Millisecond
	stepMost   = 1 << 30
)

// Clean overwrites what is free on the volume of a folder, from o.Position on, in the order in which it lies there. It
// calls progress, if there is one, after each flush. A run that limits or others end early is no error; a canceled one
// returns the context's error beside a result that counts. Volumes whose file system cannot do this give ErrUnsupported.
//
// On btrfs the reserve is never reached, and while the run lasts the file system cannot turn free space into room for
// more metadata: Left tells the first, and the second is why it should run only when nobody works.
func Clean(ctx context.Context, dir string, o Options, progress func(Progress)) (Result, error) {
	if o.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Time)
		defer cancel()
	}
	d, err := os.Open(dir)
	if err != nil {
		return Result{}, fmt.Errorf("opening the volume: %w", errors.Unwrap(err))
	}
	c := &cleaning{filler: filler{dir: d}, left: -1}
	defer c.filler.close()
	c.filler.settle() // what was deleted a moment ago must be free
	at, err := c.filler.space()
	if err != nil {
		return Result{}, err
	}
	switch at.kind {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
	case unix.BTRFS_SUPER_MAGIC:
		c.late = true
		c.filler.promised = openPromised(int(d.Fd()))
	default: // others write elsewhere than they allocated, hold files in memory, or cannot be asked
		return Result{}, ErrUnsupported
	}
	c.result = Result{Free: at.free, Position: o.Position}
	if all, err := freeExtents(int(d.Fd())); err == nil {
		c.result.Free = max(at.free, sum(all))
	}
	c.reserve = max(o.Reserve, reserveLeast)
	if o.Reserve <= 0 {
		c.reserve = max(reserveDefault, at.total/reserveShare)
	}
	c.writer = newWriter(&c.filler, o.MaxBytes, func(position, written int64) {
		if c.settled { // the position of the round says nothing about the reserve
			position = 0
		}
		if progress != nil {
			progress(Progress{Position: position, Written: written, Total: max(c.total, written)})
		}
	})
	c.writer.place, c.writer.position = o.Position, o.Position
	watching, stop := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() { defer close(watched); c.watch(watching) }()
	err = c.run(ctx)
	stop()
	<-watched
	return c.finish(err)
}

// cleaning is one run.
type cleaning struct {
	filler  filler
	writer  *writer
	reserve int64
	result  Result
	total   int64
	left    int64 // what the file system itself says is free and was not overwritten; -1 as long as it did not
	settled bool  // the round is over but for the reserve
	late    bool  // the file system counts space as free only once it is committed
}

// run takes the free space, overwrites it, and then trades overwritten space for what was left to others.
func (c *cleaning) run(ctx context.Context) error {
	if err := c.take(ctx, math.MaxInt64); err != nil {
		return err
	}
	position := c.result.Position
	for first := true; ; first = false {
		window, total, below, err := lowest(c.filler.files, position)
		if unsupported(err) {
			return ErrUnsupported
		}
		if err != nil {
			return fmt.Errorf("asking where free space lies: %w", err)
		}
		if first {
			c.total, c.result.Skipped = total, below
		}
		if c.filler.gone() || first && total+below == 0 {
			return errReleased // there was no more than the reserve
		}
		if len(window) == 0 {
			break
		}
		if err := c.writer.all(ctx, window); err != nil {
			return err
		}
		position = window[len(window)-1].end()
	}
	c.settled = true
	if err := c.trade(ctx); err != nil {
		return err
	}
	writeStructure(int(c.filler.dir.Fd()))
	return nil
}

// take makes the filler grow by that many bytes, as far as the reserve allows.
func (c *cleaning) take(ctx context.Context, n int64) error {
	step := int64(stepMost)
	for ctx.Err() == nil {
		at, err := c.filler.space()
		if err != nil {
			return err
		}
		most := min(at.available-c.reserve, n, step)
		most -= most % at.block
		if most <= 0 {
			break
		}
		err = c.filler.grow(most)
		switch {
		case err == nil:
			n -= most
		case errors.Is(err, unix.EDQUOT):
			c.result.Limited = true
			fallthrough
		case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EFBIG):
			if step = most / 2; step < at.block {
				return nil
			}
		case errors.Is(err, errReleased), errors.Is(err, ErrUnsupported):
			return err
		default:
			return fmt.Errorf("taking free space: %w", err)
		}
	}
	return ctx.Err()
}

// watch gives everything back as soon as others have used half the reserve.
func (c *cleaning) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if at, err := c.filler.space(); err == nil && at.available < c.reserve/2 {
			c.filler.release()
			return
		}
	}
}

// finish turns what ended the run into the result.
func (c *cleaning) finish(err error) (Result, error) {
	r := &c.result
	r.Written, r.Failed = c.writer.written, c.writer.failed
	r.Left = max(0, r.Free-r.Written-r.Skipped-r.Failed)
	if c.left >= 0 {
		r.Left = c.left
	}
	r.Position = c.writer.position
	if c.settled {
		r.Position = 0
	}
	switch {
	case errors.Is(err, errReleased):
		r.Reason, err = NeedsSpace, nil
	case errors.Is(err, errBytes):
		r.Reason, err = BytesDone, nil
	case errors.Is(err, context.DeadlineExceeded):
		r.Reason, err = TimeUp, nil
	case errors.Is(err, context.Canceled):
		r.Reason, err = Canceled, context.Canceled
	}
	return *r, err
}
