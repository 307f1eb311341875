package agent

import (
	"context"

	"ipguard/agent/worker"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/execute"
)

// StartWorker starts the process that does an account's part of a wipe. The error says that there is none here.
type StartWorker func(context.Context, host.Account) (worker.Process, error)

// byWorker lets a process with the account's rights erase what it can, in step with this one, which alone may speak to the
// volumes. Whatever goes wrong with it changes nothing: what it has not done, the phases that follow do, and what it
// says that it erased is for the report only.
func (a *Agent) byWorker(ctx context.Context, w *work, e *execute.Executor, obs wipe.Observer) {
	if !a.hasWorker(w) {
		return
	}
	acct, err := a.Machine.LookupID(w.acct.ID)
	if err != nil || acct.UID != w.acct.UID {
		return
	}
	share, err := e.Share()
	if err != nil {
		return
	}
	p, err := a.StartWorker(ctx, acct)
	if err != nil {
		return
	}
	lead := worker.New(p, a.WorkerLimits, func(p wipe.Progress) {
		if obs != nil {
			obs.Progress(p)
		}
	})
	defer lead.Close()
	e.Prepare(ctx)
	if lead.Begin(ctx, share) != nil || lead.Do(ctx, worker.Overwrite) != nil || !e.Written() {
		return
	}
	err = lead.Do(ctx, worker.Unlink)
	if err == nil {
		e.Checkpoint()
		_ = lead.Do(ctx, worker.Clear) // what waits goes with the next pass as well
	}
	e.Take(lead.Erased())
}

// hasWorker reports whether somebody else than this process can do the account's part: only an administrator can take on
// its rights, and only another account's.
func (a *Agent) hasWorker(w *work) bool {
	if a.StartWorker == nil || !a.Root || a.Throwaway != "" {
		return false
	}
	return a.GOOS == "windows" || w.acct.UID != a.UID
}
