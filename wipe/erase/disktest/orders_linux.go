package disktest

import (
	"fmt"
	"os"
	"path/filepath"
)

// Record begins a new log and forgets the one before. If base is a name, the disk as it is at that moment is copied there, for
// Replay; the log continues it without a gap.
func (d *Disk) Record(base string) error {
	if base != "" {
		abs, err := filepath.Abs(base)
		if err != nil {
			return fmt.Errorf("recording: %w", bare(err))
		}
		base = abs
	}
	return d.tell("recording", order{Do: "record", Path: base})
}

// Stop ends the recording; the log stays.
func (d *Disk) Stop() error { return d.tell("ending the recording", order{Do: "stop"}) }

// Snapshot copies the disk as it is between two operations to a new image, holes as holes.
func (d *Disk) Snapshot(dst string) error {
	abs, err := filepath.Abs(dst)
	if err != nil {
		return fmt.Errorf("copying the disk: %w", bare(err))
	}
	return d.tell("copying the disk", order{Do: "snapshot", Path: abs})
}

// Count returns what the disk was asked so far, recording or not.
func (d *Disk) Count() (Count, error) {
	c, err := d.order(order{Do: "count"})
	if err != nil {
		return c, fmt.Errorf("counting: %w", err)
	}
	return c, nil
}

// FailWrites makes each write that touches the bytes from (included) to to (excluded), rounded out to sectors of 512, fail
// with EIO. What such a write has outside of them is written, as a disk does. Ranges add up until Heal.
func (d *Disk) FailWrites(from, to int64) error {
	return d.fail(order{Do: "fail writes", Range: Range{from, to}})
}

// FailReads makes each read that touches the bytes fail with EIO.
func (d *Disk) FailReads(from, to int64) error {
	return d.fail(order{Do: "fail reads", Range: Range{from, to}})
}

// FailDiscards makes each discard that touches the bytes fail with EIO, for the rest of its range it succeeds. Zeroes that the
// kernel asks for without sending them arrive as discards too.
func (d *Disk) FailDiscards(from, to int64) error {
	return d.fail(order{Do: "fail discards", Range: Range{from, to}})
}

// FailAfter lets n more writes, discards and flushes succeed; then each fails with EIO, while reads go on: a medium that has
// come to the end of its life.
func (d *Disk) FailAfter(n int64) error { return d.fail(order{Do: "fail after", Operations: n}) }

// Heal ends all faults. A file system that has met one may stay read-only or shut down until it is mounted again.
func (d *Disk) Heal() error { return d.fail(order{Do: "heal"}) }

// fail changes the faults. As long as the attached disk has any the kernel merges no requests, so that the blocks of a neighbor do not
// fail along with those that should.
func (d *Disk) fail(o order) error {
	if d.loop != nil {
		merges := "2"
		if o.Do == "heal" {
			merges = "0"
		}
		if err := d.loop.set("nomerges", merges); err != nil {
			return fmt.Errorf("changing faults: %w", err)
		}
	}
	return d.tell("changing faults", o)
}

func (d *Disk) tell(what string, o order) error {
	if _, err := d.order(o); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Cuts returns how many operations are in the log: the power can be cut after each of them. 0 if nothing was recorded.
func (d *Disk) Cuts() int {
	info, err := os.Stat(opsName(d.dir))
	if err != nil {
		return 0
	}
	return int(info.Size() / recordSize)
}

// Ops returns the log, in order.
func (d *Disk) Ops() ([]Op, error) {
	f, err := os.Open(opsName(d.dir))
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", bare(err))
	}
	defer f.Close()
	return readOps(f)
}
