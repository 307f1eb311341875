// Package devices has the events that the machine's own happenings are told by: somebody signs in, the lid closes, the
// power goes off. It knows neither how they are noticed nor what follows from them.
package devices

import "time"

// Kind is what happened.
type Kind string

// The kinds.
const (
	SignedIn     Kind = "signed_in"  // a session of an account opened
	SignedOut    Kind = "signed_out" // a session of an account closed
	Locked       Kind = "locked"     // the screen of a session was locked
	Unlocked     Kind = "unlocked"   // somebody gave the password again
	Idle         Kind = "idle"       // nobody has touched keyboard or pointer of a session for a while
	Active       Kind = "active"     // somebody has again
	Asleep       Kind = "asleep"     // the machine is about to sleep
	Awake        Kind = "awake"      // it woke up
	LidClosed    Kind = "lid_closed"
	LidOpened    Kind = "lid_opened"
	ShuttingDown Kind = "shutting_down" // the machine is about to power off or to restart
)

// Event is something that happened on the machine. It is kept in memory only.
type Event struct {
	Kind Kind
	// Account is the id of the account, a uid in decimal or a Windows SID; empty when it concerns the whole machine.
	Account string
	// Session is what the system calls the session, empty when it concerns none.
	Session string
	// Open is how many sessions the account has now, with SignedIn and SignedOut.
	Open int
	// Elapsed is how long the machine slept, with Awake, and for how long nobody has touched it, with Idle.
	Elapsed time.Duration
}
