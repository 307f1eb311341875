package control

import (
	"context"
	"errors"
	"time"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/devices"
	"ipguard/wipe"
)

// Run takes events until ctx ends and what runs then has come to its end. stopping says whether the machine stops too,
// when ctx ends.
func (c *Controller) Run(ctx context.Context, stopping func(context.Context) bool) {
	defer close(c.closed)
	work, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer c.side.Wait()
	defer abandon()
	c.load(work)
	boot := time.AfterFunc(bootMost, func() { c.post(work, note{event: event{kind: ""}}) })
	defer boot.Stop()
	begun := time.Now()
	c.heldTimer = time.NewTimer(0)
	defer c.heldTimer.Stop()
	end := ctx.Done()
	var most <-chan time.Time
	for {
		if c.settled() || time.Since(begun) >= bootMost {
			c.open()
		}
		if c.ending && !c.running && len(c.queue) == 0 && len(c.cleaning) == 0 {
			return
		}
		c.publish()
		select {
		case n := <-c.inbox:
			c.take(work, n)
		case pong := <-c.alive:
			pong <- struct{}{}
		case <-c.heldTimer.C:
			c.expire(work)
		case <-end:
			end, most = nil, time.After(endMost)
			c.stop(work, stopping)
		case <-most:
			c.Log.Warn("ending without having finished")
			abandon()
			most = nil
		}
	}
}

// settled reports whether nothing of the start is left to do.
func (c *Controller) settled() bool { return !c.running && len(c.queue) == 0 && c.looking == 0 }

func (c *Controller) open() {
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
}

func (c *Controller) take(ctx context.Context, n note) {
	switch {
	case n.looked != nil:
		n.looked(ctx)
	case n.reload != nil:
		err := c.enroll(ctx, false)
		c.publish() // whoever asked looks next
		n.reload <- err
		c.heldTimer.Reset(0)
	case n.held != nil:
		c.expired(*n.held)
	case n.event.kind == cleaned:
		c.ended(n)
	case n.event.kind == wiped, n.event.device.Kind == devices.Awake:
		c.heldTimer.Reset(0)
	}
	if n.follow != nil && c.entries[n.account] == nil {
		n.follow <- nil // it is enrolled no more
	}
	for id, e := range c.entries {
		if n.account == "" && n.event.kind != "" || n.account == id {
			c.heard(ctx, e, n)
		}
	}
	c.next(ctx)
	c.leave(ctx)
}

// heard deals with one note for one account.
func (c *Controller) heard(ctx context.Context, e *entry, n note) {
	ev := n.event
	switch ev.kind {
	case due:
		if e.timer == nil || !n.begun.Equal(e.due) {
			return // an earlier countdown's
		}
		if left := time.Until(e.due); left > 0 {
			e.job.countdown(left)
			c.tick(ctx, e)
			return
		}
		e.timer = nil
		ev.idle = c.nobodyThere(ctx, e)
	case used:
		if n.change.Epoch < e.epoch {
			return // of the session before
		}
		if e.seen = *n.change; !n.change.Used && len(n.change.New) == 0 {
			return
		}
	case wiped:
		c.finished(e, n)
	case cleaned:
		c.cleaned(ctx, e, n)
		return
	case device:
		if c.awaited(e, ev.device.Kind) {
			return
		}
		if ev.device.Kind == devices.Idle && e.account.state == state.Clean && e.account.open > 0 {
			// Something may have been left of which nobody told.
			c.look(ctx, e, func(clean bool) {
				if !clean {
					c.apply(ctx, e, event{kind: used})
					c.apply(ctx, e, ev)
				}
			})
			return
		}
	case asked:
		if c.ending {
			n.follow <- nil
			return
		}
		j, joins := c.jobFor(e, ev)
		if n.follow <- j; joins {
			return
		}
		ev.left = time.Until(e.due)
	}
	c.apply(ctx, e, ev)
	if ev.kind == stopped && !e.account.waiting && !e.account.busy() {
		c.endJob(e, ipc.Message{Error: ipc.CodeStopped})
	}
}

// nobodyThere asks the system whether the account's sessions are idle or locked. What cannot be found out counts as so:
// the documents are only set aside.
func (c *Controller) nobodyThere(ctx context.Context, e *entry) bool {
	if !counting(e.account.cause) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	all, err := c.Sessions.Sessions(ctx)
	if err != nil {
		return true
	}
	for _, s := range all {
		if s.Account == e.acct.ID && !s.Idle && !s.Locked && s.Type != nobodySits {
			return false
		}
	}
	return true
}

// nobodySits is the type of sessions without screen and keyboard, which are never idle.
const nobodySits = "unspecified"

// stop prepares the end of the service.
func (c *Controller) stop(ctx context.Context, stopping func(context.Context) bool) {
	c.ending = true
	c.stopCleaning()
	asking, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	shutdown := stopping(asking)
	for _, e := range c.entries {
		c.apply(ctx, e, event{kind: ending, shutdown: shutdown})
	}
	c.next(ctx)
	for _, e := range c.entries {
		if !e.account.busy() {
			c.disarm(e)
			c.endJob(e, ipc.Message{Error: ipc.CodeEnding})
		}
	}
}

// expire destroys held documents whose time is over, beside everything else: there may be many.
func (c *Controller) expire(ctx context.Context) {
	var accounts []wipe.Account
	for _, e := range c.entries {
		accounts = append(accounts, e.acct)
	}
	c.side.Go(func() {
		w := waiting{held: map[string]int{}}
		w.next, w.some, w.err = c.Accounts.ExpireHeld(ctx)
		if w.some {
			for _, acct := range accounts {
				if n, err := c.count(ctx, acct); err == nil {
					w.held[acct.ID] = n
				}
			}
		}
		c.post(ctx, note{held: &w})
	})
}

// expired sets the timer for the next deadline.
func (c *Controller) expired(w waiting) {
	for id, e := range c.entries {
		if n, counted := w.held[id]; counted || !w.some && w.err == nil {
			e.record.Held = n
		}
	}
	if w.err != nil {
		c.Log.Error("held documents could not be destroyed", "error", w.err)
	}
	if w.some || w.err != nil {
		c.heldTimer.Reset(min(max(w.next, time.Second), heldMost))
	}
}

// finished takes over how a wipe ended.
func (c *Controller) finished(e *entry, n note) {
	c.running = false
	c.desk.open(e.acct.ID)
	if rec, err := c.Accounts.Record(e.acct); err == nil {
		e.record = rec
	}
	switch {
	case n.err != nil:
		c.Log.Warn("a wipe did not come to its end", "event", wiped, "cause", e.account.cause, "error", n.err)
		c.endJob(e, ipc.Message{Error: codeOf(n.err)})
	default:
		t := n.report.Totals()
		c.Log.Info("a wipe ended", "event", wiped, "cause", e.account.cause, "verdict", n.report.Verdict,
			"erased", t.Erased, "restored", t.Restored, "residual", t.Residual)
		if n.cleaning != nil {
			c.goesOn(e, n)
		}
		c.endJob(e, ipc.Message{Report: n.report})
	}
	e.job, e.later = e.later, nil
}

func (c *Controller) endJob(e *entry, m ipc.Message) {
	if e.job != nil {
		e.job.end(m)
		e.job = nil
	}
}

func codeOf(err error) ipc.Code {
	switch {
	case errors.Is(err, context.Canceled):
		return ipc.CodeEnding
	case errors.Is(err, state.ErrLocked):
		return ipc.CodeBusy
	case errors.Is(err, agent.ErrNotPermitted):
		return ipc.CodeNotPermitted
	}
	return ipc.CodeFailed
}
