package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tick is the unit in which Linux tells start times, the same on every machine that Go runs on.
	tick = time.Second / 100
	// answerIn is how long a command line is waited for, maxStuck how many may be without an answer in one call.
	answerIn = 500 * time.Millisecond
	maxStuck = 4
)

// Commands lists the running processes of the account, as Processes does, with their command lines. A process that ends
// meanwhile is left out. A process can hold its command line back for ever, in memory that a server of its own has to
// fill: then Cut is set, and one goroutine waits until that process ends; after a few such ones in a call no more are asked.
func (h *Host) Commands(ctx context.Context, uid uint32) ([]Command, error) {
	entries, _, err := h.list(ctx, h.owner(uid))
	if err != nil {
		return nil, err
	}
	boot, err := booted()
	if err != nil {
		return nil, fmt.Errorf("reading the clock: %w", plain(err))
	}
	own := h.ownMounts()
	stuck := 0
	all := make([]Command, 0, len(entries))
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := Command{PID: e.pid, Parent: e.parent, Started: boot.Add(time.Duration(e.started) * tick), Cut: true}
		c.Exe, _ = os.Readlink(filepath.Join(h.dir(e.pid), "exe")) // empty when unknown
		mounts, err := os.Readlink(filepath.Join(h.dir(e.pid), "ns/mnt"))
		c.OwnMounts = err != nil || own == "" || mounts != own
		if stuck < maxStuck {
			text, ok := h.commandLine(ctx, e.pid)
			if !ok {
				stuck++
			} else if text != nil {
				c.Arguments, c.Cut = arguments(text)
			}
		}
		// What was read is this process's only if it still is this one.
		if now, ok := h.read(e.pid); ok && now.running() && now.started == e.started {
			all = append(all, c)
		}
	}
	return all, nil
}

// ownMounts names the mount table of the caller, by which paths mean what they mean here; empty when it cannot be known.
func (h *Host) ownMounts() string {
	name, err := os.Readlink(filepath.Join(h.proc, "self/ns/mnt"))
	if err != nil {
		return ""
	}
	return name
}

// commandLine reads a command line, a byte more than is used. Nil when the process is gone; not ok when it does not answer.
func (h *Host) commandLine(ctx context.Context, pid int) ([]byte, bool) {
	answer := make(chan []byte, 1)
	go func() {
		f, err := os.Open(filepath.Join(h.dir(pid), "cmdline"))
		if err != nil {
			answer <- nil
			return
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxArguments+1))
		if err != nil {
			text = nil
		}
		answer <- text
	}()
	t := time.NewTimer(answerIn)
	defer t.Stop()
	select {
	case text := <-answer:
		return text, true
	case <-t.C:
	case <-ctx.Done():
	}
	return nil, false
}

// booted is when the machine started, by the clock as it is now. Start times count from there with the machine's sleep
// included. The system's own figure (btime) is this in whole seconds.
func booted() (time.Time, error) {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}, err
	}
	return time.Now().Round(0).Add(-time.Duration(since.Nano())), nil
}
