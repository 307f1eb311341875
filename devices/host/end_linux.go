package host

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	killRounds  = 40                     // each at most killWait, so that ending is bounded
	killWait    = 150 * time.Millisecond // how long a killed process may take to go
	calmLooks   = 4                      // lists that find nothing and something moving, before all is stopped for one look
	stopPasses  = 8                      // looks for newcomers before a round kills
	freezeAfter = 2                      // rounds that fail before all of the account is stopped in one step
	pollEvery   = 20 * time.Millisecond
	stormSize   = 200 // newcomers that make a storm: no more asking, and everything is stopped in one step
)

// End ends the processes of the account (see Processes) that keep says no to: TERM to all, up to grace for them to go,
// then STOP and KILL, round after round, until none is left or the rounds are used up. The caller, process 1 and other
// accounts are never touched; uid 0 is refused. A nil keep keeps nothing.
//
// It returns how many ended and which still run. An error means that processes could not be listed or ctx ended.
func (h *Host) End(ctx context.Context, uid uint32, keep func(Process) bool, grace time.Duration) (int, []Process, error) {
	if uid == 0 {
		return 0, nil, ErrRefused
	}
	e := &ending{h: h, owner: h.owner(uid), keep: keep, seen: map[entryID]bool{}}
	left, err := e.ask(ctx, grace)
	if err == nil && len(left) > 0 {
		left, err = e.kill(ctx)
	}
	for _, p := range left {
		delete(e.seen, entryID{p.PID, p.Started})
	}
	return len(e.seen), left, err
}

type entryID struct {
	pid     int
	started int64
}

// ending is one call of End.
type ending struct {
	h     *Host
	owner owner
	keep  func(Process) bool
	seen  map[entryID]bool
}

// ask sends TERM, and waits until the processes have gone or grace is over.
func (e *ending) ask(ctx context.Context, grace time.Duration) ([]Process, error) {
	left, _, err := e.look(ctx)
	if err != nil || len(left) == 0 {
		return left, err
	}
	for _, p := range left {
		e.signal(p, unix.SIGTERM)
		e.signal(p, unix.SIGCONT) // one that is stopped hears TERM only when it goes on
	}
	most := len(left) + stormSize // a storm is not left the time to take every process number of the machine
	for end := time.Now().Add(grace); len(left) > 0 && len(left) < most && time.Now().Before(end); {
		if err := sleep(ctx, pollEvery); err != nil {
			return left, err
		}
		now, _, err := e.look(ctx)
		if err != nil {
			return left, err
		}
		left = now
	}
	return left, nil
}

// kill stops everything before it kills, because a stopped process starts no new one.
func (e *ending) kill(ctx context.Context) ([]Process, error) {
	left, kept, err := e.look(ctx)
	for round := 0; round < killRounds && err == nil && len(left) > 0; round++ {
		frozen := (round >= freezeAfter || len(left) > stormSize) && e.freeze(ctx)
		left, err = e.stop(ctx, left)
		for _, p := range left { // also when the listing failed: what is stopped must not stay so
			e.signal(p, unix.SIGKILL)
		}
		if frozen {
			for _, p := range kept {
				e.signal(p, unix.SIGCONT)
			}
		}
		if err == nil {
			left, kept, err = e.settle(ctx, left)
		}
	}
	return left, err
}

// stop sends STOP to the processes and to newcomers, until a look finds no newcomer.
func (e *ending) stop(ctx context.Context, left []Process) ([]Process, error) {
	stopped := map[entryID]bool{}
	for range stopPasses {
		news := false
		for _, p := range left {
			if id := (entryID{p.PID, p.Started}); !stopped[id] {
				stopped[id], news = true, true
				e.signal(p, unix.SIGSTOP)
			}
		}
		if !news {
			break
		}
		now, _, err := e.look(ctx)
		if err != nil {
			return left, err
		}
		left = now
	}
	return left, nil
}

// settle waits a moment for killed processes to go.
func (e *ending) settle(ctx context.Context, left []Process) (now, kept []Process, err error) {
	for end := time.Now().Add(killWait); ; {
		if now, kept, err = e.look(ctx); err != nil {
			return left, nil, err
		}
		if len(now) == 0 || time.Now().After(end) {
			return now, kept, nil
		}
		left = now
		if err = sleep(ctx, pollEvery/4); err != nil {
			return left, kept, err
		}
	}
}

// look lists until the list can be believed. A program that passes from process to process can be missed by a list that
// takes its time, but not that something came and went meanwhile. When that does not calm down, all of the account is
// stopped for one look.
func (e *ending) look(ctx context.Context) (left, kept []Process, err error) {
	var before trail
	for i := range calmLooks {
		var now trail
		left, kept, now, err = e.targets(ctx)
		if err != nil || len(left) > 0 || !now.vanished && (now.zombies == 0 || i > 0 && now.zombies == before.zombies) {
			return left, kept, err
		}
		before = now
	}
	if !e.freeze(ctx) {
		return left, kept, nil
	}
	now, stopped, _, err := e.targets(ctx)
	if err != nil {
		now, stopped = left, kept
	}
	for _, p := range stopped {
		e.signal(p, unix.SIGCONT)
	}
	return now, stopped, err
}

// targets lists the account's processes, split into those that must go and those that stay.
func (e *ending) targets(ctx context.Context) (left, kept []Process, t trail, err error) {
	entries, t, err := e.h.list(ctx, e.owner)
	if err != nil || len(entries) == 0 {
		return nil, nil, t, err
	}
	mounts, err := e.h.allMounts()
	if err != nil {
		return nil, nil, t, err
	}
	x := exes{proc: e.h.proc, mounts: mounts, safe: map[string]file{}}
	self := os.Getpid()
	for _, n := range entries {
		if n.pid == self {
			continue
		}
		p := x.describe(n)
		if e.keep != nil && e.keep(p) {
			kept = append(kept, p)
			continue
		}
		e.seen[entryID{p.PID, p.Started}] = true
		left = append(left, p)
	}
	return left, kept, t, nil
}

// signal reaches exactly the process that was listed. The descriptor is taken before the second look, so that what was
// looked at is what it stands for: had the number passed to another process in between, the signal would find nobody.
func (e *ending) signal(p Process, s unix.Signal) {
	if p.PID <= 1 || p.PID == os.Getpid() {
		return
	}
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	now, ok := e.h.read(p.PID)
	if !ok || now.started != p.Started || !e.owner.has(now.ids) {
		return
	}
	_ = unix.PidfdSendSignal(fd, s, nil, 0) // the next listing tells whether it went
}

// freeze stops every process of the account in one step of the kernel, kept ones included, for the few milliseconds of
// a round. It beats programs that pass from process to process faster than a list can be read. It runs under the
// account's own rights, so that the kernel itself leaves all others out; without root that would stop the caller.
func (e *ending) freeze(ctx context.Context) bool {
	if os.Getuid() != 0 || os.Geteuid() != 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", "kill -s STOP -- -1")
	cmd.Dir, cmd.Env = "/", []string{"LC_ALL=C"}
	cmd.WaitDelay = time.Second
	cred := &syscall.Credential{Uid: e.owner.uid, Gid: 65534}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setsid: true}
	_ = cmd.Run() // without it the rounds go on, only less surely
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
