package control

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/agent/watch"
	"ipguard/devices"
	"ipguard/wipe"
)

// heard follows a stow, or a wipe, beside the test; done is closed at its end.
type heard struct {
	mu   sync.Mutex
	all  []ipc.Message
	at   time.Time // of the last message
	err  error
	done chan struct{}
}

func (h *heard) last() ipc.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) == 0 {
		return ipc.Message{}
	}
	return h.all[len(h.all)-1]
}

func stowing(t *testing.T, c *Controller, ctx context.Context, req ipc.StowRequest) *heard {
	t.Helper()
	h := &heard{done: make(chan struct{})}
	go func() {
		defer close(h.done)
		seq, err := c.Stow(ctx, ipc.Caller{Account: "1000", PID: 7}, req)
		if h.err = err; err != nil {
			return
		}
		for m := range seq {
			h.mu.Lock()
			h.all, h.at = append(h.all, m), time.Now()
			h.mu.Unlock()
		}
	}()
	synctest.Wait()
	return h
}

func stocked() *machine {
	m := newMachine(one(state.InUse))
	m.blind, m.cleans = true, 10*time.Minute
	m.batches = []agent.Batch{{ID: "B", Count: 3}}
	return m
}

func (m *machine) switchedOff() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.off
}

// A stow wipes, destroys what is held, cleans, says so, and only then switches the machine off.
func TestStow(t *testing.T) {
	bubble(t, "with power off", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s, _ := c.Status("1000"); s.State != state.Clean || s.Held != 0 {
			t.Errorf("while the free space is cleaned it is %s, %d held", s.State, s.Held)
		}
		if p := h.last().Progress; p == nil || p.Phase != wipe.PhaseFreeSpace {
			t.Errorf("the follower heard %+v", h.last())
		}
		<-h.done
		if r := h.last().Stow; r == nil || r.Verdict != wipe.Complete || r.Destroyed != 3 || r.FreeSpace == nil {
			t.Errorf("it ended with %+v", h.last())
		}
		if r := m.stows[0]; r.Client != 7 || !r.FreeSpace || r.Within != c.Policy.FreeSpace.Within {
			t.Errorf("the engine was asked for %+v", r)
		}
		if len(m.switchedOff()) > 0 {
			t.Error("switched off before it was told")
		}
		time.Sleep(time.Minute)
		if off := m.switchedOff(); len(off) != 1 || off[0].Sub(h.at) < tellMost {
			t.Errorf("switched off %v", off)
		}
	})
	bubble(t, "without", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{})
		<-h.done
		time.Sleep(time.Hour)
		if r := h.last().Stow; r == nil || r.FreeSpace != nil || len(m.switchedOff()) > 0 {
			t.Errorf("%+v, switched off %v", h.last(), m.switchedOff())
		}
	})
	bubble(t, "by policy", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		c.Policy.Stow.PowerOff = true
		<-stowing(t, c, t.Context(), ipc.StowRequest{}).done
		time.Sleep(time.Minute)
		if len(m.switchedOff()) != 1 {
			t.Error("policy switches off")
		}
	})
	bubble(t, "the follower leaves", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		ctx, leave := context.WithCancel(t.Context())
		h := stowing(t, c, ctx, ipc.StowRequest{FreeSpace: true, PowerOff: true})
		leave()
		<-h.done
		time.Sleep(time.Hour)
		if m.state("1000") != state.Clean || len(m.batches) > 0 || len(m.switchedOff()) != 1 {
			t.Errorf("it ended with who followed it: %s, %d held, off %v", m.state("1000"), len(m.batches), m.switchedOff())
		}
	})
	bubble(t, "something is left", func(t *testing.T) {
		m := stocked()
		m.verdict = wipe.Incomplete
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		<-h.done
		if r := h.last().Stow; r == nil || r.Verdict != wipe.Incomplete || r.Destroyed != 3 {
			t.Errorf("%+v", h.last())
		}
		time.Sleep(time.Minute)
		if s, _ := c.Status("1000"); s.State != state.Residue || len(m.switchedOff()) != 1 {
			t.Errorf("%s, off %v", s.State, m.switchedOff())
		}
	})
	bubble(t, "another run works on the account", func(t *testing.T) {
		m := stocked()
		m.broken = state.ErrLocked
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{PowerOff: true})
		<-h.done
		time.Sleep(time.Minute)
		if h.last().Error != ipc.CodeBusy || len(m.switchedOff()) > 0 || len(m.batches) != 1 {
			t.Errorf("%+v, off %v", h.last(), m.switchedOff())
		}
	})
}

