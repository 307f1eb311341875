package agent

import (
	"cmp"
	"context"
	"errors"

	"ipguard/agent/state"
	"ipguard/wipe"
)

// Status is where an account stands, from its record and from a fresh reading.
type Status struct {
	State    state.State
	Results  []wipe.Result // what is not as the baseline has it
	Held     wipe.Held
	Baseline Baseline
	Running  int // programs of the account besides the desktop
	Live     bool
	Admin    bool
	// Media says how strongly a wipe erases on what the account lies on, the home first.
	Media []wipe.Medium
	// Assurance is the weakest that the last wipe reached; empty if there was none.
	Assurance wipe.Assurance
	// Interrupted says that a wipe began and never ended.
	Interrupted bool
	// Day is that of the last wipe, YYYY-MM-DD; empty if there was none.
	Day string
}

// Baseline says what the laptop is compared with.
type Baseline struct {
	Version int
	Day     string
	Files   int
	Bytes   int64
}

// Status reads an account's record and looks at the disk. It changes nothing but held documents whose time is over.
// Errors: ErrNotPermitted, a wipe.Refusal other than "not enrolled", or the context's.
func (a *Agent) Status(ctx context.Context, acct wipe.Account) (Status, error) {
	if err := a.permitted(acct); err != nil {
		return Status{State: state.Unknown}, err
	}
	w, err := a.begin(ctx, acct)
	if errors.Is(err, wipe.RefusedNotEnrolled) {
		return Status{State: state.NotEnrolled, Admin: acct.Admin}, nil
	} else if err != nil {
		return Status{State: state.Unknown}, err
	}
	s := Status{Admin: acct.Admin, Baseline: Baseline{
		Version: w.version.Info.Version, Day: w.version.Info.Day, Files: w.version.Info.Files, Bytes: w.version.Info.Bytes,
	}}
	programs, err := a.Machine.Processes(ctx, acct.UID)
	if err != nil {
		return s, err
	}
	s.Live, s.Running = hasDesktop(programs), a.others(programs)
	e := a.plan(w, s.Live, nil)
	defer e.Close()
	if s.Results, err = e.Survey(ctx, false); err != nil {
		return s, err
	}
	s.Results = append(s.Results, a.policyRows()...)
	s.Media = e.Media()
	rec, recErr := w.state.Load()
	held, heldErr := a.held(w)
	s.Held, s.Assurance = held, wipe.Assurance(rec.Assurance)
	if rec.Result != "" {
		s.Day = rec.Day
		s.Assurance = cmp.Or(s.Assurance, wipe.Unlinked) // none: a wipe of an earlier version
	}
	s.State = judge(rec, recErr, heldErr, s.Results)
	busy, err := a.lockHeld(w)
	s.Interrupted = rec.State == state.Wiping && !busy
	switch {
	case s.Interrupted:
		s.State = state.InUse
	case err != nil && s.State == state.Clean:
		s.State = state.Unknown // had the last wipe ended otherwise, it could not have written that
	}
	return s, nil
}

// judge says where the account stands. It is clean only if the last wipe said so and nothing is found now.
func judge(rec state.Record, recErr, heldErr error, found []wipe.Result) state.State {
	residual := wipe.Report{Results: found}.Totals().Residual
	switch {
	case recErr != nil && !errors.Is(recErr, state.ErrNone):
		return state.Unknown
	case recErr == nil && (rec.State == state.Wiping || rec.State == state.Residue):
		return rec.State
	case recErr == nil && rec.State == state.Clean && residual == 0 && heldErr == nil:
		return state.Clean
	}
	return state.InUse
}

// lockHeld says whether a wipe is going on, with an error when the state cannot be written. Only an administrator can
// tell; others take the record's word.
func (a *Agent) lockHeld(w *work) (bool, error) {
	if !a.Root {
		return true, nil
	}
	unlock, busy, err := lockOnce(w.state)
	unlock()
	return busy, err
}
