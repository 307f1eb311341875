package control

import (
	"context"
	"errors"
	"time"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/agent/watch"
	"ipguard/devices/session"
	"ipguard/wipe"
)

// apply decides about an event and has done what comes of it.
func (c *Controller) apply(ctx context.Context, e *entry, ev event) {
	before := e.account.state
	var cmds []command
	e.account, cmds = decide(e.account, ev, c.Policy)
	for _, cmd := range cmds {
		c.perform(ctx, e, cmd)
	}
	if e.account.state != before {
		c.Log.Info("the state changed", "event", ev.kind, "state", e.account.state)
		c.watch() // what cannot be watched is looked at only while somebody uses the account
	}
}

func (c *Controller) perform(ctx context.Context, e *entry, cmd command) {
	id := e.acct.ID
	switch cmd.action {
	case save:
		if err := c.Accounts.MarkInUse(e.acct); err != nil {
			c.Log.Error("the state could not be written", "event", save, "error", err)
		}
	case begin:
		if e.job == nil {
			e.job = newJob()
		}
		// Promised is promised, also when this process ends before its turn comes.
		if err := c.Accounts.MarkWiping(e.acct); err != nil {
			c.Log.Error("the state could not be written", "event", begin, "error", err)
		}
		c.desk.shut(id)
		c.queue = append(c.queue, turn{id, cmd})
	case arm:
		c.disarm(e)
		e.due = time.Now().Add(cmd.after)
		if e.job != nil {
			e.job.countdown(cmd.after)
		}
		c.tick(ctx, e)
	case disarm:
		c.disarm(e)
	case lock:
		c.ask(ctx, lock, askMost, func(ctx context.Context) error { return c.Sessions.Lock(ctx, id) })
	case turnAway:
		c.ask(ctx, turnAway, endSessionMost, func(ctx context.Context) error { return c.Sessions.TurnAway(ctx, cmd.session) })
	case forget:
		e.seen.New, e.epoch = nil, c.Folders.Reset(id)
	}
}

// ask has the session manager do something, beside everything else: it may be slow.
func (c *Controller) ask(ctx context.Context, what action, most time.Duration, do func(context.Context) error) {
	c.side.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		if err := do(ctx); err != nil && !errors.Is(err, session.ErrNoSessions) {
			c.Log.Warn("the session manager did not do it", "event", what, "error", err)
		}
	})
}

// tick sets the timer for the end of a countdown, or for its next second when somebody follows it.
func (c *Controller) tick(ctx context.Context, e *entry) {
	after := time.Until(e.due)
	if e.job != nil {
		after = min(after, time.Second)
	}
	n := note{account: e.acct.ID, event: event{kind: due}, begun: e.due}
	e.timer = time.AfterFunc(max(after, 0), func() { c.post(ctx, n) })
}

func (c *Controller) disarm(e *entry) {
	if e.timer != nil {
		e.timer.Stop()
		e.timer = nil
	}
}

// next begins the wipe whose turn it is, unless one runs. Cleaning free space makes room for it.
func (c *Controller) next(ctx context.Context) {
	if c.running || len(c.queue) == 0 {
		return
	}
	id, cmd := c.queue[0].id, c.queue[0].command
	c.queue = c.queue[1:]
	e := c.entries[id]
	c.stopCleaning()
	c.running = true
	c.Log.Info("a wipe begins", "event", begin, "cause", cmd.cause)
	if cmd.stow {
		c.stow(ctx, e, cmd)
		return
	}
	req := agent.Request{
		Account: e.acct, Documents: cmd.documents, Observer: e.job, Everything: cmd.everything, Client: cmd.client,
		Given: cmd.given, Refused: cmd.refused,
	}
	c.side.Go(func() {
		c.clear(ctx, id, cmd)
		rep, err := c.Engine.Wipe(ctx, req)
		// Whatever ended it, the controller must hear that it did.
		c.post(context.WithoutCancel(ctx), note{account: id, event: endOf(&rep, err), report: &rep, err: err})
	})
}

// clear makes room for a wipe: nobody is signed in who need not be, and nobody moves documents.
func (c *Controller) clear(ctx context.Context, id string, cmd command) {
	if cmd.signOut {
		c.signOut(ctx, id)
	}
	c.desk.clear(ctx, id)
}

// endOf is the event that a wipe ended.
func endOf(rep *wipe.Report, err error) event {
	ended := event{kind: wiped}
	if err == nil && rep.Verdict != wipe.Refused {
		ended.verdict = rep.Verdict
	}
	return ended
}

// signOut ends the account's sessions as the system would, so that desktops can close. What stays is ended by the wipe.
func (c *Controller) signOut(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, endSessionMost)
	defer cancel()
	if err := c.Sessions.SignOut(ctx, id); err != nil {
		c.Log.Warn("the session manager did not do it", "error", err)
	}
}

// watch has the folders of every account watched.
func (c *Controller) watch() {
	var all []watch.Account
	for _, e := range c.entries {
		acct := e.acct
		all = append(all, watch.Account{
			ID: acct.ID, Home: acct.Home, Layout: []string{".config/user-dirs.dirs"}, Active: e.account.state != state.Clean,
			Folders: func(ctx context.Context) ([]watch.Folder, error) { return c.SessionFolders(ctx, acct) },
		})
	}
	c.Folders.Set(all)
}
