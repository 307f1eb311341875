package host

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/shirou/gopsutil/v3/process"
)

// Processes lists the running processes of the account: those of which any uid is uid, or lies in a range that the
// system lends to it for containers. Zombies are not running. The caller itself is among them when it runs as uid.
func (h *Host) Processes(ctx context.Context, uid uint32) ([]Process, error) {
	entries, _, err := h.list(ctx, h.owner(uid))
	if err != nil {
		return nil, err
	}
	mounts, err := h.allMounts()
	if err != nil {
		return nil, err
	}
	x := exes{proc: h.proc, mounts: mounts, safe: map[string]file{}}
	all := make([]Process, 0, len(entries))
	for _, e := range entries {
		all = append(all, x.describe(e))
	}
	return all, nil
}

// Ancestors returns the parent of pid, its parent and so on, up to process 1.
func (h *Host) Ancestors(pid int) []int {
	var all []int
	for pid > 1 {
		e, ok := h.read(pid)
		if !ok || e.parent <= 0 || slices.Contains(all, e.parent) {
			break
		}
		pid = e.parent
		all = append(all, pid)
	}
	return all
}

// entry is a process before the costly questions about its program file.
type entry struct {
	status
	pid     int
	started int64
}

func (e entry) same(o entry) bool { return e.pid == o.pid && e.started == o.started }

// owner says which uids are an account's.
type owner struct {
	uid uint32
	sub []idRange
}

// owner reads the ranges of uids that are lent to uid. A machine without such a file lends none.
func (h *Host) owner(uid uint32) owner {
	o := owner{uid: uid}
	text, err := os.ReadFile(filepath.Join(h.etc, "subuid"))
	if err != nil || uid == 0 {
		return o
	}
	id, name := strconv.FormatUint(uint64(uid), 10), ""
	if u, err := user.LookupId(id); err == nil {
		name = u.Username
	}
	o.sub = parseSubIDs(text, name, id)
	return o
}

func (o owner) has(ids [4]uint32) bool {
	if slices.Contains(ids[:], o.uid) {
		return true
	}
	for _, r := range o.sub {
		if r.has(ids[0]) {
			// A range that somebody laid over a real account does not make that account's processes ours.
			_, err := user.LookupId(strconv.FormatUint(uint64(ids[0]), 10))
			return err != nil
		}
	}
	return false
}

// trail tells whether processes came and went while a list was read, so that it may have missed some.
type trail struct {
	vanished bool  // a process went between its number and its status
	zombies  int64 // changes with the account's processes that have ended and are still in the list
}

// list reads every process and returns the running ones of the owner.
func (h *Host) list(ctx context.Context, o owner) ([]entry, trail, error) {
	pids, err := h.pids(ctx)
	if err != nil {
		return nil, trail{}, err
	}
	var all []entry
	var t trail
	for _, pid := range pids {
		if pid <= 1 {
			continue
		}
		e, ok := h.read(pid)
		switch {
		case !ok:
			t.vanished = true
		case !o.has(e.ids):
		case e.running():
			all = append(all, e)
		default:
			t.zombies += e.started<<16 + int64(pid)
		}
	}
	return all, t, nil
}

func (h *Host) pids(ctx context.Context) ([]int, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	list, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", plain(err))
	}
	pids := make([]int, len(list))
	for i, p := range list {
		pids[i] = int(p)
	}
	return pids, nil
}

// read reads one process. Not ok when it is gone. It goes around gopsutil, which reads uids as signed numbers, derives
// the start from a clock that can be set, and does not count threads.
func (h *Host) read(pid int) (entry, bool) {
	dir := h.dir(pid)
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return entry{}, false
	}
	s, ok := parseStatus(text)
	if !ok {
		return entry{}, false
	}
	if text, err = os.ReadFile(filepath.Join(dir, "stat")); err != nil {
		return entry{}, false
	}
	start, ok := parseStart(text)
	return entry{status: s, pid: pid, started: start}, ok
}

func (h *Host) dir(pid int) string { return filepath.Join(h.proc, strconv.Itoa(pid)) }
