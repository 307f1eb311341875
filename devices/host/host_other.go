//go:build !linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// Processes lists the processes of the account. Windows has no uid: errors.ErrUnsupported.
func (h *Host) Processes(ctx context.Context, uid uint32) ([]Process, error) {
	if h.goos == "windows" {
		return nil, fmt.Errorf("listing processes: %w", errors.ErrUnsupported)
	}
	list, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", plain(err))
	}
	var all []Process
	for _, p := range list {
		ids, err := p.UidsWithContext(ctx)
		if err != nil || p.Pid <= 1 || !slices.Contains(ids, int32(uid)) {
			continue
		}
		state, err := p.StatusWithContext(ctx)
		if err == nil && slices.Contains(state, process.Zombie) {
			continue
		}
		// A question that stays without an answer leaves its field empty, which no caller takes for a reason to keep.
		name, _ := p.NameWithContext(ctx)
		exe, _ := p.ExeWithContext(ctx)
		parent, _ := p.PpidWithContext(ctx)
		started, err := p.CreateTimeWithContext(ctx)
		if err != nil {
			continue // gone
		}
		all = append(all, Process{PID: int(p.Pid), Parent: int(parent), Name: name, Exe: exe, Started: started})
	}
	return all, nil
}

// Ancestors returns the parent of pid, its parent and so on.
func (h *Host) Ancestors(pid int) []int {
	var all []int
	for pid > 1 {
		p := process.Process{Pid: int32(pid)}
		parent, err := p.Ppid()
		if err != nil || parent <= 0 || int(parent) == pid || slices.Contains(all, int(parent)) {
			break
		}
		pid = int(parent)
		all = append(all, pid)
	}
	return all
}

// End ends the processes of the account that keep says no to: a request first, up to grace for them to go, then by
// force, for a few rounds. It returns how many ended and which still run.
func (h *Host) End(ctx context.Context, uid uint32, keep func(Process) bool, grace time.Duration) (int, []Process, error) {
	if uid == 0 {
		return 0, nil, ErrRefused
	}
	const rounds = 20
	seen := map[Process]bool{}
	targets := func() ([]Process, error) {
		list, err := h.Processes(ctx, uid)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(p Process) bool { return p.PID == os.Getpid() || keep != nil && keep(p) })
		for _, p := range list {
			seen[Process{PID: p.PID, Started: p.Started}] = true
		}
		return list, nil
	}
	left, err := targets()
	for _, p := range left {
		_ = (&process.Process{Pid: int32(p.PID)}).TerminateWithContext(ctx) // the next listing tells
	}
	end := time.Now().Add(grace)
	for round := 0; err == nil && len(left) > 0 && round < rounds; {
		if time.Now().After(end) {
			round++
			for _, p := range left {
				_ = (&process.Process{Pid: int32(p.PID)}).KillWithContext(ctx) // the next listing tells
			}
		}
		time.Sleep(50 * time.Millisecond)
		left, err = targets()
	}
	for _, p := range left {
		delete(seen, Process{PID: p.PID, Started: p.Started})
	}
	return len(seen), left, err
}

// HeldOpen cannot be answered here: Windows refuses to remove what is open, and macOS shows it only to its own tools.
func (h *Host) HeldOpen(context.Context, []string, func(Process) bool) (int, error) {
	return 0, fmt.Errorf("looking for open files: %w", errors.ErrUnsupported)
}

// Mounts is empty: the walk checks each folder's file system itself.
func (h *Host) Mounts() ([]Mount, error) { return nil, nil }

// Detach is not needed here.
func (h *Host) Detach(Mount) error {
	return fmt.Errorf("detaching a mount: %w", errors.ErrUnsupported)
}

// WritableFolders is not read from the disk here.
func (h *Host) WritableFolders(context.Context, uint32, []uint32, []string, []Mount) ([]string, error) {
	return nil, fmt.Errorf("looking for writable folders: %w", errors.ErrUnsupported)
}
