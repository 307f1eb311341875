package agent

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ipguard/agent/state"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// EnrollRequest is what an enrollment is asked to do.
type EnrollRequest struct {
	Account    wipe.Account
	AllowAdmin bool
	// Refresh are the paths to take anew into an existing baseline: relative to the home, or absolute, also in folders
	// outside the home that come back as enrolled. Empty means a whole new baseline.
	Refresh []string
	// Confirm is shown what was captured before it comes into force; false gives up.
	Confirm func(Summary) (bool, error)
}

// Summary is what an enrollment captured.
type Summary struct {
	Taken   []baseline.Tally // by artifact
	Left    []baseline.Left  // personal things that are left out; the first thousand
	LeftOut int
	Files   int
	Bytes   int64
	Unknown []string          // files that the catalogue does not know and that are taken; the first thousand
	Changed []baseline.Change // with Refresh: what differs from the baseline in force
	Version int
	// Residual counts what a wipe will erase or restore right away.
	Residual int
}

// ErrDeclined says that the caller did not confirm. Nothing changed.
var ErrDeclined = errors.New("not confirmed")

// maxNamed is how many paths a summary names.
const maxNamed = 1000

// Enroll captures the baseline of an account. An enrollment that fails leaves the earlier one in force. Errors:
// ErrNotPermitted, ErrDeclined, ErrPath, a wipe.Refusal, baseline.ErrTooManyFiles, ErrTooManyBytes or ErrChanging, the disk's.
func (a *Agent) Enroll(ctx context.Context, req EnrollRequest) (Summary, error) {
	if !a.Root {
		return Summary{}, ErrNotPermitted
	}
	st, err := a.State.Account(req.Account.ID)
	if err != nil {
		return Summary{}, err
	}
	w := &work{acct: req.Account, state: st, overdue: a.expire(ctx)}
	if err := a.mayEnroll(ctx, w, req); err != nil {
		return Summary{}, err
	}
	if req.Refresh, err = w.absolute(req.Refresh); err != nil {
		return Summary{}, err
	}
	unlock, err := st.Lock(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer unlock()
	store := baseline.Store{Dir: st.BaselineDir()}
	v, err := store.Begin()
	if err != nil {
		return Summary{}, err
	}
	sum, err := a.capture(ctx, w, &v, req)
	if err == nil {
		err = confirm(req, sum)
	}
	if err == nil {
		err = store.Commit(v)
	}
	if err != nil {
		return sum, errors.Join(err, store.Abort(v))
	}
	w.version = v
	sum.Version = v.Info.Version
	return sum, a.afterEnrollment(ctx, w, &sum)
}

func confirm(req EnrollRequest, sum Summary) error {
	if req.Confirm == nil {
		return nil
	}
	ok, err := req.Confirm(sum)
	if err == nil && !ok {
		err = ErrDeclined
	}
	return err
}

// mayEnroll checks everything that speaks against an enrollment before anything is written.
func (a *Agent) mayEnroll(ctx context.Context, w *work, req EnrollRequest) error {
	if err := a.facts(w); err != nil {
		return err
	}
	if err := a.guard(w); err != nil {
		return err
	}
	switch {
	case w.home.Network:
		return fmt.Errorf("reading the home: %w", ErrNetworkHome)
	case !w.home.Exists:
		return fmt.Errorf("reading the home: %w", ErrNoHome)
	case w.acct.Admin && !req.AllowAdmin:
		return wipe.RefusedAdmin
	}
	if n, err := a.running(ctx, w.acct); err != nil {
		return err
	} else if n > 0 {
		return wipe.RefusedRunning
	}
	if len(req.Refresh) == 0 {
		return nil
	}
	var err error
	if w.version, err = (baseline.Store{Dir: w.state.BaselineDir()}).Current(); errors.Is(err, baseline.ErrNone) {
		return wipe.RefusedNotEnrolled
	} else if err != nil {
		return err
	}
	if rec, err := w.state.Load(); err != nil || rec.State != state.Clean {
		return wipe.RefusedNotClean
	}
	return nil
}

// Errors of a home that cannot be enrolled.
var (
	ErrNetworkHome = errors.New("the home lies on a network file system")
	ErrNoHome      = errors.New("the home does not exist")
)

// afterEnrollment compares once, so that the state is true from the first moment: what was left out is still there.
func (a *Agent) afterEnrollment(ctx context.Context, w *work, sum *Summary) error {
	if err := a.facts(w); err != nil {
		return err
	}
	found, err := a.plan(w, false, nil).Survey(ctx, false)
	if err != nil {
		return err
	}
	sum.Residual = wipe.Report{Results: found}.Totals().Residual
	rec := state.Record{State: state.InUse}
	if sum.Residual == 0 {
		rec.State = state.Clean
	}
	if err := os.MkdirAll(w.state.HeldDir(), 0o700); err != nil {
		return walk.Reason("making the holding folder", err)
	}
	return a.first(w, rec)
}
