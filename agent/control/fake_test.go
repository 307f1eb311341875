package control

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent"
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

func (m *machine) Status(ctx context.Context, _ wipe.Account) (agent.Status, error) {
	select {
	case <-time.After(m.looks):
	case <-ctx.Done():
		return agent.Status{}, ctx.Err()
	}
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
		Engine: m, Accounts: m, Sessions: m, Folders: m, Policy: policy.Default(), Log: slog.New(slog.DiscardHandler), Boot: boot,
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
