package control

import (
	"context"
	"time"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/devices"
	"ipguard/wipe"
)

const (
	// tellMost is how long those who follow a stow have for hearing how it ended before the machine is switched off.
	tellMost = 2 * time.Second
	// powerMost bounds the question to the session manager.
	powerMost = 10 * time.Second
)

// cleaning is what comes after the wipe of a stow: the account can be used again, and whatever is more urgent stops it.
type cleaning struct {
	account string
	job     *job
	stop    context.CancelFunc
}

// cleaningOf returns what goes on for an account, nil if nothing does.
func (c *Controller) cleaningOf(id string) *cleaning {
	for cl := range c.cleaning {
		if cl.account == id {
			return cl
		}
	}
	return nil
}

// stopCleaning makes room for what is more urgent.
func (c *Controller) stopCleaning() {
	for cl := range c.cleaning {
		cl.stop()
	}
}

// jobFor returns the job by which somebody follows what they ask for. joins says that it goes on already and nothing
// else is to be done.
func (c *Controller) jobFor(e *entry, ev event) (j *job, joins bool) {
	cl, place := c.cleaningOf(e.acct.ID), &e.job
	switch {
	case ev.stow && cl != nil && e.account.state == state.Clean && !e.account.waiting:
		cl.job.powerOff = cl.job.powerOff || ev.powerOff
		return cl.job, true
	case ev.stow && e.account.busy() && !e.account.stow:
		place = &e.later
	}
	if *place == nil {
		*place = newJob()
	}
	j = *place
	j.powerOff = j.powerOff || ev.powerOff
	return j, false
}

// stow does what ends a permanence. The wipe in it counts as any; what comes after it holds nobody up.
func (c *Controller) stow(ctx context.Context, e *entry, cmd command) {
	id, told := e.acct.ID, context.WithoutCancel(ctx)
	ctx, cancel := context.WithCancel(ctx)
	cl := &cleaning{account: id, job: e.job, stop: cancel}
	ended := false
	req := agent.StowRequest{
		Account: e.acct, Observer: e.job, Given: cmd.given, Client: cmd.client, Everything: cmd.everything,
		FreeSpace: cmd.freeSpace, Within: c.Policy.FreeSpace.Within,
		Wiped: func(rep agent.StowReport) {
			ended = true
			c.post(told, note{account: id, event: endOf(&rep.Wipe, nil), report: &rep.Wipe, cleaning: cl})
		},
	}
	c.side.Go(func() {
		defer cancel()
		c.clear(ctx, id, cmd)
		rep, err := c.Engine.Stow(ctx, req)
		if !ended && err != nil {
			c.post(told, note{account: id, event: event{kind: wiped}, err: err})
			return
		} else if !ended {
			req.Wiped(rep)
		}
		c.post(told, note{account: id, event: event{kind: cleaned}, cleaning: cl, stowed: &rep, err: err})
	})
}

// goesOn lets a stow go on beside everything else when its wipe has ended.
func (c *Controller) goesOn(e *entry, n note) {
	c.cleaning[n.cleaning] = true
	n.cleaning.job.wiped(n.report)
	e.job = nil
	if c.ending {
		n.cleaning.stop()
	}
}

// awaited tells events that only mean that somebody follows a stow: a hand on the mouse. Whoever uses the account does
// more than that, and it is noticed.
func (c *Controller) awaited(e *entry, k devices.Kind) bool {
	return c.cleaningOf(e.acct.ID) != nil && e.account.state == state.Clean && (k == devices.Active || k == devices.Unlocked)
}

// ended says how a stow ended; the account may be enrolled no more.
func (c *Controller) ended(n note) {
	delete(c.cleaning, n.cleaning)
	if n.err != nil {
		c.Log.Warn("a stow did not come to its end", "event", cleaned, "error", n.err)
		n.cleaning.job.end(ipc.Message{Error: codeOf(n.err)})
		return
	}
	c.Log.Info("a stow ended", "event", cleaned, "verdict", n.stowed.Verdict, "documents", n.stowed.Destroyed)
	n.cleaning.job.end(ipc.Message{Stow: n.stowed})
}

// cleaned goes on when a stow has ended.
func (c *Controller) cleaned(ctx context.Context, e *entry, n note) {
	rep := n.stowed
	if n.err != nil {
		return
	}
	if rep.FreeSpace != nil && inUse(*rep.FreeSpace) {
		c.apply(ctx, e, event{kind: used})
	}
	if n.cleaning.job.powerOff && rep.Verdict != wipe.Refused {
		c.switchOff = e.acct.ID
		return
	}
	if rep.FreeSpace != nil {
		// It took a while in which something may have been left of which nobody told.
		c.look(ctx, e, func(clean bool) {
			if !clean {
				c.apply(ctx, e, event{kind: used})
			}
		})
	}
}

// inUse reports whether a cleaning ended because somebody began to use the account.
func inUse(rep wipe.FreeSpaceReport) bool {
	for _, v := range rep.Volumes {
		if v.Stopped == wipe.FreeInUse {
			return true
		}
	}
	return false
}

// leave switches the machine off after a stow, when nothing else is to be done and nobody has begun to use the account.
func (c *Controller) leave(ctx context.Context) {
	if c.switchOff == "" || c.running || len(c.queue) > 0 || len(c.cleaning) > 0 || c.ending {
		return
	}
	e := c.entries[c.switchOff]
	c.switchOff = ""
	if e == nil || e.account.state == state.InUse {
		c.Log.Warn("the machine stays on: the account is in use")
		return
	}
	c.side.Go(func() {
		select {
		case <-time.After(tellMost):
		case <-ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(ctx, powerMost)
		defer cancel()
		if err := c.Power.PowerOff(ctx); err != nil {
			c.Log.Error("the machine could not be switched off", "error", err)
		}
	})
}
