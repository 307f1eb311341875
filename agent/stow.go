package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// StowRequest is what the end of a permanence is asked to do.
type StowRequest struct {
	Account  wipe.Account
	Observer wipe.Observer // nil is allowed
	// Given are documents of which the person has a verified copy. They go as all others do: whoever asks for a stow has
	// been told that nothing is set aside.
	Given []handover.Mark
	// Client and Everything are those of a Request.
	Client     int
	Everything bool
	// FreeSpace has the free space cleaned when the wipe is complete and one of its media needs it, within Within or, when
	// that is 0, within what policy says.
	FreeSpace bool
	Within    time.Duration
	// Wiped, which may be nil, is told how it stands when everything is done but the cleaning of free space, from which on
	// the account can be used and the context's end stops only the cleaning.
	Wiped func(StowReport)
}

// StowReport says how the end of a permanence went.
type StowReport struct {
	Wipe      wipe.Report
	Destroyed int // documents that were set aside and are no more
	// FreeSpace is nil when the free space was not cleaned: nobody asked for it, no medium needs it, or something is left.
	FreeSpace *wipe.FreeSpaceReport
	// Verdict is complete when the wipe is, nothing is set aside any more, and nothing but the time it may take ended the
	// cleaning of free space early. It is refused when the wipe did not begin.
	Verdict wipe.Verdict
}

// destroyAfter is how long destroying what is set aside may take once the context has ended.
const destroyAfter = 10 * time.Second

// Stow ends a permanence: it wipes with all documents refused, destroys everything that is set aside, whatever the
// deadline and however the wipe ended, and cleans the free space. The report says what was done also beside an error,
// which is one of those of Wipe. With ErrNotPermitted and state.ErrLocked nothing was done.
func (a *Agent) Stow(ctx context.Context, req StowRequest) (StowReport, error) {
	if !a.Root {
		return StowReport{}, ErrNotPermitted
	}
	// What the client was started from is found out while it is there: it may leave before the cleaning begins.
	stays := a.stays(req.Client)
	rep, err := a.Wipe(ctx, Request{
		Account: req.Account, Documents: Refuse, Given: req.Given, Observer: req.Observer, Client: req.Client,
		Everything: req.Everything,
	})
	out := StowReport{Wipe: rep, Verdict: rep.Verdict}
	if errors.Is(err, ErrNotPermitted) || errors.Is(err, state.ErrLocked) {
		return out, err
	}
	notice(req.Observer, wipe.PhaseErase)
	if e := a.destroyHeld(ctx, req.Account, &out); e != nil && out.Verdict == wipe.Complete {
		out.Verdict = wipe.Incomplete
	}
	if err != nil {
		out.Verdict = wipe.Incomplete
		return out, err
	}
	if req.Wiped != nil {
		req.Wiped(out)
	}
	if !req.FreeSpace || out.Verdict != wipe.Complete || !needsCleaning(rep.Media) {
		return out, nil
	}
	clean := FreeSpaceRequest{Account: req.Account, Within: req.Within, Observer: req.Observer}
	space, err := a.cleanBeside(ctx, clean, stays)
	if err != nil {
		space.Verdict = wipe.Incomplete // the account's facts cannot be read any more
	}
	if out.FreeSpace = &space; !asFarAsPlanned(space) {
		out.Verdict = wipe.Incomplete
	}
	return out, nil
}

// destroyHeld destroys what is set aside, and takes it out of the report.
func (a *Agent) destroyHeld(ctx context.Context, acct wipe.Account, out *StowReport) error {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), destroyAfter)
		defer cancel()
	}
	n, err := a.DestroyHeld(ctx, acct)
	out.Destroyed = n
	if err != nil {
		out.Wipe.Held.Count = max(out.Wipe.Held.Count-n, 0)
	} else {
		out.Wipe.Held = wipe.Held{}
	}
	return err
}

// needsCleaning reports whether something that was deleted before the wipe may remain in the free space of a medium.
func needsCleaning(media []wipe.Medium) bool {
	return slices.ContainsFunc(media, func(m wipe.Medium) bool { return slices.Contains(m.Limits, wipe.LimitFreeSpace) })
}

// asFarAsPlanned reports whether nothing but the time that it may take ended a cleaning early. What is left is cleaned
// another day.
func asFarAsPlanned(rep wipe.FreeSpaceReport) bool {
	if rep.Verdict == wipe.Refused || len(rep.Volumes) == 0 {
		return rep.Verdict == wipe.Complete
	}
	return !slices.ContainsFunc(rep.Volumes, func(v wipe.FreeSpace) bool {
		return v.Outcome == wipe.FreeFailed || v.Outcome == wipe.FreePartly && v.Stopped != wipe.FreeTime
	})
}
