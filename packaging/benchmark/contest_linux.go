package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ipguard/wipe/erase/erasetest"
)

// contest lets ipguard and others erase the same session in turns on the same disk.
type contest struct {
	*disk
	tree    string // of the session, to be copied from
	session erasetest.Session
	rounds  int
	wipes   []took
	flushes int64 // the most that one wipe asked the device for
}

func (c *contest) place() string { return filepath.Join(c.home, "session") }

// against measures rounds of a wipe and of another. Before each the session is there, in memory and on the medium.
func (c *contest) against(ctx context.Context, other func() (time.Duration, error)) ([]time.Duration, error) {
	var others []time.Duration
	steps := []func() error{
		func() error { return c.measure(ctx) },
		func() error {
			d, err := other()
			others = append(others, d)
			return err
		},
	}
	for round := range c.rounds {
		for i := range steps { // nobody is always the first
			if err := c.copy(ctx); err != nil {
				return nil, err
			}
			if err := steps[(i+round)%len(steps)](); err != nil {
				return nil, err
			}
		}
	}
	return others, nil
}

// copy sees to it that the session is there.
func (c *contest) copy(ctx context.Context) error {
	if _, err := os.Lstat(c.place()); err != nil {
		if err := c.tool(ctx, "cp", "-a", c.tree, c.place()); err != nil {
			return err
		}
	}
	return c.settle(ctx)
}

// measure wipes once.
func (c *contest) measure(ctx context.Context) error {
	before, err := c.image.Stats()
	if err != nil {
		return err
	}
	t, err := c.wipe(ctx, c.state, c.session.Files)
	if err != nil {
		return err
	}
	after, err := c.image.Stats()
	c.wipes = append(c.wipes, t)
	c.flushes = max(c.flushes, after.Sub(before).Flushes)
	return err
}

// noDiscard holds overwriting against writing the same bytes once, and against shred.
func (c *contest) noDiscard(ctx context.Context, r *report) error {
	write, err := c.against(ctx, func() (time.Duration, error) {
		file := filepath.Join(c.home, "zeros")
		d, err := timed(func() error {
			return c.tool(ctx, "dd", "if=/dev/zero", "of="+file, "bs=1M", "iflag=count_bytes", fmt.Sprintf("count=%d", c.session.Bytes), "conv=fsync")
		})
		if err != nil {
			return 0, err
		}
		return d, os.Remove(file)
	})
	if err == nil {
		err = c.copy(ctx)
	}
	if err != nil {
		return err
	}
	shred, err := erasetest.RunTool(ctx, erasetest.Shred, c.place()) // once: it takes as long as all the others together
	if err != nil {
		return err
	}
	erase, whole := c.times()
	r.ratio("erase, no discard / dd conv=fsync", erase, write, 1.5)
	r.explain(c.phases("overwrite", "erase", "settle"))
	r.ratio("erase, no discard / shred -u -n1 -z", erase, []time.Duration{shred}, 0.05)
	r.add("flushes of the device in a wipe, no discard", float64(c.flushes), 26, "flushes", "")
	r.ratio("whole wipe, no discard / dd conv=fsync", whole, write, 0)
	return nil
}

// discard holds discarding against removing and discarding.
func (c *contest) discard(ctx context.Context, r *report, limit float64) error {
	trim, err := c.against(ctx, func() (time.Duration, error) { return erasetest.RunTool(ctx, erasetest.RmTrim, c.place()) })
	if err != nil {
		return err
	}
	erase, whole := c.times()
	fs := c.wipes[0].answer.Media[0].FileSystem
	r.ratio("erase, "+fs+" with discard / rm -rf + fstrim", erase, trim, limit)
	r.explain(c.phases("erase", "settle"))
	r.ratio("whole wipe, "+fs+" with discard / rm -rf + fstrim", whole, trim, 0)
	return nil
}

func (c *contest) times() (erase, whole []time.Duration) {
	for _, t := range c.wipes {
		erase, whole = append(erase, t.erase()), append(whole, t.wall)
	}
	return erase, whole
}

// phases tells how long the phases of a wipe took.
func (c *contest) phases(names ...string) string {
	var all []string
	for _, name := range names {
		var times []time.Duration
		for _, t := range c.wipes {
			times = append(times, t.phase(name))
		}
		all = append(all, name+" "+short(median(times)))
	}
	return strings.Join(all, ", ")
}
