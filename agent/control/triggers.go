package control

import (
	"time"

	"ipguard/agent/state"
	"ipguard/devices"
	"ipguard/policy"
)

// happened deals with what happens on the machine.
func happened(a account, d devices.Event, p policy.Policy) (account, []command) {
	switch d.Kind {
	case devices.SignedIn:
		a.open = d.Open
		if a.closed {
			return a, []command{{action: turnAway, session: d.Session}}
		}
		if a.waiting && a.cause == ByRetry {
			a, cmds := stopWaiting(a)
			return a, cmds
		}
		return use(a)
	case devices.SignedOut:
		a.open = d.Open
		return left(a, p)
	case devices.Idle:
		return away(a, ByIdle, p.Triggers.Idle, d.Elapsed)
	case devices.LidClosed:
		return away(a, ByLid, p.Triggers.Lid, 0)
	case devices.Asleep:
		return away(a, ByResume, p.Triggers.Resume, 0)
	case devices.Awake:
		return woke(a, d, p)
	case devices.LidOpened:
		if a.waiting && a.cause == ByLid {
			return stopWaiting(a)
		}
	case devices.Active, devices.Unlocked:
		if a.waiting && counting(a.cause) {
			return stopWaiting(a)
		}
		return use(a)
	}
	return a, nil
}

// counting tells the causes that only stand for nobody being there.
func counting(c Cause) bool { return c == ByIdle || c == ByLid || c == ByResume }

// left wipes when the account's last session has closed.
func left(a account, p policy.Policy) (account, []command) {
	switch {
	case a.open > 0 || !p.Triggers.Logoff:
		return a, nil
	case a.busy():
		if !a.closed {
			a.again = ByLogoff // what the desktop held open can go only now
		}
		return a, nil
	case a.waiting && a.cause == ByRetry:
		return a, nil // a session that was turned away
	}
	return wipeNow(a, ByLogoff)
}

// away locks the screen and counts down when nobody seems to be there. A countdown that runs already goes on.
func away(a account, cause Cause, t policy.Countdown, gone time.Duration) (account, []command) {
	if !t.On || a.state == state.Clean || a.busy() || a.open == 0 {
		return a, nil
	}
	if a.waiting {
		return a, []command{{action: lock}}
	}
	a.waiting, a.cause = true, cause
	return a, []command{{action: lock}, {action: arm, cause: cause, after: remaining(t.After, gone)}}
}

// woke goes on with the countdown after the machine slept: that time counts.
func woke(a account, d devices.Event, p policy.Policy) (account, []command) {
	t := p.Triggers.Resume
	if !a.waiting || !counting(a.cause) || !t.On {
		return a, nil
	}
	if d.Elapsed >= t.After {
		return wipeNow(a, ByResume)
	}
	a.cause = ByResume
	return a, []command{{action: lock}, {action: arm, cause: ByResume, after: remaining(t.After, d.Elapsed)}}
}
