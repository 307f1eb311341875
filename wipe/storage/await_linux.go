package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

const (
	pollEvery  = 200 * time.Microsecond
	pollLong   = 20 * time.Millisecond // after which a wait is a long one
	pollSlowly = 2 * time.Millisecond
	// settled is how long no discard must have ended for a device that others keep busy, which may never stand still.
	settled = 3 * time.Second
)

// awaitDiscards waits until every device of the file system had, at some moment, nothing on its way: the file system has
// handed over all its discards before, so that they are then done. A device that others keep writing to counts as done
// when discards have ceased to end.
func (v *Volume) awaitDiscards(ctx context.Context) error {
	for _, dir := range v.devices() {
		start := time.Now()
		last, since := "", start
		for {
			flying, ended, ok := activity(dir)
			if !ok {
				return fmt.Errorf("awaiting discards: %w", ErrUnsupported)
			}
			if !flying {
				break
			}
			if now := time.Now(); ended != last {
				last, since = ended, now
			} else if now.Sub(since) > settled {
				break
			}
			pause := pollEvery
			if time.Since(start) > pollLong {
				pause = pollSlowly
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause):
			}
		}
	}
	return nil
}

// devices are the folders in which the kernel tells about the devices that the file system itself writes to.
func (v *Volume) devices() []string {
	if v.kind == Btrfs {
		dirs, _ := filepath.Glob(filepath.Join(string(v.sys), "fs", "btrfs", v.uuid, "devices", "*"))
		return dirs
	}
	if strings.HasPrefix(v.number, "0:") {
		return nil
	}
	return []string{filepath.Join(string(v.sys), "dev", "block", v.number)}
}

// activity tells whether a device has something on its way, and how many discards it has ended.
func activity(dir string) (flying bool, ended string, ok bool) {
	// Documentation/block/stat.rst: reads in 4 fields, writes in 4, what is in flight, two times, discards in 4.
	f := strings.Fields(read(filepath.Join(dir, "stat")))
	if len(f) < 12 {
		return false, "", false
	}
	return f[8] != "0", f[11], true
}
