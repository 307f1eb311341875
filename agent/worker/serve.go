package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/execute"
)

const (
	// lineEvery is how often a worker says how far it is, rowsEvery how often it says with it what it has erased.
	lineEvery = 100 * time.Millisecond
	rowsEvery = time.Second
)

// errOrder: what came in is no command, or not in its order.
var errOrder = errors.New("not a command that can be followed")

// Serve is the worker: it follows the commands that come in until there are no more, or ctx ends. It asks for no rights and
// works with those that the process has.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	if err := host.Conceal(); err != nil {
		return fmt.Errorf("preparing the worker: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	commands := make(chan command)
	go func() {
		// When the service is gone nobody waits for the rest any more.
		defer cancel()
		for dec := json.NewDecoder(in); ; {
			var c command
			if dec.Decode(&c) != nil {
				return
			}
			select {
			case commands <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	s := &server{out: json.NewEncoder(out)}
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-commands:
			if err := s.follow(ctx, c); err != nil {
				return fmt.Errorf("following the service: %w", err)
			}
		}
	}
}

// server is the worker's side of the talk.
type server struct {
	exec *execute.Executor

	mu    sync.Mutex // over what follows: two goroutines speak
	out   *json.Encoder
	phase Phase // none between two phases
	done  int
	bytes int64
	last  time.Time // when rows were told
}

func (s *server) follow(ctx context.Context, c command) error {
	if c.Phase == Begin && s.exec == nil {
		var share execute.Share
		if err := json.Unmarshal(c.Share, &share); err != nil {
			return errOrder
		}
		exec, err := execute.NewModest(share, s)
		if err != nil {
			return err
		}
		s.exec = exec
	}
	do := map[Phase]func(context.Context){Begin: func(context.Context) {}}
	if s.exec != nil {
		do[Overwrite], do[Unlink], do[Clear] = s.exec.Overwrite, s.exec.Unlink, s.exec.Clear
	}
	if do[c.Phase] == nil || s.exec == nil {
		return errOrder
	}
	s.begin(c.Phase)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.beat(stop)
	}()
	do[c.Phase](ctx)
	close(stop)
	<-stopped
	if ctx.Err() != nil {
		return nil // cut short: not ended
	}
	return s.end()
}

func (s *server) begin(p Phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.done, s.bytes, s.last = p, 0, 0, time.Now()
}

func (s *server) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answer()
	a.Ended, a.Erased = true, s.exec.Erased()
	return s.out.Encode(a)
}

// answer says how far it is; the lock is held.
func (s *server) answer() answer {
	return answer{Phase: s.phase, Steps: s.exec.Steps(), Done: s.done, Bytes: s.bytes}
}

// beat says how far it is for as long as the phase goes on and something moves.
func (s *server) beat(stop <-chan struct{}) {
	t := time.NewTicker(lineEvery)
	defer t.Stop()
	for before := int64(-1); ; {
		select {
		case <-stop:
			return
		case <-t.C:
			if now := s.exec.Steps(); now != before {
				before = now
				s.mu.Lock()
				_ = s.out.Encode(s.answer()) // a service that hears nothing ends this process
				s.mu.Unlock()
			}
		}
	}
}

// Progress implements wipe.Observer: it hears of the work where the work is done, so that the rows stand still.
func (s *server) Progress(p wipe.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.bytes = p.Done, p.Bytes
	if now := time.Now(); s.phase == Unlink && now.Sub(s.last) >= rowsEvery {
		s.last = now
		a := s.answer()
		a.Erased = s.exec.Erased()
		_ = s.out.Encode(a)
	}
}
