// Package policy says what should happen on a laptop: how long documents are held, how long applications may take to
// close, what a baseline may weigh, which folders may change between sessions.
//
// For now there is only the built-in policy. The package reads no file, trusts nobody and does nothing itself.
package policy

import "time"

// Policy is the whole policy of one laptop.
type Policy struct {
	Documents    Documents
	Applications Applications
	Enrollment   Enrollment
	Keep         []KeepRule
	Erase        Erase
	FreeSpace    FreeSpace
	Session      Session
	Triggers     Triggers
	Watch        Watch
	Browsers     Browsers
}

// Session says how a session ends.
type Session struct {
	// End is what happens to the desktop: EndStay or EndLogout.
	End string
	// Countdown is how long a wipe that a person asked for waits for somebody to stop it.
	Countdown time.Duration
}

// The values of Session.End.
const (
	EndStay   = "stay"   // the desktop goes on running; what it holds open is cleaned item by item
	EndLogout = "logout" // the account is signed out first, so that nothing of it runs
)

// Triggers says what begins a wipe without anybody asking. Such a wipe always sets documents aside.
type Triggers struct {
	Logoff   bool // the account's last session closes
	Boot     bool // the machine starts and the account is not clean
	Shutdown bool // the machine stops and the account is not clean
	// Idle, Lid and Resume lock the screen and count down: from when nobody touches the machine any more, from when the
	// lid closes, and from when the machine falls asleep. Somebody who goes on with the session stops it.
	Idle, Lid, Resume Countdown
}

// Countdown is a trigger that waits.
type Countdown struct {
	On    bool
	After time.Duration
}

// Watch says which folders tell that a session leaves something, besides those for downloads and scans.
type Watch struct {
	Folders []Folder
}

// Folder names a folder of the account.
type Folder struct {
	Base    string // a token of the catalogue: "DOCUMENTS"
	Pattern string // slash-separated below it, as it is; empty: the folder itself
}

// Documents says what happens to documents of a session that were neither given nor refused.
type Documents struct {
	// HoldFor is how long they stay in the holding folder before they are destroyed.
	HoldFor time.Duration
}

// Applications says how the account's programs are ended.
type Applications struct {
	// CloseWithin is how long a program may take to save and close after it was asked to.
	CloseWithin time.Duration
}

// Enrollment limits what a baseline may have.
type Enrollment struct {
	MaxFiles int
	MaxBytes int64
}

// Erase says how strongly a wipe must erase.
type Erase struct {
	// AtLeast is the least assurance that is good enough, as package wipe spells it: "discarded". A wipe that reaches less
	// is incomplete. Empty: what the medium gives is good enough.
	AtLeast string
}

// FreeSpace limits the cleaning of free space.
type FreeSpace struct {
	// Within is how long one cleaning may take; the next one goes on where it stopped.
	Within time.Duration
	// Reserve is how many bytes stay free for other programs meanwhile; 0 leaves that to the size of the volume.
	Reserve int64
}

// KeepRule lets something in the home change between sessions. What is new there is counted in every report.
type KeepRule struct {
	Base    string // a token of the catalogue: "DOCUMENTS"
	Pattern string // slash-separated below it; a component may be a path.Match pattern
}

// Default returns the built-in policy.
func Default() Policy {
	return Policy{
		Documents:    Documents{HoldFor: 30 * time.Minute},
		Applications: Applications{CloseWithin: 5 * time.Second},
		Enrollment:   Enrollment{MaxFiles: 200_000, MaxBytes: 4 << 30},
		FreeSpace:    FreeSpace{Within: 20 * time.Minute},
		Session:      Session{End: EndStay, Countdown: 3 * time.Second},
		Triggers: Triggers{
			Logoff: true, Boot: true, Shutdown: true,
			Idle:   Countdown{On: true, After: 30 * time.Minute},
			Lid:    Countdown{On: true, After: 30 * time.Minute},
			Resume: Countdown{On: true, After: 30 * time.Minute},
		},
		Browsers: BrowserPresets()[0].Browsers,
	}
}
