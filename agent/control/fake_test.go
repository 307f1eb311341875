package control

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/agent/watch"
	"ipguard/devices/session"
	"ipguard/policy"
	"ipguard/wipe"
)

// machine stands for everything around a controller. Its wipes take a second each.
type machine struct {
	mu       sync.Mutex
	records  map[string]state.Record
	verdict  wipe.Verdict
	takes    time.Duration
	wipes    []agent.Request
	sessions []session.Session
	blind    bool // nobody knows of sessions
	survey   state.State
	looks    time.Duration // how long a reading takes
	did      []string
	held     time.Duration // until documents are due
	expired  int
	stuck    bool // what is written does not reach the disk

	stows   []agent.StowRequest
	cleans  time.Duration // how long the cleaning of a stow takes; 0: there is none
	space   wipe.FreeSpaceReport
	broken  error // what a stow returns instead of beginning
	batches []agent.Batch
	moves   time.Duration // how long moving documents takes
	moving  int
	most    int // moved at once
	backs   []agent.BackRequest
	pinErr  error
	off     []time.Time // when the machine was switched off
	offErr  error
}

func newMachine(records map[string]state.Record) *machine {
	return &machine{records: records, verdict: wipe.Complete, takes: time.Second, survey: state.Clean}
}

func (m *machine) Wipe(ctx context.Context, req agent.Request) (wipe.Report, error) {
	m.mu.Lock()
	m.wipes = append(m.wipes, req)
	takes, verdict := m.takes, m.verdict
	m.mu.Unlock()
	req.Observer.Progress(wipe.Progress{Phase: wipe.PhaseErase})
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return wipe.Report{}, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rec := m.records[req.Account.ID]
	if rec.State, rec.Result = state.Clean, string(verdict); verdict != wipe.Complete {
		rec.State = state.Residue
	}
	m.records[req.Account.ID] = rec
	return wipe.Report{Verdict: verdict}, nil
}

func (m *machine) Stow(ctx context.Context, req agent.StowRequest) (agent.StowReport, error) {
	m.mu.Lock()
	m.stows = append(m.stows, req)
	err := m.broken
	m.mu.Unlock()
	if err != nil {
		return agent.StowReport{}, err
	}
	rep, err := m.Wipe(ctx, agent.Request{Account: req.Account, Documents: agent.Refuse, Observer: req.Observer, Client: req.Client})
	out := agent.StowReport{Wipe: rep, Verdict: rep.Verdict}
	m.mu.Lock()
	for _, b := range m.batches {
		out.Destroyed += b.Count
	}
	m.batches = nil
	rec := m.records[req.Account.ID]
	rec.Held = 0
	m.records[req.Account.ID] = rec
	cleans := m.cleans
	m.mu.Unlock()
	if err != nil {
		return out, err
	}
	req.Wiped(out)
	if cleans == 0 || !req.FreeSpace || rep.Verdict != wipe.Complete {
		return out, nil
	}
	req.Observer.Progress(wipe.Progress{Phase: wipe.PhaseFreeSpace})
	space := wipe.FreeSpaceReport{Verdict: wipe.Complete, Volumes: []wipe.FreeSpace{{Outcome: wipe.FreeOverwritten}}}
	select {
	case <-time.After(cleans):
	case <-ctx.Done():
		space = wipe.FreeSpaceReport{Verdict: wipe.Incomplete, Volumes: []wipe.FreeSpace{{Outcome: wipe.FreePartly, Stopped: wipe.FreeInterrupted}}}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.space.Verdict != "" {
		space = m.space
	}
	out.FreeSpace, out.Verdict = &space, space.Verdict
	return out, nil
}

// move stands for whatever moves documents.
func (m *machine) move(ctx context.Context, n int) (agent.Moved, error) {
	m.mu.Lock()
	m.moving++
	m.most = max(m.most, m.moving)
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.moving--
		m.mu.Unlock()
	}()
	select {
	case <-time.After(m.moves):
	case <-ctx.Done():
		return agent.Moved{}, ctx.Err()
	}
	return agent.Moved{Count: n}, nil
}

