package ipc

import (
	"time"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// Caller is who stands behind a connection, as the kernel says.
type Caller struct {
	Account string // a uid in decimal or a Windows SID
	Admin   bool   // root, SYSTEM, or an elevated administrator
	PID     int    // of the process that connected; 0 when unknown
}

// WipeRequest asks for a wipe. Documents must be said; a countdown lasts ten minutes at most.
type WipeRequest struct {
	Account   string        `json:"account,omitempty"` // an id; empty: the only account that is enrolled
	Documents agent.Choice  `json:"documents"`
	Countdown time.Duration `json:"countdown,omitempty"` // how long to wait before anything is touched, in nanoseconds
	// Given and Refused are documents about which somebody has decided one by one, ten thousand together at most. See
	// agent.Request.
	Given   Marks `json:"given,omitempty"`
	Refused Marks `json:"refused,omitempty"`
}

// StowRequest asks for the end of a permanence: a wipe that sets nothing aside, then everything goes that was set aside
// before. Whoever asks has confirmed that.
type StowRequest struct {
	Account   string `json:"account,omitempty"`
	Given     Marks  `json:"given,omitempty"`      // see agent.StowRequest
	PowerOff  bool   `json:"power_off,omitempty"`  // policy can have it without anybody asking
	FreeSpace bool   `json:"free_space,omitempty"` // clean the free space where the medium needs it
}

// BackRequest asks for documents back that were set aside. See agent.BackRequest.
type BackRequest struct {
	Account string `json:"account,omitempty"`
	PIN     string `json:"pin,omitempty"` // an administrator needs none
	Batch   string `json:"batch"`
	Folder  string `json:"folder"`
}

// Message is one line of what a wipe or a stow has to say. Exactly one field is set. While nothing happens, the last line
// is said again as a sign of life; before there was one, an empty message.
type Message struct {
	Countdown *time.Duration    `json:"countdown,omitempty"` // what is left of it
	Progress  *wipe.Progress    `json:"progress,omitempty"`
	Report    *wipe.Report      `json:"report,omitempty"` // the last line of a wipe
	Stow      *agent.StowReport `json:"stow,omitempty"`   // the last line of a stow
	Error     Code              `json:"error,omitempty"`  // the last line
}

// last reports whether no message comes after this one.
func (m Message) last() bool { return m.Report != nil || m.Stow != nil || m.Error != "" }

// Status is what the service knows without looking at the disk.
type Status struct {
	Account  string      `json:"account"` // the id
	State    state.State `json:"state"`
	Day      string      `json:"day,omitempty"`    // of the last wipe, YYYY-MM-DD
	Result   string      `json:"result,omitempty"` // of the last wipe
	Sessions int         `json:"sessions"`         // of the account, open now
	// New counts the documents that came since the session began, by class.
	New map[wipe.Class]int `json:"new,omitempty"`
	// Watched is how many folders are watched; Scanned says that the system would not watch them all, so that they are
	// looked at now and then.
	Watched int  `json:"watched"`
	Scanned bool `json:"scanned,omitempty"`
	// Next is what will begin the next wipe by itself, and in how long; empty: nothing but a sign-out, a shutdown or a command.
	Next   string        `json:"next,omitempty"`
	NextIn time.Duration `json:"next_in,omitempty"`
	Held   int           `json:"held"` // documents that are set aside
	// Triggers are what begins a wipe by itself, as policy has it.
	Triggers []string `json:"triggers"`
}
