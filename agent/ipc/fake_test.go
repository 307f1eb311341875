package ipc

import (
	"context"
	"iter"
	"net"
	"sync"
	"testing"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/handover"
	"ipguard/wipe"
)

// fake is a backend with one account, whose wipes say what the test has them say.
type fake struct {
	account string
	check   func(ctx context.Context, account string) (agent.Status, error)

	mu      sync.Mutex
	job     *job
	wipes   []WipeRequest // that began
	callers []Caller
	stops   int
	reloads int
	err     error // what every change answers
	stows   []StowRequest
	moves   []string
	only    [][]handover.Mark
	backs   []BackRequest
	hold    func(context.Context) // what moving documents waits for
}

func (f *fake) Status(account string) (Status, error) {
	switch {
	case f.account == "":
		return Status{}, agent.ErrNoneEnrolled
	case account != "" && account != f.account:
		return Status{}, agent.ErrUnknownAccount
	}
	return Status{
		Account: f.account, State: "in_use", Sessions: 1, New: map[wipe.Class]int{"documents": 3}, Watched: 2,
		Triggers: []string{"sign_out"},
	}, nil
}

func (f *fake) Check(ctx context.Context, account string) (agent.Status, error) {
	if f.check != nil {
		return f.check(ctx, account)
	}
	return reading(), nil
}

func (f *fake) Browsers(context.Context, string) (governor.Report, error) { return browsers(), nil }

// browsers is an answer in which much is set.
func browsers() governor.Report {
	return governor.Report{
		Mode: "private", Repairs: 2,
		Browsers: []governor.Standing{{ID: "chromium", Name: "Chromium", Word: governor.NotEffective, Reasons: []governor.Reason{governor.ReasonRestart}}},
	}
}

// reading is an answer in which everything is set that can be.
func reading() agent.Status {
	return agent.Status{
		State:    "in_use",
		Results:  []wipe.Result{{Artifact: "a", Class: "c", Outcome: wipe.Residual, Code: wipe.CodeRemains, Count: 4, Bytes: 5}},
		Held:     wipe.Held{Count: 1, Bytes: 2, Minutes: 3},
		Baseline: agent.Baseline{Version: 1, Day: "2026-11-23", Files: 10, Bytes: 20},
		Running:  2, Live: true, Admin: true, Assurance: wipe.Discarded, Interrupted: true,
		Media: []wipe.Medium{{FileSystem: "ext", Device: "ssd", Encrypted: true, Assurance: wipe.Discarded, Limits: []wipe.Limit{wipe.LimitNames}}},
	}
}

func (f *fake) Wipe(ctx context.Context, caller Caller, req WipeRequest) (iter.Seq[Message], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	f.callers = append(f.callers, caller)
	if f.job == nil {
		f.job = &job{wake: make(chan struct{})}
		f.wipes = append(f.wipes, req)
	}
	return f.job.follow(ctx), nil
}

func (f *fake) Stow(ctx context.Context, caller Caller, req StowRequest) (iter.Seq[Message], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	f.callers = append(f.callers, caller)
	if f.job == nil {
		f.job = &job{wake: make(chan struct{})}
		f.stows = append(f.stows, req)
	}
	return f.job.follow(ctx), nil
}

func (f *fake) move(ctx context.Context, caller Caller, what string, only []handover.Mark) (agent.Moved, error) {
	f.mu.Lock()
	f.moves, f.only, f.callers = append(f.moves, what), append(f.only, only), append(f.callers, caller)
	hold, err := f.hold, f.err
	f.mu.Unlock()
	if hold != nil {
		hold(ctx)
	}
	return agent.Moved{Count: 1, Bytes: 2, Failed: 3}, err
}

func (f *fake) Hold(ctx context.Context, c Caller, account string, only []handover.Mark) (agent.Moved, error) {
	return f.move(ctx, c, "hold "+account, only)
}

func (f *fake) Refuse(ctx context.Context, c Caller, account string, only []handover.Mark) (agent.Moved, error) {
	return f.move(ctx, c, "refuse "+account, only)
}

func (f *fake) Held(context.Context, Caller, string) ([]agent.Batch, error) { return held(), f.err }

func (f *fake) Back(ctx context.Context, c Caller, req BackRequest) (agent.Moved, error) {
	f.mu.Lock()
	f.backs = append(f.backs, req)
	f.mu.Unlock()
	return f.move(ctx, c, "back "+req.Account, nil)
}

// held is an answer in which everything is set.
func held() []agent.Batch {
	return []agent.Batch{{ID: "RANDOM", Count: 2, Bytes: 3, Since: time.Minute, Left: time.Hour}}
}

func stowReport() Message {
	return Message{Stow: &agent.StowReport{
		Wipe: *report().Report, Destroyed: 3, Verdict: wipe.Complete,
		FreeSpace: &wipe.FreeSpaceReport{Verdict: wipe.Complete, Volumes: []wipe.FreeSpace{{Outcome: wipe.FreeDiscarded}}},
	}}
}

func (f *fake) Stop(_ context.Context, caller Caller, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops++
	f.callers = append(f.callers, caller)
	return f.err
}

func (f *fake) Reload(_ context.Context, caller Caller) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reloads++
	f.callers = append(f.callers, caller)
	return f.err
}

// say has the running wipe say something.
func (f *fake) say(m Message) {
	f.mu.Lock()
	j := f.job
	if m.last() {
		f.job = nil
	}
	f.mu.Unlock()
	j.say(m)
}

// following is how many follow the running wipe.
func (f *fake) following() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.job == nil {
		return 0
	}
	f.job.mu.Lock()
	defer f.job.mu.Unlock()
	return f.job.followers
}

// job is a wipe that is followed.
type job struct {
	mu        sync.Mutex
	last      Message
	followers int
	wake      chan struct{}
}

func (j *job) say(m Message) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = m
	close(j.wake)
	j.wake = make(chan struct{})
}

func (j *job) follow(ctx context.Context) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		j.count(1)
		defer j.count(-1)
		for {
			j.mu.Lock()
			m, wake := j.last, j.wake
			j.mu.Unlock()
			if m != (Message{}) && !yield(m) || m.last() {
				return
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (j *job) count(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.followers += n
}

func progress(phase wipe.Phase, done int) Message {
	return Message{Progress: &wipe.Progress{Phase: phase, Done: done}}
}

func report() Message {
	return Message{Report: &wipe.Report{Verdict: wipe.Complete, Seconds: 1.5, Results: []wipe.Result{{Artifact: "a", Outcome: wipe.Erased, Count: 1}}}}
}

// pipes is a listener in memory, so that time can be the test's.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

type pipe struct {
	net.Conn
	caller Caller
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Net: "pipe"} }

// listener says what the test said of who connects.
func (p *pipes) listener() *Listener {
	return &Listener{inner: p, tidy: func() {}, who: func(c net.Conn) (peer, error) {
		who := c.(pipe).caller
		return peer{purse: who.Account, admin: who.Admin, caller: func() (Caller, error) { return who, nil }}, nil
	}}
}

func (p *pipes) connect(as Caller) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- pipe{theirs, as}:
		return ours, nil
	case <-p.done:
		return nil, ErrNoService
	}
}

func (p *pipes) client(as Caller) *Client {
	return &Client{dial: func(context.Context) (net.Conn, error) { return p.connect(as) }}
}

// serve runs a server until the test ends and checks that it ends as it should.
func serve(t testing.TB, s *Server, l *Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = s.Run(ctx, l)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(func() {
		stop()
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return stop
}
