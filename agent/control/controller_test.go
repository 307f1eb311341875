package control

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/agent/watch"
	"ipguard/devices"
	"ipguard/devices/session"
	"ipguard/wipe"
)

func isReady(c *Controller) bool {
	select {
	case <-c.Ready():
		return true
	default:
		return false
	}
}

func one(s state.State) map[string]state.Record { return map[string]state.Record{"1000": {State: s}} }

func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// Nobody may sign in before what a power cut left is gone, but a wipe that takes for ever does not lock everybody out.
func TestBoot(t *testing.T) {
	bubble(t, "finished first", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		c, end := launch(t, m, true)
		defer end(false)
		if isReady(c) {
			t.Error("people may sign in before the wipe has ended")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !isReady(c) || m.state("1000") != state.Clean {
			t.Errorf("ready %v, state %s", isReady(c), m.state("1000"))
		}
		if n, docs := m.causes(); n != 1 || docs[0] != agent.Hold || !m.wipes[0].Everything {
			t.Errorf("%d wipes, %v", n, docs)
		}
	})
	bubble(t, "takes too long", func(t *testing.T) {
		m := newMachine(one(state.Wiping))
		m.takes = 10 * time.Minute
		c, end := launch(t, m, true)
		defer end(false)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		early := isReady(c)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if early || !isReady(c) {
			t.Errorf("ready after 59 s: %v, after 61 s: %v", early, isReady(c))
		}
		// The account itself is turned away as long as it is not clean.
		c.Device(t.Context(), devices.Event{Kind: devices.SignedIn, Account: "1000", Session: "c1", Open: 1})
		synctest.Wait()
		if diff := cmp.Diff([]string{"turn away c1"}, m.did); diff != "" {
			t.Error(diff)
		}
		time.Sleep(10 * time.Minute)
	})
	bubble(t, "clean by the record, not by the disk", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		m.survey = state.InUse
		_, end := launch(t, m, true)
		time.Sleep(time.Second)
		end(false)
		if n, _ := m.causes(); n != 1 {
			t.Errorf("%d wipes, want one", n)
		}
	})
	bubble(t, "looking takes for ever", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		m.looks = 10 * time.Minute
		c, end := launch(t, m, true)
		defer end(false)
		if s, err := c.Status(""); err != nil || s.State != state.Unknown {
			t.Errorf("meanwhile it is %s, %v", s.State, err)
		}
		if !c.Alive(t.Context()) || isReady(c) {
			t.Errorf("alive %v, ready %v", c.Alive(t.Context()), isReady(c))
		}
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if s, _ := c.Status(""); s.State != state.Clean || !isReady(c) {
			t.Errorf("afterwards it is %s", s.State)
		}
	})
	bubble(t, "a record that cannot be read", func(t *testing.T) {
		m := newMachine(one(""))
		c, end := launch(t, m, true)
		if s, err := c.Status(""); err != nil || s.State == state.Clean {
			t.Errorf("%v, %v", s.State, err)
		}
		time.Sleep(time.Second)
		end(false)
		if m.state("1000") != state.Clean {
			t.Error("the wipe did not happen")
		}
	})
	bubble(t, "clean", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, true)
		defer end(false)
		if n, _ := m.causes(); n != 0 || !isReady(c) {
			t.Errorf("%d wipes, ready %v", n, isReady(c))
		}
	})
	bubble(t, "nobody is enrolled", func(t *testing.T) {
		c, end := launch(t, newMachine(nil), true)
		defer end(false)
		if _, err := c.Status(""); !isReady(c) || !errors.Is(err, ipc.CodeNoneEnrolled) {
			t.Errorf("ready %v, %v", isReady(c), err)
		}
	})
}

