package control

import (
	"context"
	"errors"

	"ipguard/agent/state"
)

// load learns the enrolled accounts and begins what has to be done for them first.
func (c *Controller) load(ctx context.Context) {
	if err := c.enroll(ctx, true); err != nil {
		c.Log.Error("the enrolled accounts cannot be read", "error", err)
	}
	c.next(ctx)
}

// enroll takes accounts over that were enrolled since, and lets go of those that are no more. One that was enrolled while
// the service ran is not wiped by itself for that.
func (c *Controller) enroll(ctx context.Context, first bool) error {
	accounts, err := c.Accounts.Enrolled()
	if err != nil {
		return err
	}
	open := c.sessions(ctx)
	gone := map[string]bool{}
	for id := range c.entries {
		gone[id] = true
	}
	for _, acct := range accounts {
		delete(gone, acct.ID)
		if e := c.entries[acct.ID]; e != nil {
			e.acct = acct
			c.reread(e)
			continue
		}
		e := &entry{acct: acct}
		c.entries[acct.ID] = e
		ev := event{kind: started, boot: c.Boot && first, record: c.standing(e), open: open[acct.ID], known: c.known && first}
		if ev.boot && ev.record == state.Clean {
			c.confirm(ctx, e, ev)
			continue
		}
		c.apply(ctx, e, ev)
	}
	for id := range gone {
		if e := c.entries[id]; !e.account.busy() {
			c.disarm(e)
			delete(c.entries, id)
		}
	}
	c.watch()
	return nil
}

// confirm reads once more, when the machine starts, whether an account is as clean as its record says: what was last done
// before the power went may not be in there. Nobody may sign in before that is known.
func (c *Controller) confirm(ctx context.Context, e *entry, ev event) {
	e.account = account{state: state.Unknown, closed: true}
	c.look(ctx, e, func(clean bool) {
		if e.account.state != state.Unknown {
			return // somebody asked for a wipe meanwhile
		}
		open := e.account.open
		e.account = account{}
		if ev.open = max(ev.open, open); !clean {
			ev.record = state.InUse
		}
		c.apply(ctx, e, ev)
	})
}

// look reads an account's folders, beside everything else, and then calls then in the goroutine of Run.
func (c *Controller) look(ctx context.Context, e *entry, then func(clean bool)) {
	c.looking++
	acct := e.acct
	c.side.Go(func() {
		now, err := c.Engine.Status(ctx, acct)
		clean := err == nil && now.State == state.Clean
		c.post(ctx, note{looked: func(context.Context) {
			c.looking--
			if c.entries[acct.ID] == e {
				then(clean)
			}
		}})
	})
}

// reread takes over what another run has written down meanwhile.
func (c *Controller) reread(e *entry) {
	if e.account.busy() || e.account.state == state.Unknown {
		return
	}
	if e.account.state = c.standing(e); e.account.state == state.Wiping {
		e.account.state = state.InUse // that other run tells its end itself
	}
}

// standing says where an account stands by its record. Whatever is not certain counts as in use.
func (c *Controller) standing(e *entry) state.State {
	rec, err := c.Accounts.Record(e.acct)
	if err != nil && !errors.Is(err, state.ErrNone) {
		c.Log.Warn("the record of an account cannot be trusted", "error", err)
	}
	if e.record = rec; err != nil {
		return state.InUse
	}
	return rec.State
}

// sessions counts the open sessions of each account.
func (c *Controller) sessions(ctx context.Context) map[string]int {
	open := map[string]int{}
	ctx, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	all, err := c.Sessions.Sessions(ctx)
	c.known = err == nil
	for _, s := range all {
		open[s.Account]++
	}
	return open
}
