package control

import (
	"context"
	"errors"

	"ipguard/agent/state"
)

// load learns the enrolled accounts and begins what has to be done for them first.
func (c *Controller) load(ctx context.Context) {
	if err := c.enroll(ctx); err != nil {
		c.Log.Error("the enrolled accounts cannot be read", "error", err)
	}
}

// enroll takes accounts over that were enrolled since, and lets go of those that are no more.
func (c *Controller) enroll(ctx context.Context) error {
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
			c.reread(ctx, e)
			continue
		}
		e := &entry{acct: acct}
		c.entries[acct.ID] = e
		c.apply(ctx, e, event{kind: started, boot: c.Boot, record: c.standing(ctx, e), open: open[acct.ID], known: c.known})
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

// reread takes over what another run has written down meanwhile.
func (c *Controller) reread(ctx context.Context, e *entry) {
	if e.account.busy() {
		return
	}
	if e.account.state = c.standing(ctx, e); e.account.state == state.Wiping {
		e.account.state = state.InUse // that other run tells its end itself
	}
}

// standing says where an account stands by its record. When the machine starts, clean is looked at once more: what was
// last done before the power went may not be in the record.
func (c *Controller) standing(ctx context.Context, e *entry) state.State {
	rec, err := c.Accounts.Record(e.acct)
	if err != nil && !errors.Is(err, state.ErrNone) {
		c.Log.Warn("the record of an account cannot be trusted", "error", err)
	}
	if e.record = rec; err != nil {
		return state.InUse
	}
	if rec.State != state.Clean || !c.Boot {
		return rec.State
	}
	now, err := c.Engine.Status(ctx, e.acct)
	if err != nil || now.State != state.Clean {
		return state.InUse
	}
	return state.Clean
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