// An account that is enrolled while the service runs is not wiped for that, whatever is found in it: whoever enrolls it
// is told so.
func TestReload(t *testing.T) {
	bubble(t, "enrolled later", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, true)
		defer end(false)
		m.mu.Lock()
		m.records["1001"] = state.Record{State: state.InUse}
		m.mu.Unlock()
		if err := c.Reload(t.Context(), ipc.Caller{Admin: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s, err := c.Status("1001"); err != nil || s.State != state.InUse {
			t.Errorf("%s, %v", s.State, err)
		}
		if n, _ := m.causes(); n != 0 {
			t.Errorf("%d wipes", n)
		}
		m.mu.Lock()
		delete(m.records, "1000")
		m.mu.Unlock()
		if err := c.Reload(t.Context(), ipc.Caller{Admin: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Status("1000"); !errors.Is(err, ipc.CodeUnknownAccount) {
			t.Errorf("an account that is enrolled no more: %v", err)
		}
	})
}

// Whoever asks for an account that is let go of in the same moment gets an answer all the same.
func TestAskingForAnAccountThatGoes(t *testing.T) {
	bubble(t, "unknown", func(t *testing.T) {
		c, end := launch(t, newMachine(one(state.Clean)), false)
		defer end(false)
		answer := make(chan *job, 1)
		c.post(t.Context(), note{account: "1009", event: event{kind: asked}, follow: answer})
		synctest.Wait()
		select {
		case j := <-answer:
			if j != nil {
				t.Error("a wipe was promised")
			}
		default:
			t.Error("no answer")
		}
	})
}

// collect follows a wipe to its end.
func collect(t *testing.T, c *Controller, req ipc.WipeRequest, into *[]ipc.Message) {
	t.Helper()
	seq, err := c.Wipe(t.Context(), ipc.Caller{Account: "1000", PID: 7}, req)
	if err != nil {
		t.Fatal(err)
	}
	for m := range seq {
		*into = append(*into, m)
	}
}

// A second client joins the wipe that runs, and one that goes away stops nothing.
func TestJoining(t *testing.T) {
	bubble(t, "joins", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.sessions = []session.Session{{ID: "1", Account: "1000"}}
		c, end := launch(t, m, false)
		defer end(false)
		ctx, leave := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			seq, err := c.Wipe(ctx, ipc.Caller{Account: "1000"}, ipc.WipeRequest{Account: "1000", Documents: agent.Refuse})
			if err == nil {
				for range seq {
				}
			}
			close(gone)
		}()
		synctest.Wait()
		leave()
		<-gone
		var all []ipc.Message
		collect(t, c, ipc.WipeRequest{Documents: agent.Hold}, &all)
		if n, docs := m.causes(); n != 1 || docs[0] != agent.Refuse {
			t.Errorf("%d wipes, %v; want the first one's alone", n, docs)
		}
		if last := all[len(all)-1]; last.Report == nil || last.Report.Verdict != wipe.Complete {
			t.Errorf("the second client heard %+v", last)
		}
		if s, _ := c.Status("1000"); s.State != state.Clean {
			t.Errorf("state %s", s.State)
		}
	})
}

func TestCountdown(t *testing.T) {
	ask := ipc.WipeRequest{Account: "1000", Documents: agent.Refuse, Countdown: 3 * time.Second}
	bubble(t, "runs out", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.blind = true
		c, end := launch(t, m, false)
		defer end(false)
		begun := time.Now()
		var all []ipc.Message
		collect(t, c, ask, &all)
		var left []time.Duration
		for _, msg := range all {
			if msg.Countdown != nil {
				left = append(left, msg.Countdown.Round(time.Second))
			}
		}
		if diff := cmp.Diff([]time.Duration{3 * time.Second, 2 * time.Second, time.Second}, left); diff != "" {
			t.Error(diff)
		}
		if d := time.Since(begun); d != 4*time.Second {
			t.Errorf("it took %v", d)
		}
	})
	bubble(t, "is stopped", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.blind = true
		c, end := launch(t, m, false)
		defer end(false)
		time.AfterFunc(time.Second, func() {
			if err := c.Stop(context.Background(), ipc.Caller{}, "1000"); err != nil {
				t.Error(err)
			}
		})
		var all []ipc.Message
		collect(t, c, ask, &all)
		time.Sleep(time.Minute)
		if n, _ := m.causes(); n != 0 || all[len(all)-1].Error != ipc.CodeStopped {
			t.Errorf("%d wipes, the last word %+v", n, all[len(all)-1])
		}
	})
}

// Signing out wipes, one account after the other, and who signs in again meanwhile waits outside.
func TestLogoff(t *testing.T) {
	bubble(t, "two accounts", func(t *testing.T) {
		m := newMachine(map[string]state.Record{"1000": {State: state.InUse}, "1001": {State: state.InUse}})
		m.sessions = []session.Session{{ID: "1", Account: "1000"}, {ID: "2", Account: "1001"}}
		c, end := launch(t, m, false)
		defer end(false)
		for _, id := range []string{"1000", "1001"} {
			c.Device(t.Context(), devices.Event{Kind: devices.SignedOut, Account: id, Open: 0})
		}
		c.Device(t.Context(), devices.Event{Kind: devices.SignedIn, Account: "1001", Session: "c9", Open: 1})
		synctest.Wait()
		if n, _ := m.causes(); n != 1 {
			t.Errorf("%d wipes at once", n)
		}
		time.Sleep(3 * time.Second)
		if n, docs := m.causes(); n != 2 || docs[0] != agent.Hold || docs[1] != agent.Hold {
			t.Errorf("%d wipes, %v", n, docs)
		}
		if diff := cmp.Diff([]string{"turn away c9"}, m.did); diff != "" {
			t.Error(diff)
		}
		if m.state("1000") != state.Clean || m.state("1001") != state.Clean {
			t.Error("not clean")
		}
	})
}

