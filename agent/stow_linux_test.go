package agent_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// observer is a function that is told of progress.
type observer func(wipe.Progress)

func (o observer) Progress(p wipe.Progress) { o(p) }

// heldLaptop is one with a document that is set aside and one of a session.
func heldLaptop(t *testing.T) *laptop {
	t.Helper()
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/letter.odt", "private")
	l.wipe(agent.Hold, wipe.Complete)
	if len(l.batches()) != 1 {
		t.Fatal("nothing is set aside")
	}
	l.write("Documents/scan.pdf", "private too")
	return l
}

// gone says that neither the holding folder nor the record speaks of a document.
func (l *laptop) gone() {
	l.Helper()
	if n := len(l.batches()); n != 0 || l.held() != 0 {
		l.Errorf("%d batches and %d files are left", n, l.held())
	}
	rec, err := l.Record(l.Account)
	if err != nil || rec.Held != 0 {
		l.Errorf("the record says %d, %v", rec.Held, err)
	}
}

// Nothing survives a stow, neither what the session has nor what was set aside before.
func TestStow(t *testing.T) {
	l, told := heldLaptop(t), 0
	var phases []wipe.Phase
	rep, err := l.Stow(context.Background(), agent.StowRequest{
		Account: l.Account, Observer: observer(func(p wipe.Progress) { phases = append(phases, p.Phase) }),
		Wiped: func(agent.StowReport) { told++ },
	})
	if err != nil || rep.Verdict != wipe.Complete || rep.Wipe.Verdict != wipe.Complete || rep.Destroyed != 1 || rep.FreeSpace != nil {
		t.Fatalf("%+v, %v", rep, err)
	}
	if l.gone(); rep.Wipe.Held != (wipe.Held{}) || told != 1 || len(phases) < 5 {
		t.Errorf("held %+v, told %d times, phases %v", rep.Wipe.Held, told, phases)
	}
	if l.content("Documents/scan.pdf") != "" || l.content("Documents/form.odt") != "an empty form" {
		t.Error("the home is not as it was")
	}
	if rec, _ := l.Record(l.Account); rec.State != state.Clean {
		t.Errorf("the record says %s", rec.State)
	}
	rep, err = l.Stow(context.Background(), agent.StowRequest{Account: l.Account})
	if err != nil || rep.Verdict != wipe.Complete || rep.Destroyed != 0 {
		t.Errorf("a second time: %+v, %v", rep, err)
	}
}

// What was set aside goes also when the wipe does not come to its end, or cannot begin.
func TestStowThatFailsHalfWay(t *testing.T) {
	t.Run("interrupted", func(t *testing.T) {
		l := heldLaptop(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		rep, err := l.Stow(ctx, agent.StowRequest{Account: l.Account, Observer: observer(func(p wipe.Progress) {
			if p.Phase == wipe.PhaseErase {
				cancel()
			}
		})})
		if !errors.Is(err, context.Canceled) || rep.Verdict == wipe.Complete || rep.Destroyed != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		l.gone()
	})
	t.Run("no home", func(t *testing.T) {
		l := heldLaptop(t)
		if err := os.Rename(l.Account.Home, l.Account.Home+"-moved"); err != nil {
			t.Fatal(err)
		}
		rep, err := l.Stow(context.Background(), agent.StowRequest{Account: l.Account, FreeSpace: true})
		if err == nil && rep.Verdict == wipe.Complete || rep.Destroyed != 1 || rep.FreeSpace != nil {
			t.Errorf("%+v, %v", rep, err)
		}
		l.gone()
	})
}

// A stow that does not begin destroys nothing.
func TestStowThatDoesNotBegin(t *testing.T) {
	l := heldLaptop(t)
	st, err := l.State.Account(l.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := st.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if rep, err := l.Stow(ctx, agent.StowRequest{Account: l.Account}); !errors.Is(err, state.ErrLocked) || rep.Destroyed != 0 {
		t.Errorf("beside another run: %+v, %v", rep, err)
	}
	unlock()
	l.Root = false
	if rep, err := l.Stow(context.Background(), agent.StowRequest{Account: l.Account}); !errors.Is(err, agent.ErrNotPermitted) || rep.Destroyed != 0 {
		t.Errorf("without rights: %+v, %v", rep, err)
	}
	l.Root = true
	if len(l.batches()) != 1 || l.content("Documents/scan.pdf") == "" {
		t.Error("something is gone")
	}
}
