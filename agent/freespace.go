package agent

import (
	"context"
	"slices"
	"time"

	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/execute"
)

// FreeSpaceRequest is what a cleaning of free space is asked to do.
type FreeSpaceRequest struct {
	Account  wipe.Account
	Within   time.Duration // 0: what policy says
	Reserve  int64         // bytes that stay free for others meanwhile; 0: what policy says
	Observer wipe.Observer // nil is allowed
}

const (
	// watchEvery is how often a cleaning looks whether somebody began to use the laptop.
	watchEvery = time.Second
	// saveEvery is how often it writes down how far it came.
	saveEvery = 10 * time.Second
)

// CleanFreeSpace clears what was deleted earlier from the free space of the volumes that an account's wipes work on. It
// begins only when the account is clean and unused, and stops within seconds when that changes: it never stands between
// two people. Errors: ErrNotPermitted, or what reading the account's facts gives.
func (a *Agent) CleanFreeSpace(ctx context.Context, req FreeSpaceRequest) (wipe.FreeSpaceReport, error) {
	return a.cleanBeside(ctx, req, a.stays(0))
}

// cleanBeside cleans beside programs that are no use of the account.
func (a *Agent) cleanBeside(
	ctx context.Context, req FreeSpaceRequest, stays func(host.Process) bool,
) (wipe.FreeSpaceReport, error) {
	start := a.Now()
	if !a.Root {
		return wipe.FreeSpaceReport{}, ErrNotPermitted
	}
	w, err := a.begin(ctx, req.Account)
	if err == nil && !a.unused(ctx, w, stays) {
		err = wipe.RefusedInSession
	}
	if refusal, ok := wipe.AsRefusal(err); ok {
		return wipe.FreeSpaceReport{Verdict: wipe.Refused, Refusal: refusal}, nil
	} else if err != nil {
		return wipe.FreeSpaceReport{}, err
	}
	notice(req.Observer, wipe.PhaseFreeSpace)
	rows, used := a.clean(ctx, w, req, stays)
	if used {
		for i := range rows {
			if rows[i].Stopped == wipe.FreeInterrupted {
				rows[i].Stopped = wipe.FreeInUse
			}
		}
	}
	rep := wipe.NewFreeSpaceReport(rows)
	rep.Seconds = a.Now().Sub(start).Seconds()
	return rep, nil
}

// clean cleans until it is done or somebody uses the account; used says that it was that.
func (a *Agent) clean(
	ctx context.Context, w *work, req FreeSpaceRequest, stays func(host.Process) bool,
) (rows []wipe.FreeSpace, used bool) {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan bool)
	go func() { watched <- a.watchUse(ctx, w, stays, cancel) }()
	e := a.plan(w, false, req.Observer)
	defer e.Close()
	saved := a.Now()
	rec, _ := w.state.Load() // without a record every volume begins at its beginning
	limits := execute.FreeSpaceLimits{
		Within: req.Within, Reserve: a.Policy.FreeSpace.Reserve, Positions: rec.FreeSpace,
		Save: func(at []int64) {
			if a.Now().Sub(saved) >= saveEvery {
				saved = a.Now()
				a.savePositions(w, at)
			}
			rec.FreeSpace = at
		},
	}
	if req.Reserve > 0 {
		limits.Reserve = req.Reserve
	}
	if limits.Within == 0 {
		limits.Within = a.Policy.FreeSpace.Within
	}
	rows = e.CleanFreeSpace(ctx, limits)
	cancel()
	a.savePositions(w, rec.FreeSpace)
	return rows, <-watched
}

// watchUse calls stop when somebody begins to use the account, or a wipe begins, and reports whether that happened.
func (a *Agent) watchUse(ctx context.Context, w *work, stays func(host.Process) bool, stop func()) bool {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if !a.unused(ctx, w, stays) && ctx.Err() == nil {
				stop()
				return true
			}
		}
	}
}

// unused reports whether the last wipe ended clean and nothing runs under the account's name since but what stays. What
// cannot be found out counts as used.
func (a *Agent) unused(ctx context.Context, w *work, stays func(host.Process) bool) bool {
	rec, err := w.state.Load()
	if err != nil || rec.State != state.Clean {
		return false
	}
	all, err := a.Machine.Processes(ctx, w.acct.UID)
	return err == nil && !slices.ContainsFunc(all, func(p host.Process) bool { return !stays(p) })
}

// savePositions writes down how far the cleaning came. While a wipe works on the account that is left out: the next
// cleaning then does a part again.
func (a *Agent) savePositions(w *work, positions []int64) {
	unlock, busy, err := lockOnce(w.state)
	if busy || err != nil {
		return
	}
	defer unlock()
	if rec, err := w.state.Load(); err == nil {
		rec.FreeSpace = positions
		_ = w.state.Save(rec) // not being able to only costs time
	}
}
