package control

import (
	"slices"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/policy"
	"ipguard/wipe"
)

// decide says what an event changes for an account and what is to be done. It is pure.
func decide(a account, e event, p policy.Policy) (account, []command) {
	switch e.kind {
	case started:
		return start(a, e, p)
	case device:
		return happened(a, e.device, p)
	case used:
		return use(a)
	case asked:
		return ask(a, e, p)
	case stopped:
		// A program of the account must not keep an administrator from wiping.
		if a.waiting && a.cause == ByCommand && (e.admin || !a.byAdmin) {
			return stopWaiting(a)
		}
	case due:
		return over(a, e, p)
	case wiped:
		return conclude(a, e, p)
	case ending:
		if e.shutdown && p.Triggers.Shutdown && a.state != state.Clean && !a.busy() {
			return wipeNow(a, ByShutdown)
		}
	}
	return a, nil
}

// start takes an account over when the service begins. Whatever is not certain counts as in use.
func start(a account, e event, p policy.Policy) (account, []command) {
	a.state, a.open = e.record, e.open
	switch e.record {
	case state.Clean, state.Residue, state.Wiping:
	default:
		a.state = state.InUse
	}
	switch {
	case a.state == state.Wiping:
		// The run that began it is dead. What the person said about the documents died with it.
		cause := ByCrash
		if e.boot {
			cause = ByBoot
		}
		if !e.boot && (a.open > 0 || !e.known) {
			return wipeStaying(a, cause, p)
		}
		return wipeNow(a, cause)
	case e.boot && a.state != state.Clean && p.Triggers.Boot:
		return wipeNow(a, ByBoot)
	case !e.boot && e.known && a.open == 0 && a.state == state.InUse && p.Triggers.Logoff:
		return wipeNow(a, ByLogoff) // somebody signed out while no service ran
	case a.open > 0 && a.state == state.Clean:
		return use(a)
	}
	return a, nil
}

// use notes that somebody works with the account.
func use(a account) (account, []command) {
	if a.state != state.Clean {
		return a, nil
	}
	a.state, a.retries = state.InUse, 0
	return a, []command{{action: save}}
}

// ask begins a wipe that somebody asked for, now or after a countdown. Who asks while one runs joins that one, unless it
// does less than what is asked for.
func ask(a account, e event, p policy.Policy) (account, []command) {
	switch {
	case a.busy():
		if e.stow && !a.stow && a.later == nil {
			a.later = &e
		}
		return a, nil
	case e.stow:
		return stow(a, e, p)
	}
	if a.waiting && a.cause == ByCommand {
		// Nobody may make another wait longer, and what one of them wants to keep is kept.
		a = join(a, e)
		a.byAdmin = a.byAdmin || e.admin
		if e.countdown >= e.left {
			return a, nil
		}
	} else {
		a.documents, a.given, a.refused = e.documents, e.given, e.refused
	}
	a.cause, a.client, a.waiting = ByCommand, e.client, true
	a.byAdmin = a.byAdmin || e.admin
	if e.countdown > 0 {
		return a, []command{{action: arm, cause: ByCommand, after: e.countdown}}
	}
	return wipeStaying(a, ByCommand, p)
}

// join leaves of what two people give away only what both do.
func join(a account, e event) account {
	switch {
	case a.documents == agent.Refuse:
		a.documents, a.given, a.refused = e.documents, e.given, e.refused
	case e.documents == agent.Hold:
		theirs := map[handover.Mark]bool{}
		for _, m := range slices.Concat(e.given, e.refused) {
			theirs[m] = true
		}
		a.given, a.refused = both(a.given, theirs), both(a.refused, theirs)
	}
	return a
}

// both returns the marks that are theirs too; nil when there is none.
func both(ours []handover.Mark, theirs map[handover.Mark]bool) (all []handover.Mark) {
	for _, m := range ours {
		if theirs[m] {
			all = append(all, m)
		}
	}
	return all
}

