package agent

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"

	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/wipe"
	"ipguard/wipe/execute"
	"ipguard/wipe/walk"
)

// ErrChanged says that a file is no longer the one that was listed.
var ErrChanged = errors.New("the document has changed")

// Moved is what became of documents.
type Moved struct {
	Count  int
	Bytes  int64
	Failed int // documents that stayed where they were
}

// OpenDocument opens a document for reading, step by step from the home down, so that no link leads elsewhere. ErrChanged
// when it is not what was listed; else ErrNotPermitted, or an error of package walk.
func (a *Agent) OpenDocument(ctx context.Context, acct wipe.Account, d handover.Document) (*os.File, error) {
	if err := a.permitted(acct); err != nil {
		return nil, err
	}
	dir, err := walk.Open(acct.Home)
	if err != nil {
		return nil, err
	}
	defer func() { dir.Close() }()
	parts := strings.Split(d.Rel, "/")
	for _, name := range parts[:len(parts)-1] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		sub, err := dir.Enter(name)
		if err != nil {
			return nil, err
		}
		dir.Close()
		dir = sub
	}
	f, info, err := dir.OpenFile(path.Base(d.Rel))
	if err != nil {
		return nil, err
	}
	if handover.MarkOf(info) != d.Mark {
		return nil, errors.Join(ErrChanged, f.Close())
	}
	return f, nil
}

// HoldNow sets documents aside: those with these marks, all for nil. They are out of the session's sight when it returns;
// what could not be set aside stays. Errors: ErrNotPermitted, state.ErrLocked, a wipe.Refusal, the disk's.
func (a *Agent) HoldNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (Moved, error) {
	return a.handle(ctx, acct, only, func(w *work, e *execute.Executor, s handover.Session) (Moved, error) {
		batch, err := a.holding(w).NewBatch(a.Now(), a.Policy.Documents.HoldFor)
		if err != nil {
			return Moved{}, err
		}
		kept, err := s.Hold(ctx, batch, func(int, int64) {})
		m := Moved{Count: kept.Count, Bytes: kept.Bytes, Failed: len(kept.Failed)}
		if err = errors.Join(err, batch.Close()); err != nil {
			return m, err // the originals of what was copied stay: the copies may not be on the medium
		}
		gone, err := s.Erase(ctx, kept.Copied, w.acct.UID, a.terms(w))
		m.Failed += gone.Failed
		return m, err
	})
}

// RefuseNow erases documents at once, as strongly as a wipe would: those with these marks, all for nil. What could not be
// erased stays. Errors: ErrNotPermitted, state.ErrLocked, a wipe.Refusal, the disk's.
func (a *Agent) RefuseNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (Moved, error) {
	return a.handle(ctx, acct, only, func(w *work, e *execute.Executor, s handover.Session) (Moved, error) {
		batch, _ := a.holding(w).NewBatch(a.Now(), 0) // nil: they are erased where they are, which takes no room
		out, err := s.Discard(ctx, batch)
		err = errors.Join(err, batch.Destroy(ctx))
		gone, e2 := s.Erase(ctx, out.Left, w.acct.UID, a.terms(w))
		return Moved{
			Count: out.Count + gone.Count, Bytes: out.Bytes + gone.Bytes, Failed: out.Failed + gone.Failed,
		}, errors.Join(err, e2)
	})
}

// handle does something with the chosen documents of a session that goes on, under the account's lock.
func (a *Agent) handle(ctx context.Context, acct wipe.Account, only []handover.Mark,
	do func(*work, *execute.Executor, handover.Session) (Moved, error)) (Moved, error) {
	if !a.Root {
		return Moved{}, ErrNotPermitted
	}
	w, err := a.begin(ctx, acct)
	if err != nil {
		return Moved{}, err
	}
	unlock, err := w.state.Lock(ctx)
	if err != nil {
		return Moved{}, err
	}
	defer unlock()
	e := a.plan(w, false, nil)
	defer e.Close()
	if e.Plan.HomeTrouble != wipe.CodeNone {
		return Moved{}, errHome
	}
	s := session(e)
	if only != nil {
		chosen := marks(only)
		s.Choose = func(d handover.Document) bool { return chosen[d.Mark] }
	}
	m, err := do(w, e, s)
	return m, errors.Join(err, a.saveHeld(w, false))
}

// errHome says that nothing can be done in the home, since it is not on a disk of this machine.
var errHome = errors.New("the home cannot be worked in")

func marks(list []handover.Mark) map[handover.Mark]bool {
	set := make(map[handover.Mark]bool, len(list))
	for _, m := range list {
		set[m] = true
	}
	return set
}

// saveHeld writes down how many documents are held now, for those who may not look. The lock must be held.
func (a *Agent) saveHeld(w *work, used bool) error {
	rec, err := w.state.Load()
	if errors.Is(err, state.ErrNone) {
		return nil
	} else if err != nil {
		rec = state.Record{State: state.Unknown}
	}
	count, _, _, err := a.holding(w).Waiting(a.Now(), a.Policy.Documents.HoldFor)
	if err != nil {
		return err
	}
	if used && rec.State == state.Clean {
		rec.State = state.InUse
	}
	rec.Held = count
	return w.state.Save(rec)
}
