package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/execute"
)

// ErrLost means that the worker is of no more use: it ended, fell silent or did not keep to the protocol. It has been
// killed.
var ErrLost = errors.New("the worker is lost")

// Argument is the argument with which the program is started as a worker.
const Argument = "worker"

// Process is a worker's process.
type Process interface {
	io.ReadWriter
	// Close ends it in peace, and kills it when it does not end soon.
	Close() error
	// Kill ends it at once. Reads and writes that wait end too.
	Kill()
}

// Start starts the worker's process with the rights of an account. Errors: those of host.StartAs.
func Start(ctx context.Context, acct host.Account) (Process, error) {
	p, err := host.StartAs(ctx, acct, []string{Argument})
	if err != nil {
		return nil, err // no process in the interface
	}
	return p, nil
}

// Limits bound what a worker may cost. The zero value stands for the defaults.
type Limits struct {
	Silence time.Duration // without progress: 15 seconds
	Within  time.Duration // for everything together: 10 minutes
}

const (
	maxLine  = 1 << 20
	maxLines = 20_000 // twenty a second for longer than everything may take
	maxTotal = 64 << 20
	maxRows  = 4096
)

// Worker leads one worker through its phases. It is not safe for concurrent use.
type Worker struct {
	process Process
	limits  Limits
	heard   func(wipe.Progress)
	lines   chan answer
	read    chan struct{} // closed when nothing is read any more
	stop    chan struct{}
	end     *time.Timer
	erased  []execute.Erased
	lost    bool
	closed  bool
}

// New leads the worker that runs in a process; heard hears how far it is, in the goroutine that calls Do, and may be nil.
// Close ends it.
func New(p Process, limits Limits, heard func(wipe.Progress)) *Worker {
	if limits.Silence <= 0 {
		limits.Silence = 15 * time.Second
	}
	if limits.Within <= 0 {
		limits.Within = 10 * time.Minute
	}
	if heard == nil {
		heard = func(wipe.Progress) {}
	}
	w := &Worker{
		process: p, limits: limits, heard: heard, lines: make(chan answer), read: make(chan struct{}), stop: make(chan struct{}),
		end: time.NewTimer(limits.Within),
	}
	go w.listen()
	return w
}

// Begin tells the worker its share of the plan. Errors: those of Do.
func (w *Worker) Begin(ctx context.Context, share json.RawMessage) error {
	return w.do(ctx, command{Phase: Begin, Share: share})
}

// Do lets the worker go through a phase. Errors: ErrLost, or the context's; the worker is killed then.
func (w *Worker) Do(ctx context.Context, p Phase) error { return w.do(ctx, command{Phase: p}) }

// Erased is what the worker said last that it has erased since the beginning, also when it was lost then.
func (w *Worker) Erased() []execute.Erased { return w.erased }

// Close ends the worker and waits until nothing of it is left here.
func (w *Worker) Close() {
	if w.closed {
		return
	}
	w.closed = true
	w.end.Stop()
	close(w.stop)
	_ = w.process.Close() // it has nothing more to say
	<-w.read
}

func (w *Worker) do(ctx context.Context, c command) error {
	if w.lost {
		return ErrLost
	}
	err := w.talk(ctx, c)
	if err != nil {
		w.lost = true
		w.process.Kill()
		return fmt.Errorf("letting the worker %s: %w", c.Phase, err)
	}
	return nil
}

// talk tells one command and listens until the phase has ended.
func (w *Worker) talk(ctx context.Context, c command) error {
	told := make(chan error, 1)
	go func() { told <- json.NewEncoder(w.process).Encode(c) }()
	silence := time.NewTimer(w.limits.Silence)
	defer silence.Stop()
	for best := int64(-1); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-silence.C:
			return ErrLost
		case <-w.end.C:
			return ErrLost
		case <-w.read:
			return ErrLost
		case err := <-told:
			if err != nil {
				return ErrLost
			}
		case a := <-w.lines:
			if a.Phase != c.Phase {
				return ErrLost
			}
			if a.Erased != nil {
				w.erased = a.Erased
			}
			if a.Ended {
				return nil
			}
			if a.Steps > best {
				best = a.Steps
				silence.Reset(w.limits.Silence)
				w.tell(c.Phase, a)
			}
		}
	}
}

func (w *Worker) tell(p Phase, a answer) {
	if p != Begin && a.Done > 0 && a.Bytes >= 0 {
		w.heard(wipe.Progress{Phase: p.shown(), Done: a.Done, Bytes: a.Bytes})
	}
}

// listen reads answers until something comes that is none.
func (w *Worker) listen() {
	defer close(w.read)
	in := bufio.NewScanner(io.LimitReader(w.process, maxTotal))
	in.Buffer(make([]byte, 0, 16<<10), maxLine)
	for n := 0; n < maxLines && in.Scan(); n++ {
		var a answer
		if json.Unmarshal(in.Bytes(), &a) != nil || len(a.Erased) > maxRows {
			return
		}
		select {
		case w.lines <- a:
		case <-w.stop:
			return
		}
	}
}