// Cleaning free space never stands between two people, and nobody who sits there is switched off.
func TestStowMakesRoom(t *testing.T) {
	bubble(t, "somebody signs in", func(t *testing.T) {
		m := stocked()
		m.space = wipe.FreeSpaceReport{Verdict: wipe.Incomplete, Volumes: []wipe.FreeSpace{{Outcome: wipe.FreePartly, Stopped: wipe.FreeInUse}}}
		m.cleans = 5 * time.Second
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		time.Sleep(3 * time.Second)
		c.Device(t.Context(), devices.Event{Kind: devices.SignedIn, Account: "1000", Session: "2", Open: 1})
		<-h.done
		time.Sleep(time.Minute)
		if s, _ := c.Status("1000"); s.State != state.InUse || len(m.switchedOff()) > 0 {
			t.Errorf("%s, off %v", s.State, m.switchedOff())
		}
	})
	bubble(t, "a program of which nobody told", func(t *testing.T) {
		m := stocked()
		m.space = wipe.FreeSpaceReport{Verdict: wipe.Incomplete, Volumes: []wipe.FreeSpace{{Outcome: wipe.FreePartly, Stopped: wipe.FreeInUse}}}
		c, end := launch(t, m, false)
		defer end(false)
		<-stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true}).done
		time.Sleep(time.Minute)
		if s, _ := c.Status("1000"); s.State != state.InUse || len(m.switchedOff()) > 0 {
			t.Errorf("%s, off %v", s.State, m.switchedOff())
		}
	})
	bubble(t, "a hand on the mouse", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		time.Sleep(time.Minute)
		c.Device(t.Context(), devices.Event{Kind: devices.Active, Account: "1000", Session: "1"})
		<-h.done
		time.Sleep(time.Minute)
		if h.last().Stow.Verdict != wipe.Complete || len(m.switchedOff()) != 1 {
			t.Errorf("%+v, off %v", h.last(), m.switchedOff())
		}
	})
	bubble(t, "another account's session ends", func(t *testing.T) {
		m := stocked()
		m.records["1001"] = state.Record{State: state.InUse}
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{Account: "1000", FreeSpace: true, PowerOff: true})
		time.Sleep(time.Minute)
		c.Device(t.Context(), devices.Event{Kind: devices.SignedOut, Account: "1001", Session: "2"})
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if m.state("1001") != state.Clean {
			t.Error("the other account waits for the cleaning")
		}
		<-h.done
		if r := h.last().Stow; r.Verdict != wipe.Incomplete || r.FreeSpace.Volumes[0].Stopped != wipe.FreeInterrupted {
			t.Errorf("%+v", r)
		}
		time.Sleep(time.Minute)
		if len(m.switchedOff()) != 1 {
			t.Error("nobody uses the machine, and it stays on")
		}
	})
	bubble(t, "somebody leaves something", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true})
		time.Sleep(time.Minute)
		m.mu.Lock()
		m.survey = state.InUse // found when it is looked at, and told by nobody
		m.mu.Unlock()
		<-h.done
		time.Sleep(time.Minute)
		if s, _ := c.Status("1000"); s.State != state.InUse {
			t.Errorf("it is %s", s.State)
		}
	})
	bubble(t, "the service ends", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		time.Sleep(time.Minute)
		begun := time.Now()
		end(false)
		<-h.done
		if r := h.last().Stow; r == nil || r.Verdict != wipe.Incomplete || time.Since(begun) > time.Second || len(m.switchedOff()) > 0 {
			t.Errorf("%+v after %v, off %v", h.last(), time.Since(begun), m.switchedOff())
		}
	})
	bubble(t, "the service ends in the wipe", func(t *testing.T) {
		m := stocked()
		m.takes = 5 * time.Second
		c, end := launch(t, m, false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true})
		begun := time.Now()
		end(false)
		<-h.done
		if m.state("1000") != state.Clean || time.Since(begun) > 10*time.Second || h.last().Stow == nil {
			t.Errorf("%s after %v, %+v", m.state("1000"), time.Since(begun), h.last())
		}
	})
	bubble(t, "the account is enrolled no more", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		time.Sleep(time.Minute)
		m.mu.Lock()
		delete(m.records, "1000")
		m.mu.Unlock()
		if err := c.Reload(t.Context(), ipc.Caller{Admin: true}); err != nil {
			t.Fatal(err)
		}
		<-h.done
		end(false)
		if h.last().Stow == nil {
			t.Errorf("%+v", h.last())
		}
	})
}

