package control

import (
	"context"
	"iter"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/ipc"
	"ipguard/policy"
	"ipguard/wipe"
)

// snapshot is what can be told of an account at once.
type snapshot struct {
	status ipc.Status
	acct   wipe.Account
	due    time.Time // of the countdown that runs
}

// publish makes where every account stands readable from other goroutines.
func (c *Controller) publish() {
	all := make(map[string]snapshot, len(c.entries))
	for id, e := range c.entries {
		s := snapshot{acct: e.acct, status: ipc.Status{
			Account: id, State: e.account.state, Day: e.record.Day, Result: e.record.Result, Sessions: e.account.open,
			New: e.seen.New, Watched: e.seen.Watched, Scanned: e.seen.Scanned, Held: e.record.Held, Triggers: triggers(c.Policy),
		}}
		if e.account.waiting {
			s.due, s.status.Next = e.due, string(e.account.cause)
		}
		all[id] = s
	}
	c.told.Store(&all)
}

// triggers names what begins a wipe by itself.
func triggers(p policy.Policy) []string {
	all := []string{}
	for _, t := range []struct {
		on    bool
		cause Cause
	}{
		{p.Triggers.Logoff, ByLogoff}, {p.Triggers.Boot, ByBoot}, {p.Triggers.Shutdown, ByShutdown},
		{p.Triggers.Idle.On, ByIdle}, {p.Triggers.Lid.On, ByLid}, {p.Triggers.Resume.On, ByResume},
	} {
		if t.on {
			all = append(all, string(t.cause))
		}
	}
	return all
}

// find resolves an account; empty is the only one there is.
func (c *Controller) find(id string) (snapshot, error) {
	all := map[string]snapshot{}
	if told := c.told.Load(); told != nil {
		all = *told
	}
	if id != "" {
		s, ok := all[id]
		if !ok {
			return s, ipc.CodeUnknownAccount
		}
		return s, nil
	}
	switch len(all) {
	case 0:
		return snapshot{}, ipc.CodeNoneEnrolled
	case 1:
		for _, s := range all {
			return s, nil
		}
	}
	return snapshot{}, ipc.CodeSeveral
}

// Status implements ipc.Backend.
func (c *Controller) Status(id string) (ipc.Status, error) {
	s, err := c.find(id)
	if !s.due.IsZero() {
		s.status.NextIn = max(time.Until(s.due), 0)
	}
	return s.status, err
}

// Check implements ipc.Backend.
func (c *Controller) Check(ctx context.Context, id string) (agent.Status, error) {
	s, err := c.find(id)
	if err != nil {
		return agent.Status{}, err
	}
	return c.Engine.Status(ctx, s.acct)
}

// Browsers implements ipc.Backend. What only an administrator may see is left out.
func (c *Controller) Browsers(ctx context.Context, id string) (governor.Report, error) {
	s, err := c.find(id)
	if err != nil {
		return governor.Report{}, err
	}
	report, err := c.Governor.Check(ctx, s.acct)
	return report.Public(), err
}

// Wipe implements ipc.Backend. The wipe goes on when nobody follows it any more.
func (c *Controller) Wipe(ctx context.Context, caller ipc.Caller, req ipc.WipeRequest) (iter.Seq[ipc.Message], error) {
	return c.begin(ctx, caller, req.Account, event{
		kind: asked, documents: req.Documents, given: req.Given, refused: req.Refused, countdown: req.Countdown,
	})
}

// Stow implements ipc.Backend. It goes on when nobody follows it any more.
func (c *Controller) Stow(ctx context.Context, caller ipc.Caller, req ipc.StowRequest) (iter.Seq[ipc.Message], error) {
	return c.begin(ctx, caller, req.Account, event{
		kind: asked, given: req.Given, stow: true, freeSpace: req.FreeSpace,
		powerOff: req.PowerOff || c.Policy.Stow.PowerOff,
	})
}

// begin hands on what somebody asks for and follows what comes of it.
func (c *Controller) begin(ctx context.Context, caller ipc.Caller, id string, ev event) (iter.Seq[ipc.Message], error) {
	s, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if ev.admin = caller.Admin; caller.Account == s.acct.ID {
		ev.client = caller.PID
	}
	answer := make(chan *job, 1)
	if !c.post(ctx, note{account: s.acct.ID, event: ev, follow: answer}) {
		return nil, ipc.CodeEnding
	}
	select {
	case j := <-answer:
		if j == nil {
			return nil, ipc.CodeEnding
		}
		return j.follow(ctx, ev.stow), nil
	case <-c.closed:
	case <-ctx.Done():
	}
	return nil, ipc.CodeEnding
}

// Stop implements ipc.Backend: it takes a countdown back that somebody asked for; only an administrator takes back an
// administrator's. Without one it does nothing.
func (c *Controller) Stop(ctx context.Context, caller ipc.Caller, id string) error {
	s, err := c.find(id)
	if err == nil && !c.post(ctx, note{account: s.acct.ID, event: event{kind: stopped, admin: caller.Admin}}) {
		err = ipc.CodeEnding
	}
	return err
}

// Reload implements ipc.Backend: it looks at the enrolled accounts again.
func (c *Controller) Reload(ctx context.Context, _ ipc.Caller) error {
	answer := make(chan error, 1)
	if !c.post(ctx, note{reload: answer}) {
		return ipc.CodeEnding
	}
	select {
	case err := <-answer:
		return err
	case <-c.closed:
	case <-ctx.Done():
	}
	return ipc.CodeEnding
}
