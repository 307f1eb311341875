package agent

import (
	"context"
	"errors"
	"slices"

	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/execute"
	"ipguard/wipe/walk"
)

// Request is what a wipe is asked to do.
type Request struct {
	Account   wipe.Account
	Documents Choice
	DryRun    bool
	Observer  wipe.Observer // nil is allowed
	// Everything says that nobody is signed in: no program of the account stays, not even the desktop.
	Everything bool
	// Client is the process of ipguard through which a person of the account asked the service, 0 if none did. It stays,
	// and so does what it was started from.
	Client int
	// Given are documents of which the person has a verified copy, Refused those that nobody wants. They are not set aside,
	// and so erased with everything else. A file that has another mark by now is dealt with as any other.
	Given, Refused []handover.Mark
}

// Wipe wipes an account: it ends its programs, deals with the documents, erases, restores, and reads everything again.
// Once it has first it goes to its end whatever fails; the report says what is left. A wipe that did not begin returns a
// report with verdict refused, or an error: ErrNotPermitted, state.ErrLocked, or the context's.
func (a *Agent) Wipe(ctx context.Context, req Request) (wipe.Report, error) {
	start := a.Now()
	rep, err := a.wipe(ctx, req)
	if refusal, ok := wipe.AsRefusal(err); ok {
		rep, err = wipe.Report{Verdict: wipe.Refused, Refusal: refusal}, nil
	}
	rep.Seconds = a.Now().Sub(start).Seconds()
	return rep, err
}

func (a *Agent) wipe(ctx context.Context, req Request) (wipe.Report, error) {
	if err := a.permitted(req.Account); err != nil {
		return wipe.Report{}, err
	}
	notice(req.Observer, wipe.PhasePlan)
	w, err := a.begin(ctx, req.Account)
	if err != nil {
		return wipe.Report{}, err
	}
	if req.DryRun {
		return a.preview(ctx, w)
	}
	unlock, err := w.state.Lock(ctx)
	if errors.Is(err, state.ErrLocked) {
		return wipe.Report{}, err
	}
	unsaved := err != nil
	if !unsaved {
		defer unlock()
		unsaved = a.save(w, state.Record{State: state.Wiping}) != nil
	}
	rep, err := a.carryOut(ctx, w, req)
	if err != nil {
		return rep, err
	}
	held, err := a.held(w)
	rep.Held = held
	if a.conclude(w, rep) != nil || err != nil || unsaved {
		rep.Unsaved, rep.Verdict = true, wipe.Incomplete
	}
	return rep, nil
}

// preview reads and counts: what a wipe would find now.
func (a *Agent) preview(ctx context.Context, w *work) (wipe.Report, error) {
	live, err := a.desktopRuns(ctx, w.acct)
	if err != nil {
		return wipe.Report{}, err
	}
	e := a.plan(w, live, nil)
	defer e.Close()
	found, err := e.Survey(ctx, false)
	return wipe.NewReport(nil, found, e.Media()), err
}

// carryOut goes through the phases. Only the context's end stops it.
func (a *Agent) carryOut(ctx context.Context, w *work, req Request) (wipe.Report, error) {
	notice(req.Observer, wipe.PhaseClose)
	live, found, err := a.closePrograms(ctx, w, req)
	if err != nil {
		// The machine does not say what runs, so what is open may be written back: the verdict cannot be complete.
		found = append(found, programs(wipe.CodeUnreadable, 1))
	}
	if a.ForgetPrints != nil {
		a.ForgetPrints(ctx, w.acct.Name) // the service remembers titles that no file has
	}
	e := a.plan(w, live, req.Observer)
	defer e.Close()
	if req.Documents != Refuse {
		notice(req.Observer, wipe.PhaseHold)
		if err := a.hold(ctx, w, e, req); err != nil {
			// What could not be set aside stays where it is; everything else must go all the same.
			found = append(found, wipe.Result{
				Artifact: "documents", Class: wipe.ClassDocuments, Outcome: wipe.Residual, Code: walk.CodeOf(err), Count: 1,
			})
		}
	}
	a.byWorker(ctx, w, e, req.Observer)
	e.Overwrite(ctx)
	notice(req.Observer, wipe.PhaseErase)
	e.Unlink(ctx)
	e.Clear(ctx)
	notice(req.Observer, wipe.PhaseRestore)
	restored := e.Restore(ctx)
	notice(req.Observer, wipe.PhaseSettle)
	done := append(e.Settle(ctx), restored...)
	if err := ctx.Err(); err != nil {
		return wipe.Report{}, err
	}
	notice(req.Observer, wipe.PhaseVerify)
	rest, err := e.Survey(ctx, true)
	if err != nil {
		return wipe.Report{}, err
	}
	found = slices.Concat(found, rest, a.heldOpen(ctx, e), a.policyRows())
	return wipe.NewReport(done, found, a.media(e)), nil
}

