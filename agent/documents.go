package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/execute"
	"ipguard/wipe/walk"
)

// Choice is what happens to the documents of a session.
type Choice string

// The choices.
const (
	Hold   Choice = "hold"   // set aside until the deadline
	Refuse Choice = "refuse" // nobody wants them: erased with everything else
)

// Documents are the documents of a session, for the caller's own terminal.
type Documents struct {
	List  []handover.Document // ten thousand at most
	Count int
	Bytes int64
}

// Documents lists what would be lost if the documents were refused.
func (a *Agent) Documents(ctx context.Context, acct wipe.Account) (Documents, error) {
	if err := a.permitted(acct); err != nil {
		return Documents{}, err
	}
	w, err := a.begin(ctx, acct)
	if err != nil {
		return Documents{}, err
	}
	var docs Documents
	docs.List, docs.Count, docs.Bytes, err = session(a.plan(w, false, nil)).List(ctx)
	return docs, err
}

// session finds documents in the home of a plan.
func session(e *execute.Executor) handover.Session {
	s := handover.Session{Home: e.Plan.Account.Home}
	s.Compare = func(ctx context.Context, d *walk.Dir, v baseline.Visitor) error {
		if e.Plan.HomeTrouble != wipe.CodeNone {
			return nil
		}
		return e.Compare(ctx, e.Plan.Roots[0], d, v)
	}
	s.Bare = func(ctx context.Context, d *walk.Dir, v baseline.Visitor) error {
		m := catalog.NewClassifier(e.Catalog, e.GOOS, e.Tokens, s.Home).Root()
		return baseline.Comparison{Root: d, Match: m, Mounts: e.Mounts(s.Home)}.Run(ctx, v)
	}
	return s
}

// hold sets the session's documents aside, and tells the executor which could not be: they must not be erased.
// Those that were given or refused one by one are left to it.
func (a *Agent) hold(ctx context.Context, w *work, e *execute.Executor, req Request) error {
	if e.Plan.HomeTrouble != wipe.CodeNone {
		return nil
	}
	s, decided := session(e), marks(slices.Concat(req.Given, req.Refused))
	s.Choose = func(d handover.Document) bool { return !decided[d.Mark] }
	kept, err := a.intoHolding(ctx, w, s, req.Observer)
	if len(kept.Failed) > 0 {
		e.Pending = func(info walk.Info) wipe.Code { return kept.Failed[handover.IdentityOf(info)] }
	}
	if err != nil {
		// Nobody can tell which of the rest are documents, so no file goes before another try.
		e.Pending = func(walk.Info) wipe.Code { return walk.CodeOf(err) }
	}
	return err
}

func (a *Agent) intoHolding(ctx context.Context, w *work, s handover.Session, obs wipe.Observer) (handover.Kept, error) {
	if !a.Root {
		return s.Refuse(ctx, wipe.CodeNeedsRoot)
	}
	batch, err := a.holding(w).NewBatch(a.Now(), a.Policy.Documents.HoldFor)
	if err != nil {
		return s.Refuse(ctx, walk.CodeOf(err))
	}
	kept, err := s.Hold(ctx, batch, func(count int, bytes int64) {
		if obs != nil {
			obs.Progress(wipe.Progress{Phase: wipe.PhaseHold, Done: count, Bytes: bytes})
		}
	})
	return kept, errors.Join(err, batch.Close())
}

func (a *Agent) holding(w *work) handover.Holding {
	return handover.Holding{Dir: w.state.HeldDir(), Boot: a.boot()}
}

func (a *Agent) boot() handover.Boot {
	if a.Boot == nil {
		return handover.SystemBoot
	}
	return a.Boot
}

// held counts what waits in the holding folder. An account cannot look into its holding folder: for it the count is that
// of the record. An error is also that documents wait whose time is over and which could not be destroyed.
func (a *Agent) held(w *work) (wipe.Held, error) {
	if !a.Root {
		rec, err := w.state.Load()
		return wipe.Held{Count: rec.Held}, err
	}
	count, bytes, left, err := a.holding(w).Waiting(a.Now(), a.Policy.Documents.HoldFor)
	minutes := int((max(left, 0) + time.Minute - 1) / time.Minute)
	return wipe.Held{Count: count, Bytes: bytes, Minutes: minutes}, errors.Join(w.overdue, err)
}

// expire destroys the held documents of every account whose time is over, whatever command it is that comes by. An
// account on which another run works is left to the next one: that run may be filling a batch just now.
func (a *Agent) expire(ctx context.Context) error {
	if !a.Root {
		return nil
	}
	ids, err := a.State.Accounts()
	for _, id := range ids {
		st, e := a.State.Account(id)
		if e == nil {
			e = a.expireAccount(ctx, st)
		}
		err = errors.Join(err, e)
	}
	return err
}

func (a *Agent) expireAccount(ctx context.Context, st *state.Account) error {
	if held, err := os.ReadDir(st.HeldDir()); len(held) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return nil
	}
	unlock, busy, _ := lockOnce(st) // where nothing can be locked nothing else can run either
	if busy {
		return nil
	}
	defer unlock()
	_, err := a.holding(&work{state: st}).Expire(ctx, a.Now(), a.Policy.Documents.HoldFor)
	return err
}

// lockOnce tries once to take an account's lock. It is busy when another run has it; the error says that no lock can be
// taken, because the state cannot be written.
func lockOnce(st *state.Account) (unlock func(), busy bool, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // one try, no waiting
	unlock, err = st.Lock(ctx)
	if errors.Is(err, state.ErrLocked) {
		return func() {}, true, nil
	} else if err != nil {
		return func() {}, false, err
	}
	return unlock, false, nil
}
