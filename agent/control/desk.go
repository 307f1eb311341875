package control

import (
	"context"
	"sync"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/ipc"
	"ipguard/wipe"
)

const (
	// deskMost is for how many accounts documents are moved at once.
	deskMost = 4
	// clearMost is how long a wipe waits for documents that are being moved. The engine's lock waits too.
	clearMost = 10 * time.Second
	// freshMost bounds counting what is held.
	freshMost = 5 * time.Second
)

// desk is where documents are moved, beside the controller: once at a time for an account, and not beside its wipe. It is
// safe for concurrent use.
type desk struct {
	mu     sync.Mutex
	at     map[string]*move
	closed map[string]bool // accounts that wipes work on, or will next
}

// move is documents of one account that are being moved.
type move struct {
	stop context.CancelFunc
	done chan struct{}
}

func newDesk() *desk { return &desk{at: map[string]*move{}, closed: map[string]bool{}} }

// begin takes the place for an account, or returns ipc.CodeBusy. A wipe that comes ends the context.
func (d *desk) begin(ctx context.Context, id string) (context.Context, func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed[id] || d.at[id] != nil || len(d.at) >= deskMost {
		return nil, nil, ipc.CodeBusy
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &move{stop: cancel, done: make(chan struct{})}
	d.at[id] = m
	return ctx, func() {
		cancel()
		d.mu.Lock()
		delete(d.at, id)
		d.mu.Unlock()
		close(m.done)
	}, nil
}

// shut lets nobody in any more for an account, and stops who is there.
func (d *desk) shut(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed[id] = true
	if m := d.at[id]; m != nil {
		m.stop()
	}
}

// clear waits until who was there has gone, not for ever.
func (d *desk) clear(ctx context.Context, id string) {
	d.mu.Lock()
	m := d.at[id]
	d.mu.Unlock()
	if m == nil {
		return
	}
	select {
	case <-m.done:
	case <-time.After(clearMost):
	case <-ctx.Done():
	}
}

// open lets people in again.
func (d *desk) open(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.closed, id)
}

// Hold implements ipc.Backend.
func (c *Controller) Hold(ctx context.Context, _ ipc.Caller, id string, only []handover.Mark) (agent.Moved, error) {
	return c.move(ctx, id, false, func(ctx context.Context, acct wipe.Account) (agent.Moved, error) {
		return c.Documents.HoldNow(ctx, acct, only)
	})
}

// Refuse implements ipc.Backend.
func (c *Controller) Refuse(ctx context.Context, _ ipc.Caller, id string, only []handover.Mark) (agent.Moved, error) {
	return c.move(ctx, id, false, func(ctx context.Context, acct wipe.Account) (agent.Moved, error) {
		return c.Documents.RefuseNow(ctx, acct, only)
	})
}

// Back implements ipc.Backend. Only the kernel's word makes somebody an administrator, who needs no PIN.
func (c *Controller) Back(ctx context.Context, caller ipc.Caller, req ipc.BackRequest) (agent.Moved, error) {
	return c.move(ctx, req.Account, true, func(ctx context.Context, acct wipe.Account) (agent.Moved, error) {
		return c.Documents.GiveBack(ctx, agent.BackRequest{
			Account: acct, PIN: req.PIN, Admin: caller.Admin, Batch: req.Batch, Folder: req.Folder,
		})
	})
}

// Held implements ipc.Backend.
func (c *Controller) Held(ctx context.Context, _ ipc.Caller, id string) ([]agent.Batch, error) {
	s, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return c.Documents.Batches(ctx, s.acct)
}

// move has documents moved in the goroutine of who asks. What can be told of the account afterwards is fresh; back says
// that something may be in it then.
func (c *Controller) move(
	ctx context.Context, id string, back bool, do func(context.Context, wipe.Account) (agent.Moved, error),
) (agent.Moved, error) {
	s, err := c.find(id)
	if err != nil {
		return agent.Moved{}, err
	}
	select {
	case <-c.closed:
		return agent.Moved{}, ipc.CodeEnding
	default:
	}
	work, end, err := c.desk.begin(ctx, s.acct.ID)
	if err != nil {
		return agent.Moved{}, err
	}
	m, err := do(work, s.acct)
	cut := work.Err() != nil && ctx.Err() == nil
	// Nobody else comes before the count is fresh, or an older count could replace a newer one.
	c.freshen(ctx, s.acct, back && m.Count+m.Failed > 0)
	end()
	if err != nil && cut {
		err = ipc.CodeBusy // a wipe came
	}
	return m, err
}

// freshen has the controller know anew how much is held, and whether the account is used.
func (c *Controller) freshen(ctx context.Context, acct wipe.Account, touched bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freshMost)
	defer cancel()
	n, err := c.count(ctx, acct)
	done := make(chan struct{})
	posted := c.post(ctx, note{looked: func(ctx context.Context) {
		defer close(done)
		e := c.entries[acct.ID]
		if e == nil {
			return
		}
		if err == nil {
			e.record.Held = n
		}
		if touched {
			c.apply(ctx, e, event{kind: used})
		}
		c.heldTimer.Reset(0)
		c.publish() // whoever asked looks next
	}})
	if !posted {
		return
	}
	select {
	case <-done:
	case <-c.closed:
	case <-ctx.Done():
	}
}

// count counts the documents that are set aside.
func (c *Controller) count(ctx context.Context, acct wipe.Account) (n int, err error) {
	all, err := c.Documents.Batches(ctx, acct)
	for _, b := range all {
		n += b.Count
	}
	return n, err
}