// media says how strongly things were erased. The demonstration never works with an administrator's rights on the machine
// itself, so that telling somebody to get them would be no help.
func (a *Agent) media(e *execute.Executor) []wipe.Medium {
	all := e.Media()
	for i := range all {
		if a.Throwaway != "" {
			all[i].Limits = slices.DeleteFunc(all[i].Limits, func(l wipe.Limit) bool { return l == wipe.LimitNeedsRoot })
		}
	}
	return all
}

// heldOpen counts files that were removed while a program that was not ended keeps them open.
func (a *Agent) heldOpen(ctx context.Context, e *execute.Executor) []wipe.Result {
	// Another run of this program that cleans free space holds nothing but its own filler, and stops by itself.
	ours := func(p host.Process) bool { return p.RootOwnedExe && desktop(p.Exe) || p.System && p.Exe == a.Exe }
	// An error says that some programs could not be looked at: without an administrator's rights, when the verdict is
	// incomplete anyway. What was counted counts.
	n, _ := a.Machine.HeldOpen(ctx, []string{e.Plan.Account.Home}, ours)
	if n == 0 {
		return nil
	}
	return []wipe.Result{programs(wipe.CodeHeldOpen, n)}
}

// policyRows counts a policy that cannot be used: nobody knows then what should have been done.
func (a *Agent) policyRows() []wipe.Result {
	if !a.PolicyBroken {
		return nil
	}
	return []wipe.Result{{
		Artifact: "policy", Class: wipe.ClassSettings, Outcome: wipe.Residual, Code: wipe.CodePolicy, Count: 1,
	}}
}

// conclude writes down how it ended.
func (a *Agent) conclude(w *work, rep wipe.Report) error {
	t := rep.Totals()
	rec := state.Record{
		State: state.Residue, Result: string(rep.Verdict), Held: rep.Held.Count,
		Assurance: string(rep.Weakest()), Erased: t.Erased, Restored: t.Restored, Residual: t.Residual, Skipped: t.Skipped,
	}
	for _, m := range rep.Media {
		rec.Distrust = rec.Distrust || slices.Contains(m.Limits, wipe.LimitIgnored)
	}
	if rep.Verdict == wipe.Complete {
		rec.State = state.Clean
	}
	return a.save(w, rec)
}

// save writes a record down, and what the one before it has to say further.
func (a *Agent) save(w *work, rec state.Record) error {
	if old, err := w.state.Load(); err == nil {
		rec.FreeSpace = old.FreeSpace // no wipe changes where the cleaning of free space goes on
		rec.Distrust = rec.Distrust || old.Distrust
	}
	return a.first(w, rec)
}

// first writes a record down as the first one.
func (a *Agent) first(w *work, rec state.Record) error {
	rec.Day, rec.Baseline, rec.Admin = a.today(), w.version.Info.Version, w.acct.Admin
	return w.state.Save(rec)
}

// notice tells that a phase begins.
func notice(obs wipe.Observer, phase wipe.Phase) {
	if obs != nil {
		obs.Progress(wipe.Progress{Phase: phase})
	}
}
