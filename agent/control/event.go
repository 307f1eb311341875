package control

import (
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/devices"
	"ipguard/wipe"
)

// Cause is why a wipe begins, or will.
type Cause string

// The causes.
const (
	ByCommand  Cause = "command"
	ByLogoff   Cause = "logoff"
	ByBoot     Cause = "boot"
	ByShutdown Cause = "shutdown"
	ByResume   Cause = "resume"
	ByLid      Cause = "lid"
	ByIdle     Cause = "idle"
	ByCrash    Cause = "crash" // an earlier run of the service did not finish it
	ByRetry    Cause = "retry"
)

// kind is what an event is about.
type kind string

const (
	started kind = "started" // the service knows the account for the first time
	device  kind = "device"
	used    kind = "used"    // something of a session was seen in the account's folders or among its programs
	asked   kind = "asked"   // somebody asks for a wipe, or for the end of a permanence
	stopped kind = "stopped" // somebody stops the countdown
	due     kind = "due"     // a countdown is over
	wiped   kind = "wiped"   // the wipe of the account ended
	cleaned kind = "cleaned" // the cleaning of free space that came after it did
	ending  kind = "ending"  // the service ends
)

// event is one thing that concerns one account.
type event struct {
	kind   kind
	device devices.Event
	// With started.
	boot   bool // the machine started; else only the service did
	record state.State
	open   int  // sessions
	known  bool // the number of sessions is known
	idle   bool // with due: nobody is at the machine, as far as the system says
	// With asked.
	documents agent.Choice
	countdown time.Duration
	left      time.Duration // of the countdown that runs
	client    int           // the process that asked, 0 for none of the account's
	admin     bool          // an administrator asked; also with stopped
	given     []handover.Mark
	refused   []handover.Mark
	stow      bool // the end of a permanence is asked for, not only a wipe
	freeSpace bool // with stow: the free space is to be cleaned
	powerOff  bool // with stow: the machine is to be switched off afterwards
	// With wiped.
	verdict  wipe.Verdict // empty: it did not begin
	shutdown bool         // with ending: the machine stops too
}

// action is what a command is about.
type action string

const (
	save     action = "save"      // write down that the account is in use
	begin    action = "begin"     // begin a wipe
	arm      action = "arm"       // set the countdown, instead of an earlier one
	disarm   action = "disarm"    // take the countdown back
	lock     action = "lock"      // lock the screens of the account
	turnAway action = "turn_away" // end a session that just opened
	forget   action = "forget"    // what is in the watched folders now is not of the session to come
)

// command is one thing to do for one account.
type command struct {
	action    action
	cause     Cause
	after     time.Duration
	documents agent.Choice
	// With begin: everything says that no program of the account stays, signOut that its sessions are ended first.
	everything, signOut bool
	client              int
	given, refused      []handover.Mark
	stow, freeSpace     bool // with begin: the end of a permanence
	session             string
}
