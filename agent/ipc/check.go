package ipc

import (
	"context"
	"sync"
	"time"
)

const (
	// checkMost is how long a look at the disk may take.
	checkMost = 55 * time.Second
	// waitingMost is how many requests may wait for one.
	waitingMost = 64
	// restMost is the longest pause after a look at the disk. The pause is as long as the look took, so that asking without
	// end keeps the disk busy half of the time at most.
	restMost = 2 * time.Second
)

// checks lets each account be looked at once at a time; T is what is found. Who asks while that goes on waits for the next look, with everybody
// else who does: an answer is never older than its question. It is safe for concurrent use.
type checks[T any] struct {
	look  func(ctx context.Context, account string) (T, error)
	fault func(code string)
	spawn func(func(context.Context)) // begins a goroutine of the server

	mu      sync.Mutex
	waiting int
	next    map[string]*round[T] // by account; there is an entry, perhaps nil, while its goroutine runs
}

// round is one look at the disk.
type round[T any] struct {
	asking int           // under the lock of checks
	left   chan struct{} // closed when nobody asks any more
	done   chan struct{} // closed when what follows is set
	found  T
	err    error
}

func newChecks[T any](
	look func(context.Context, string) (T, error), fault func(string), spawn func(func(context.Context)),
) *checks[T] {
	return &checks[T]{look: look, fault: fault, spawn: spawn, next: map[string]*round[T]{}}
}

// ask waits for a look that begins after the question. Errors: the look's, CodeBusy, CodeEnding, or the context's.
func (c *checks[T]) ask(ctx context.Context, account string) (T, error) {
	var none T
	c.mu.Lock()
	if c.waiting >= waitingMost {
		c.mu.Unlock()
		return none, CodeBusy
	}
	c.waiting++
	r, running := c.next[account]
	if r == nil {
		r = &round[T]{left: make(chan struct{}), done: make(chan struct{})}
		c.next[account] = r
	}
	r.asking++
	c.mu.Unlock()
	if !running {
		c.spawn(func(ctx context.Context) { c.run(ctx, account) })
	}
	defer c.leave(account, r)
	select {
	case <-r.done:
		return r.found, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// leave takes one who asked away; when it was the last the look is called off.
func (c *checks[T]) leave(account string, r *round[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting--
	if r.asking--; r.asking > 0 {
		return
	}
	close(r.left)
	if c.next[account] == r {
		c.next[account] = nil // it never began
	}
}

// run looks for as long as somebody asks.
func (c *checks[T]) run(ctx context.Context, account string) {
	for {
		c.mu.Lock()
		r := c.next[account]
		if r == nil {
			delete(c.next, account)
			c.mu.Unlock()
			return
		}
		c.next[account] = nil
		c.mu.Unlock()
		began := time.Now()
		c.once(ctx, account, r)
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Since(began), restMost)):
		}
	}
}

// once looks for one round and answers it.
func (c *checks[T]) once(ctx context.Context, account string, r *round[T]) {
	ctx, cancel := context.WithTimeout(ctx, checkMost)
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-r.left:
			cancel()
		case <-over:
		}
	}()
	r.err = CodeFailed
	defer func() {
		if recover() != nil {
			c.fault(FaultPanic)
		}
		cancel()
		close(over)
		<-watched
		close(r.done)
	}()
	r.found, r.err = c.look(ctx, account)
}