// stow begins the wipe that ends a permanence, at once and instead of any that waits. It sets nothing aside: what others
// want to keep would go with everything else that is set aside.
func stow(a account, e event, p policy.Policy) (account, []command) {
	a.documents, a.given, a.refused, a.client = agent.Refuse, e.given, nil, e.client
	a.stow, a.freeSpace = true, e.freeSpace
	return wipeStaying(a, ByCommand, p)
}

// stopWaiting takes a countdown back.
func stopWaiting(a account) (account, []command) {
	a.waiting, a.cause, a.byAdmin, a.given, a.refused = false, "", false, nil, nil
	return a, []command{{action: disarm}}
}

// over goes on when a countdown is over. One that only stands for nobody being there begins nothing when somebody is.
func over(a account, e event, p policy.Policy) (account, []command) {
	if !a.waiting || a.busy() {
		return a, nil
	}
	switch {
	case a.cause == ByCommand:
		return wipeStaying(a, ByCommand, p)
	case a.cause == ByRetry:
		return wipeNow(a, ByRetry)
	case !e.idle:
		a.waiting, a.cause = false, ""
		return a, nil
	}
	return wipeNow(a, a.cause)
}

// wipeNow begins a wipe that nobody asked for: documents are set aside, nothing of the account goes on running, and who
// signs in meanwhile is turned away.
func wipeNow(a account, cause Cause) (account, []command) {
	a.documents, a.given, a.refused, a.client, a.closed = agent.Hold, nil, nil, 0, true
	return run(a, cause, true)
}

// wipeStaying begins a wipe beside a desktop that goes on running, unless policy ends it.
func wipeStaying(a account, cause Cause, p policy.Policy) (account, []command) {
	if cause != ByCommand {
		a.documents, a.given, a.refused, a.client = agent.Hold, nil, nil, 0
	}
	if p.Session.End != policy.EndLogout {
		return run(a, cause, false)
	}
	a.closed, a.client = true, 0
	return run(a, cause, true)
}

func run(a account, cause Cause, everything bool) (account, []command) {
	var cmds []command
	if a.waiting {
		cmds = append(cmds, command{action: disarm})
	}
	a.state, a.cause, a.waiting, a.byAdmin = state.Wiping, cause, false, false
	return a, append(cmds, command{
		action: begin, cause: cause, documents: a.documents, everything: everything, signOut: everything && a.open > 0,
		client: a.client, given: a.given, refused: a.refused, stow: a.stow, freeSpace: a.freeSpace,
	})
}

// conclude goes on when a wipe has ended.
func conclude(a account, e event, p policy.Policy) (account, []command) {
	cause, again, later := a.cause, a.again, a.later
	a.cause, a.again, a.later, a.documents, a.given, a.refused, a.client = "", "", nil, "", nil, nil, 0
	a.stow, a.freeSpace = false, false
	if e.verdict == wipe.Complete {
		a.state, a.retries = state.Clean, 0
	} else {
		a.state = state.Residue
	}
	a.closed = false
	switch {
	case later != nil:
		if again != "" {
			p.Session.End = policy.EndLogout // who signed out meanwhile has left nothing that need stay
		}
		return stow(a, *later, p)
	case again != "":
		return wipeNow(a, again)
	}
	if a.state == state.Clean {
		return a, []command{{action: forget}}
	}
	if cause != ByCommand && a.open == 0 && a.retries < maxRetries {
		a.retries++
		a.waiting, a.cause = true, ByRetry
		return a, []command{{action: arm, cause: ByRetry, after: retryAfter}}
	}
	return a, nil
}

// remaining bounds what is left of a countdown: never less than a moment in which somebody can still stop it.
func remaining(after, gone time.Duration) time.Duration { return max(after-gone, lastChance) }

// lastChance is the least that a countdown leaves to somebody who is there.
const lastChance = time.Minute