// Wipes and stows join only where nobody is promised more than is done.
func TestStowAndWipe(t *testing.T) {
	bubble(t, "a wipe joins a stow and hears of the wipe", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true})
		var all []ipc.Message
		begun := time.Now()
		collect(t, c, ipc.WipeRequest{Documents: agent.Hold}, &all)
		if r := all[len(all)-1].Report; r == nil || r.Verdict != wipe.Complete || time.Since(begun) > 2*time.Second {
			t.Errorf("after %v: %+v", time.Since(begun), all[len(all)-1])
		}
		<-h.done
		for _, msg := range h.all {
			if msg.Report != nil {
				t.Error("who asked for a stow heard the report of a wipe")
			}
		}
	})
	bubble(t, "a stow comes after the wipe that runs", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		var all []ipc.Message
		done := make(chan struct{})
		go func() {
			defer close(done)
			collect(t, c, ipc.WipeRequest{Documents: agent.Hold}, &all)
		}()
		synctest.Wait()
		first := stowing(t, c, t.Context(), ipc.StowRequest{})
		second := stowing(t, c, t.Context(), ipc.StowRequest{PowerOff: true})
		<-done
		if all[len(all)-1].Report == nil {
			t.Errorf("the wipe ended with %+v", all[len(all)-1])
		}
		<-first.done
		<-second.done
		if first.last().Stow == nil || second.last().Stow == nil || len(m.stows) != 1 || len(m.wipes) != 2 {
			t.Errorf("%+v, %+v; %d stows, %d wipes", first.last(), second.last(), len(m.stows), len(m.wipes))
		}
		time.Sleep(time.Minute)
		if len(m.switchedOff()) != 1 {
			t.Error("one of two asked for power off")
		}
	})
	bubble(t, "a stow joins a cleaning", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		first := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true})
		time.Sleep(time.Minute)
		second := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true, PowerOff: true})
		<-first.done
		<-second.done
		time.Sleep(time.Minute)
		if len(m.stows) != 1 || second.last().Stow == nil || len(m.switchedOff()) != 1 {
			t.Errorf("%d stows, %+v", len(m.stows), second.last())
		}
	})
	bubble(t, "a wipe does not join a cleaning", func(t *testing.T) {
		m := stocked()
		c, end := launch(t, m, false)
		defer end(false)
		h := stowing(t, c, t.Context(), ipc.StowRequest{FreeSpace: true})
		time.Sleep(time.Minute)
		c.Seen(t.Context(), watch.Change{Account: "1000", Epoch: 9, Used: true})
		var all []ipc.Message
		collect(t, c, ipc.WipeRequest{Documents: agent.Refuse}, &all)
		if len(m.wipes) != 2 || all[len(all)-1].Report == nil {
			t.Errorf("%d wipes, %+v", len(m.wipes), all[len(all)-1])
		}
		<-h.done
		if h.last().Stow.Verdict != wipe.Incomplete {
			t.Errorf("%+v", h.last())
		}
	})
	bubble(t, "unknown account", func(t *testing.T) {
		c, end := launch(t, stocked(), false)
		defer end(false)
		if _, err := c.Stow(t.Context(), ipc.Caller{}, ipc.StowRequest{Account: "77"}); !errors.Is(err, ipc.CodeUnknownAccount) {
			t.Errorf("%v", err)
		}
	})
}
