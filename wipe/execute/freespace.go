package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"ipguard/wipe"
	"ipguard/wipe/erase"
	"ipguard/wipe/freespace"
	"ipguard/wipe/storage"
)

// FreeSpaceLimits bound a cleaning of free space.
type FreeSpaceLimits struct {
	Within    time.Duration
	Reserve   int64   // bytes that stay free for others; 0 leaves that to the size of the volume
	Positions []int64 // where to go on, a volume each
	// Save hears of positions while the cleaning goes on, so that it can go on there after a power cut; nil is allowed.
	Save func([]int64)
}

// CleanFreeSpace clears what the volumes of the plan keep of the past in their free space and in their own records. It is
// not for between two people: it takes minutes and, where nothing can be discarded, most of the free space meanwhile.
func (e *Executor) CleanFreeSpace(ctx context.Context, limits FreeSpaceLimits) []wipe.FreeSpace {
	e.Media()
	volumes := slices.DeleteFunc(slices.Clone(e.volumes.order), func(v *erase.Volume) bool {
		return v.Storage.FileSystem == storage.Tmpfs || v.Storage.ReadOnly
	})
	end := time.Now().Add(limits.Within)
	positions := make([]int64, len(volumes))
	copy(positions, limits.Positions)
	var all []wipe.FreeSpace
	for i, v := range volumes {
		c := cleaning{executor: e, volume: v, end: end, reserve: limits.Reserve, position: positions[i], save: func(at int64) {
			positions[i] = at
			if limits.Save != nil {
				limits.Save(positions)
			}
		}}
		all = append(all, c.run(ctx))
	}
	return all
}

// cleaning is the cleaning of one volume.
type cleaning struct {
	executor *Executor
	volume   *erase.Volume
	end      time.Time
	reserve  int64
	position int64
	save     func(int64)
	churned  bool
	row      wipe.FreeSpace
}

func (c *cleaning) run(ctx context.Context) wipe.FreeSpace {
	v := c.volume
	trims := v.Method.Trim && !v.Method.Coarse
	// btrfs has no room left for its records right after its free space was taken; the others forget the most when what
	// took it is gone.
	steps := []func(context.Context){c.fill, c.churn}
	if v.Storage.FileSystem == storage.Btrfs {
		slices.Reverse(steps)
	}
	switch {
	case v.Device == nil:
		c.row.Outcome, steps = wipe.FreeUnsupported, nil
	case trims:
		c.row.Outcome, steps = wipe.FreeDiscarded, steps[:0]
		c.churn(ctx)
	}
	for _, step := range steps {
		if c.row.Stopped == wipe.FreeNotStopped {
			step(ctx)
		}
	}
	if v.Device != nil && ctx.Err() == nil {
		// A journal that is too long for between two people has its turn here.
		v.Method.Journal = v.Method.Yard
		v.Settle(ctx, func(done, total int64) {
			c.executor.progress(wipe.Progress{Phase: wipe.PhaseFreeSpace, Bytes: done, Total: total})
		})
	}
	c.row.Medium = v.Medium()
	limits := c.row.Medium.Limits
	switch {
	case ctx.Err() != nil:
		c.row.Outcome, c.row.Stopped = wipe.FreePartly, wipe.FreeInterrupted
	case slices.Contains(limits, wipe.LimitFailed) || trims && slices.Contains(limits, wipe.LimitFreeSpace):
		c.row.Outcome = wipe.FreeFailed
	}
	c.row.Medium.Limits = slices.DeleteFunc(slices.Clone(limits), c.lifted)
	return c.row
}

// lifted reports whether a limit that holds after a wipe holds no more after this cleaning.
func (c *cleaning) lifted(l wipe.Limit) bool {
	fs := c.volume.Storage.FileSystem
	done := c.row.Outcome == wipe.FreeDiscarded || c.row.Outcome == wipe.FreeOverwritten
	switch l {
	case wipe.LimitFreeSpace:
		return done && c.row.Left == 0
	case wipe.LimitNames:
		// The log of xfs forgets too, but small folders leave their names in inodes that nobody uses any more.
		return done && (fs == storage.Btrfs && c.churned || fs == storage.Ext && c.volume.Method.Journal)
	case wipe.LimitSmallFiles:
		return done && c.churned
	}
	return false
}

// fill writes over the free space.
func (c *cleaning) fill(ctx context.Context) {
	o := freespace.Options{Position: c.position, Time: c.left(), Reserve: c.reserve}
	res, err := freespace.Clean(ctx, c.volume.Storage.Base, o, func(p freespace.Progress) {
		c.save(p.Position)
		c.executor.progress(wipe.Progress{Phase: wipe.PhaseFreeSpace, Bytes: p.Written, Total: p.Total})
	})
	c.row.Free, c.row.Written, c.row.Left = res.Free, res.Written, res.Left
	c.stopped(res.Reason, wipe.FreeOverwritten)
	switch {
	case c.row.Outcome == wipe.FreeFailed:
	case errors.Is(err, freespace.ErrUnsupported):
		c.row.Outcome = wipe.FreeUnsupported
	case err != nil && ctx.Err() == nil:
		c.row.Outcome = wipe.FreeFailed
	case err == nil:
		c.save(res.Position)
		if res.Failed > 0 {
			c.row.Outcome = wipe.FreeFailed
		}
	}
}

// churn takes the file system's own records through as much new as they need to forget the old.
func (c *cleaning) churn(ctx context.Context) {
	res, err := freespace.Churn(ctx, c.volume.Storage.Base, freespace.ChurnOptions{Time: c.left()})
	switch {
	case err == nil:
		c.churned = res.Reason == freespace.Completed
		c.stopped(res.Reason, c.row.Outcome)
	case !errors.Is(err, freespace.ErrUnsupported) && ctx.Err() == nil:
		c.row.Outcome = wipe.FreeFailed
	}
}

// stopped notes why a step ended, and done if it came to its end.
func (c *cleaning) stopped(why freespace.Reason, done wipe.FreeOutcome) {
	reasons := map[freespace.Reason]wipe.FreeStop{
		freespace.TimeUp: wipe.FreeTime, freespace.BytesDone: wipe.FreeTime, freespace.NeedsSpace: wipe.FreeSpaceNeeded,
		freespace.Canceled: wipe.FreeInterrupted,
	}
	if c.row.Outcome, c.row.Stopped = done, reasons[why]; c.row.Stopped != wipe.FreeNotStopped {
		c.row.Outcome = wipe.FreePartly
	}
}

// left is the time that is left; the least that counts as a limit when there is none.
func (c *cleaning) left() time.Duration { return max(time.Until(c.end), time.Millisecond) }
