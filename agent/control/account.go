package control

import (
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/state"
)

const (
	// maxRetries is how often a wipe that nobody asked for is tried again when something is left.
	maxRetries = 2
	// retryAfter is the pause before that: what stood in the way may have gone by then.
	retryAfter = 30 * time.Second
)

// account is where one account stands. Only decide changes it.
type account struct {
	state state.State // clean, in_use, wiping or residue
	open  int         // sessions
	// cause is that of the wipe that runs; with waiting, that of the one that comes when the countdown is over.
	cause   Cause
	waiting bool
	// What follows belongs to the wipe that waits or runs.
	documents agent.Choice
	client    int
	// given and refused are what was decided about single documents.
	given, refused []handover.Mark
	// stow says that the wipe that runs ends a permanence, and freeSpace that the free space is cleaned after it.
	stow, freeSpace bool
	// later is what was asked for while a wipe ran that does not do it.
	later *event
	// byAdmin says that an administrator asked for it, so that nobody else stops the countdown.
	byAdmin bool
	// closed says that sessions that open are turned away until the wipe has ended.
	closed bool
	// again says that the account has to be wiped once more when the wipe that runs has ended, and why.
	again   Cause
	retries int
}

func (a account) busy() bool { return a.state == state.Wiping }