// Somebody who forgot to sign out and went away: the screen is locked, then everything goes, documents are set aside.
func TestIdle(t *testing.T) {
	for _, there := range []bool{false, true} {
		name := map[bool]string{false: "nobody comes back", true: "somebody came back"}[there]
		bubble(t, name, func(t *testing.T) {
			m := newMachine(one(state.InUse))
			m.sessions = []session.Session{{ID: "1", Account: "1000", Idle: !there}}
			c, end := launch(t, m, false)
			defer end(false)
			c.Device(t.Context(), devices.Event{Kind: devices.Idle, Account: "1000", Session: "1", Elapsed: 5 * time.Minute})
			time.Sleep(24 * time.Minute)
			synctest.Wait()
			if n, _ := m.causes(); n != 0 {
				t.Fatal("wiped too early")
			}
			if s, _ := c.Status("1000"); s.Next != string(ByIdle) || s.NextIn != time.Minute {
				t.Errorf("status says %q in %v", s.Next, s.NextIn)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			want := []string{"lock 1000", "sign out 1000"}
			if there {
				want = want[:1]
			}
			if diff := cmp.Diff(want, m.did); diff != "" {
				t.Error(diff)
			}
			if n, _ := m.causes(); (n == 1) == there {
				t.Errorf("%d wipes", n)
			}
		})
	}
	bubble(t, "the wipe was before, and something was left since", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		c, end := launch(t, m, false)
		defer end(false)
		c.Device(t.Context(), devices.Event{Kind: devices.SignedIn, Account: "1000", Open: 1})
		var all []ipc.Message
		collect(t, c, ipc.WipeRequest{Account: "1000", Documents: agent.Hold}, &all)
		m.survey = state.InUse
		c.Device(t.Context(), devices.Event{Kind: devices.Idle, Account: "1000"})
		synctest.Wait()
		if s, _ := c.Status("1000"); s.State != state.InUse || s.Next != string(ByIdle) {
			t.Errorf("%s, next %q", s.State, s.Next)
		}
	})
}

// The power button, and the service manager: only the first wipes, and neither leaves a wipe half done.
func TestEnding(t *testing.T) {
	bubble(t, "the machine stops", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		_, end := launch(t, m, false)
		m.blind = true
		end(true)
		if m.state("1000") != state.Clean {
			t.Error("not wiped")
		}
	})
	bubble(t, "only the service stops", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.sessions = []session.Session{{ID: "1", Account: "1000"}}
		_, end := launch(t, m, false)
		end(false)
		if n, _ := m.causes(); n != 0 {
			t.Error("wiped")
		}
	})
	bubble(t, "in a wipe", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		c, end := launch(t, m, false)
		synctest.Wait()
		end(false)
		if m.state("1000") != state.Clean {
			t.Error("the wipe was cut off")
		}
		if _, err := c.Wipe(t.Context(), ipc.Caller{}, ipc.WipeRequest{Account: "1000"}); !errors.Is(err, ipc.CodeEnding) {
			t.Errorf("asking afterwards: %v", err)
		}
	})
	bubble(t, "in a wipe that hangs", func(t *testing.T) {
		m := newMachine(one(state.InUse))
		m.takes = 24 * time.Hour
		_, end := launch(t, m, false)
		begun := time.Now()
		end(false)
		if d := time.Since(begun); d > 101*time.Second {
			t.Errorf("it ended after %v", d)
		}
	})
}

// Held documents are destroyed when their time is over, without anybody typing anything.
func TestHeldDocumentsAreLookedAfter(t *testing.T) {
	bubble(t, "deadline", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		m.held = 30 * time.Second
		_, end := launch(t, m, false)
		defer end(false)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if m.expired != 2 {
			t.Errorf("looked %d times, want at the start and at the deadline", m.expired)
		}
		m.mu.Lock()
		m.held = 0
		m.mu.Unlock()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if m.expired > 3 {
			t.Errorf("looked %d times although nothing is held", m.expired)
		}
	})
}

// What cannot be written down is not forgotten in memory either.
func TestUnwritableState(t *testing.T) {
	bubble(t, "in use", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		m.stuck = true
		c, end := launch(t, m, false)
		defer end(false)
		c.Seen(t.Context(), watch.Change{Account: "1000", Epoch: 1, Used: true, New: map[wipe.Class]int{wipe.ClassDownloads: 3}})
		synctest.Wait()
		if s, _ := c.Status("1000"); s.State != state.InUse || s.New[wipe.ClassDownloads] != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// While nothing happens nothing runs.
func TestIdleServiceSleeps(t *testing.T) {
	bubble(t, "a day", func(t *testing.T) {
		m := newMachine(one(state.Clean))
		_, end := launch(t, m, false)
		defer end(false)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if m.expired != 1 || len(m.did) != 0 {
			t.Errorf("looked %d times, did %v", m.expired, m.did)
		}
	})
}
