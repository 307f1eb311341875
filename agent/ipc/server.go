package ipc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/handover"
)

// Reader answers what any local user may ask. An empty account is the only one that is enrolled.
type Reader interface {
	// Status says what the service knows. It looks at nothing outside the memory and waits for nobody.
	Status(account string) (Status, error)
	// Check looks at the disk afresh. It runs once at a time for an account, for everybody who asks meanwhile.
	Check(ctx context.Context, account string) (agent.Status, error)
	// Browsers looks afresh how the browsers stand that the account can use, without a path. It runs once at a time too.
	Browsers(ctx context.Context, account string) (governor.Report, error)
}

// Changer does what the account itself and administrators may ask for, and only administrators in the case of Reload.
// The server has made sure of it, and that there is an account, before it calls.
type Changer interface {
	// Wipe begins a wipe, or joins the one that runs or waits. The sequence ends after a message with a report or an
	// error, or soon after ctx ends: that ends the following and never the wipe. A slow follower must not hold the wipe up.
	Wipe(ctx context.Context, caller Caller, req WipeRequest) (iter.Seq[Message], error)
	// Stow begins the end of a permanence in the same way, with a message that has a stow report at the end. The backend
	// sees to it that the machine is switched off only when those who follow have had the time to hear how it went.
	Stow(ctx context.Context, caller Caller, req StowRequest) (iter.Seq[Message], error)
	// Stop ends the countdown of a wipe that waits.
	Stop(ctx context.Context, caller Caller, account string) error
	// Reload looks again which accounts are enrolled.
	Reload(ctx context.Context, caller Caller) error
}

// Desk deals with the documents of an account for the account itself and for administrators. The server has made sure of
// who asks before it calls. It may be slow; where it cannot be done just now it returns CodeBusy, wrapped or not.
type Desk interface {
	// Hold sets documents aside, and Refuse erases them; nil is all of them.
	Hold(ctx context.Context, caller Caller, account string, only []handover.Mark) (agent.Moved, error)
	Refuse(ctx context.Context, caller Caller, account string, only []handover.Mark) (agent.Moved, error)
	// Held tells what is set aside, without a name.
	Held(ctx context.Context, caller Caller, account string) ([]agent.Batch, error)
	// Back gives documents back that were set aside. The errors of package pin say what is wrong with the PIN.
	Back(ctx context.Context, caller Caller, req BackRequest) (agent.Moved, error)
}

// Backend is the service behind the server. Errors that are, or wrap, a Code, an error of package agent or a
// wipe.Refusal reach the client as such; of any other only that there was one.
type Backend interface {
	Reader
	Changer
	Desk
}

// What Fault may be told.
const (
	FaultPanic  = "ipc_panic"  // answering a request went wrong in a way that nobody foresaw
	FaultAccept = "ipc_accept" // the system would not give a connection
)

// Server answers requests. It has to be given a backend before Run.
type Server struct {
	Backend Backend
	// Fault, which may be nil, is told what went wrong here that is nobody's request, each code once a minute at most.
	Fault func(code string)
}

// How long things may take.
const (
	headerMost  = 5 * time.Second  // for a caller to say what it wants
	requestMost = 5 * time.Second  // the same with the body
	idleMost    = 10 * time.Second // between two requests on one connection
	writeMost   = 5 * time.Second  // for a caller to take one answer, or one line
	backendMost = 10 * time.Second // for the backend to stop a countdown or to reload
	deskMost    = 5 * time.Minute  // for it to deal with documents: there may be gigabytes
	endMost     = time.Second      // for what goes on when the server ends
	stuckMost   = 5 * time.Second  // for a backend that does not end
)

const (
	headerSize = 4 << 10 // net/http allows 4 KiB more
	bodySize   = 4 << 10 // a request for a wipe has a few hundred bytes
	marksSize  = 3 << 19 // one with marks has 145 bytes for each at most
)

// Run answers whoever connects until ctx ends, then says so to those who follow a wipe and closes the listener. It
// returns nil then, or why it ended before. When it has returned nothing of it is left but a backend that does not
// return, which is an error too.
func (s *Server) Run(ctx context.Context, l *Listener) error {
	var work sync.WaitGroup
	gate := newGate()
	fault := newFaults(s.Fault).tell
	spawn := func(f func(context.Context)) { work.Go(func() { f(ctx) }) }
	h := &handler{
		backend: s.Backend, fault: fault, ending: ctx.Done(), seats: newSeats(followersMost, followersEach),
		bulk: newSeats(bulkMost, bulkEach), bulkAdmin: newSeats(bulkMost, bulkMost),
		checks: newChecks(s.Backend.Check, fault, spawn), browsers: newChecks(s.Backend.Browsers, fault, spawn),
	}
	srv := &http.Server{
		Handler: h.routes(), DisableGeneralOptionsHandler: true, MaxHeaderBytes: headerSize,
		ReadHeaderTimeout: headerMost, ReadTimeout: requestMost, WriteTimeout: writeMost, IdleTimeout: idleMost,
		// What net/http would say is about requests, and may have their text in it.
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		// A place is free again when the goroutine that served it ends, not before: that bounds them too.
		ConnState: func(nc net.Conn, state http.ConnState) {
			c, ok := nc.(*conn)
			switch {
			case ok && state == http.StateNew:
				work.Add(1)
			case ok && state == http.StateClosed:
				gate.leave(c.purse, c.admin)
				work.Done()
			}
		},
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	err := srv.Serve(&door{Listener: l, gate: gate, fault: fault, ending: ctx.Done()})
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), endMost)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		srv.Close()
	}
	if !ended(&work) {
		return fmt.Errorf("ending the requests: %w", context.DeadlineExceeded)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serving: %w", errors.Join(err, net.ErrClosed))
}

// ended waits for the work, not for ever.
func ended(work *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(stuckMost):
		return false
	}
}

// connKey is where the context of a request has its connection.
type connKey struct{}

// faultEvery is how often the same fault is told: callers may be able to bring it about at will.
const faultEvery = time.Minute

// faults thins out what went wrong. It is safe for concurrent use.
type faults struct {
	sink func(string)
	mu   sync.Mutex
	last map[string]time.Time
}

func newFaults(sink func(string)) *faults { return &faults{sink: sink, last: map[string]time.Time{}} }

func (f *faults) tell(code string) {
	if f.sink == nil {
		return
	}
	f.mu.Lock()
	now := time.Now()
	last, told := f.last[code]
	quiet := told && now.Sub(last) < faultEvery
	if !quiet {
		f.last[code] = now
	}
	f.mu.Unlock()
	if !quiet {
		f.sink(code)
	}
}
