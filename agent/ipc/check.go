package ipc

import (
	"context"
	"sync"
	"time"

	"ipguard/agent"
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

// checks lets each account be looked at once at a time. Who asks while that goes on waits for the next look, with everybody
// else who does: an answer is never older than its question. It is safe for concurrent use.
type checks struct {
	look  func(ctx context.Context, account string) (agent.Status, error)
	fault func(code string)
	spawn func(func(context.Context)) // begins a goroutine of the server

	mu      sync.Mutex
	waiting int
	next    map[string]*round // by account; there is an entry, perhaps nil, while its goroutine runs
}

// round is one look at the disk.
type round struct {
	asking int           // under the lock of checks
	left   chan struct{} // closed when nobody asks any more
	done   chan struct{} // closed when what follows is set
	status agent.Status
	err    error
}

func newChecks(
	look func(context.Context, string) (agent.Status, error), fault func(string), spawn func(func(context.Context)),
) *checks {
	return &checks{look: look, fault: fault, spawn: spawn, next: map[string]*round{}}
}

// ask waits for a look that begins after the question. Errors: the look's, CodeBusy, CodeEnding, or the context's.
func (c *checks) ask(ctx context.Context, account string) (agent.Status, error) {
	c.mu.Lock()
	if c.waiting >= waitingMost {
		c.mu.Unlock()
		return agent.Status{}, CodeBusy
	}
	c.waiting++
	r, running := c.next[account]
	if r == nil {
		r = &round{left: make(chan struct{}), done: make(chan struct{})}
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
		return r.status, r.err
	case <-ctx.Done():
		return agent.Status{}, ctx.Err()
	}
}

// leave takes one who asked away; when it was the last the look is called off.
func (c *checks) leave(account string, r *round) {
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
func (c *checks) run(ctx context.Context, account string) {
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
func (c *checks) once(ctx context.Context, account string, r *round) {
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
	r.status, r.err = c.look(ctx, account)
}
