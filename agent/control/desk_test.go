package control

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/pin"
	"ipguard/agent/state"
	"ipguard/devices"
)

var person, helper = ipc.Caller{Account: "1000", PID: 7}, ipc.Caller{Account: "0", Admin: true}

// What the service tells is fresh when documents were set aside or given back, and their deadline is looked after.
func TestHoldAndBack(t *testing.T) {
	bubble(t, "held and given back", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, false)
		defer end(false)
		before := m.looked()
		if moved, err := c.Hold(t.Context(), person, "", nil); err != nil || moved.Count != 2 {
			t.Fatalf("%+v, %v", moved, err)
		}
		if s, _ := c.Status("1000"); s.Held != 2 || s.State != state.Clean {
			t.Errorf("%d held, %s", s.Held, s.State)
		}
		synctest.Wait()
		if m.looked() == before {
			t.Error("nobody looks after the deadline")
		}
		looked := m.looked()
		time.Sleep(10 * time.Minute) // of a clock that jumps nobody is told
		if n := m.looked() - looked; n < 9 {
			t.Errorf("looked %d times in ten minutes", n)
		}
		if all, err := c.Held(t.Context(), person, ""); err != nil || len(all) != 1 || all[0].Count != 2 {
			t.Errorf("%v, %v", all, err)
		}
		if _, err := c.Back(t.Context(), person, ipc.BackRequest{PIN: "1", Batch: "B", Folder: "x"}); err != nil {
			t.Fatal(err)
		}
		if s, _ := c.Status("1000"); s.Held != 0 || s.State != state.InUse || m.state("1000") != state.InUse {
			t.Errorf("%d held, %s, %s on the disk", s.Held, s.State, m.state("1000"))
		}
	})
	bubble(t, "a wrong PIN", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, false)
		defer end(false)
		for _, want := range []error{pin.ErrWrong, pin.ErrNone, &pin.Locked{Wait: time.Minute}} {
			m.pinErr = want
			if _, err := c.Back(t.Context(), person, ipc.BackRequest{PIN: "1", Batch: "B", Folder: "x"}); !errors.Is(err, want) {
				t.Errorf("%v", err)
			}
		}
		if s, _ := c.Status("1000"); s.State != state.Clean {
			t.Errorf("a wrong PIN makes it %s", s.State)
		}
		if _, err := c.Back(t.Context(), helper, ipc.BackRequest{Batch: "B", Folder: "x"}); err != nil {
			t.Errorf("an administrator: %v", err)
		}
		if r := m.backs[0]; r.Admin || r.PIN != "1" || r.Account.ID != "1000" || !m.backs[3].Admin {
			t.Errorf("asked for %+v", r)
		}
	})
	bubble(t, "expired for one of two", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, false)
		defer end(false)
		if _, err := c.Hold(t.Context(), person, "", nil); err != nil {
			t.Fatal(err)
		}
		m.mu.Lock()
		m.batches[0].Count = 1
		m.mu.Unlock()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s, _ := c.Status("1000"); s.Held != 1 {
			t.Errorf("%d held", s.Held)
		}
	})
}

// Documents are moved once at a time for an account, a few at a time in all, and the controller waits for none of it.
func TestDeskIsBounded(t *testing.T) {
	bubble(t, "many callers", func(t *testing.T) {
		records := map[string]state.Record{}
		for i := range 2 * deskMost {
			records[strconv.Itoa(1000+i)] = state.Record{State: state.InUse}
		}
		m := newMachine(records)
		m.blind, m.moves = true, time.Minute
		c, end := launch(t, m, false)
		defer end(false)
		var all sync.WaitGroup
		var mu sync.Mutex
		served, busy := 0, 0
		for i := range 8 * deskMost {
			all.Go(func() {
				_, err := c.Refuse(t.Context(), helper, strconv.Itoa(1000+i%(2*deskMost)), nil)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					served++
				case errors.Is(err, ipc.CodeBusy):
					busy++
				default:
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if !c.Alive(t.Context()) {
			t.Error("the controller waits")
		}
		all.Wait()
		if served != deskMost || busy != 7*deskMost || m.most != deskMost {
			t.Errorf("%d served, %d turned away, %d at once", served, busy, m.most)
		}
		if len(c.desk.at) > 0 {
			t.Error("places are not given back")
		}
	})
}

// A wipe does not wait for documents that are being moved, and nobody moves any beside it.
func TestDeskAndWipe(t *testing.T) {
	bubble(t, "a wipe comes", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.blind, m.moves = true, time.Hour
		c, end := launch(t, m, false)
		defer end(false)
		cut := make(chan error, 1)
		go func() {
			_, err := c.Hold(t.Context(), person, "", nil)
			cut <- err
		}()
		synctest.Wait()
		begun := time.Now()
		c.Device(t.Context(), devices.Event{Kind: devices.SignedOut, Account: "1000"})
		if err := <-cut; !errors.Is(err, ipc.CodeBusy) {
			t.Errorf("who was moving heard %v", err)
		}
		synctest.Wait()
		if _, err := c.Hold(t.Context(), person, "", nil); !errors.Is(err, ipc.CodeBusy) {
			t.Errorf("beside the wipe: %v", err)
		}
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if m.state("1000") != state.Clean || time.Since(begun) > 2*time.Second {
			t.Errorf("%s after %v", m.state("1000"), time.Since(begun))
		}
		m.moves = 0
		if _, err := c.Hold(t.Context(), person, "", nil); err != nil {
			t.Errorf("after the wipe: %v", err)
		}
	})
	bubble(t, "who asks leaves", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.blind, m.moves = true, time.Hour
		c, end := launch(t, m, false)
		defer end(false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Refuse(ctx, person, "", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		m.moves = 0
		if _, err := c.Refuse(t.Context(), person, "", nil); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
	bubble(t, "after the service", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.sessions = nil
		m.blind = true
		c, end := launch(t, m, false)
		end(false)
		if _, err := c.Hold(t.Context(), person, "", nil); !errors.Is(err, ipc.CodeEnding) || m.most > 0 {
			t.Errorf("%v", err)
		}
	})
	bubble(t, "unknown account", func(t *testing.T) {
		c, end := launch(t, newMachine(one(state.Clean)), false)
		defer end(false)
		_, err := c.Held(t.Context(), helper, "77")
		_, err2 := c.Back(t.Context(), helper, ipc.BackRequest{Account: "77"})
		if !errors.Is(err, ipc.CodeUnknownAccount) || !errors.Is(err2, ipc.CodeUnknownAccount) {
			t.Errorf("%v, %v", err, err2)
		}
	})
}

// The marks that somebody sends reach the engine, and only with what they asked for.
func TestMarksReachTheEngine(t *testing.T) {
	bubble(t, "a wipe", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.blind = true
		c, end := launch(t, m, false)
		defer end(false)
		marks := ipc.Marks{{Inode: 1}, {Inode: 2}}
		var all []ipc.Message
		collect(t, c, ipc.WipeRequest{Documents: agent.Hold, Given: marks[:1], Refused: marks[1:]}, &all)
		if r := m.wipes[0]; len(r.Given) != 1 || r.Given[0] != marks[0] || len(r.Refused) != 1 || r.Refused[0] != marks[1] {
			t.Errorf("given %v, refused %v", r.Given, r.Refused)
		}
		c.Device(t.Context(), devices.Event{Kind: devices.SignedOut, Account: "1000"})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if r := m.wipes[1]; r.Given != nil || r.Refused != nil {
			t.Error("the next wipe knows them too")
		}
	})
}