func (m *machine) HoldNow(ctx context.Context, _ wipe.Account, only []handover.Mark) (agent.Moved, error) {
	moved, err := m.move(ctx, 2)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.batches, m.held = append(m.batches, agent.Batch{ID: "B", Count: 2, Left: 30 * time.Minute}), 30*time.Minute
	}
	return moved, err
}

func (m *machine) RefuseNow(ctx context.Context, _ wipe.Account, only []handover.Mark) (agent.Moved, error) {
	return m.move(ctx, len(only))
}

func (m *machine) Batches(context.Context, wipe.Account) ([]agent.Batch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.batches), nil
}

func (m *machine) GiveBack(ctx context.Context, req agent.BackRequest) (agent.Moved, error) {
	m.mu.Lock()
	m.backs = append(m.backs, req)
	err := m.pinErr
	m.mu.Unlock()
	if err != nil && !req.Admin {
		return agent.Moved{}, err
	}
	moved, err := m.move(ctx, 2)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.batches, m.held = nil, 0
	}
	return moved, err
}

func (m *machine) PowerOff(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = append(m.off, time.Now())
	return m.offErr
}

func (m *machine) Status(ctx context.Context, _ wipe.Account) (agent.Status, error) {
	select {
	case <-time.After(m.looks):
	case <-ctx.Done():
		return agent.Status{}, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return agent.Status{State: m.survey}, nil
}

func (m *machine) Enrolled() ([]wipe.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []wipe.Account
	for id := range m.records {
		all = append(all, wipe.Account{ID: id, Home: "/home/" + id})
	}
	return all, nil
}

func (m *machine) Record(a wipe.Account) (state.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rec := m.records[a.ID]
	if rec.State == "" {
		return rec, state.ErrCorrupt
	}
	return rec, nil
}

func (m *machine) MarkInUse(a wipe.Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stuck {
		return state.ErrUnwritable
	}
	rec := m.records[a.ID]
	rec.State = state.InUse
	m.records[a.ID] = rec
	return nil
}

func (m *machine) MarkWiping(a wipe.Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stuck {
		return state.ErrUnwritable
	}
	rec := m.records[a.ID]
	rec.State = state.Wiping
	m.records[a.ID] = rec
	return nil
}

func (m *machine) ExpireHeld(context.Context) (time.Duration, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expired++
	return m.held, m.held > 0, nil
}

func (m *machine) Sessions(context.Context) ([]session.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blind {
		return nil, session.ErrNoSessions
	}
	return m.sessions, nil
}

func (m *machine) do(what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.did = append(m.did, what)
	return nil
}

func (m *machine) Lock(_ context.Context, account string) error { return m.do("lock " + account) }
func (m *machine) TurnAway(_ context.Context, session string) error {
	return m.do("turn away " + session)
}
func (m *machine) SignOut(_ context.Context, account string) error {
	return m.do("sign out " + account)
}
func (m *machine) Set([]watch.Account) {}
func (m *machine) Reset(string) uint64 { return 1 }

// looked is how often held documents were looked after.
func (m *machine) looked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.expired
}

func (m *machine) state(id string) state.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[id].State
}

func (m *machine) causes() (n int, documents []agent.Choice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.wipes {
		documents = append(documents, w.Documents)
	}
	return len(m.wipes), documents
}

// launch starts a controller in a bubble; the returned function ends it, with the machine or without.
func launch(t *testing.T, m *machine, boot bool) (c *Controller, end func(shutdown bool)) {
	t.Helper()
	c = New(Options{
		Engine: m, Accounts: m, Sessions: m, Folders: m, Documents: m, Power: m, Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Boot: boot,
		SessionFolders: func(context.Context, wipe.Account) ([]watch.Folder, error) { return nil, nil },
	})
	ctx, cancel := context.WithCancel(t.Context())
	down := false
	var mu sync.Mutex
	go c.Run(ctx, func(context.Context) bool { mu.Lock(); defer mu.Unlock(); return down })
	synctest.Wait()
	return c, func(shutdown bool) {
		mu.Lock()
		down = shutdown
		mu.Unlock()
		cancel()
		<-c.closed
		synctest.Wait()
		if s := stacks(); strings.Contains(s, "control.(*Controller)") {
			t.Errorf("goroutines are left:\n%s", s)
		}
	}
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
