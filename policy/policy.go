// Package policy says what should happen on a laptop: how long documents are held, how long applications may take to
// close, what a baseline may weigh, which folders may change between sessions.
//
// There is the built-in policy, and one file of the laptop that says otherwise where it wants to (Parse, Load). A file
// can run nothing and name no whole home. The package trusts nobody, asks no network and does nothing itself: who obeys
// a policy, and what happens to a broken one, is decided elsewhere.
package policy

import "time"

// Policy is the whole policy of one laptop.
type Policy struct {
	Documents    Documents    `yaml:"documents"`
	Applications Applications `yaml:"applications"`
	Enrollment   Enrollment   `yaml:"enrollment"`
	Keep         []KeepRule   `yaml:"keep"`
	Erase        Erase        `yaml:"erase"`
	FreeSpace    FreeSpace    `yaml:"free_space"`
	Session      Session      `yaml:"session"`
	Triggers     Triggers     `yaml:"triggers"`
	Watch        Watch        `yaml:"watch"`
	Browsers     Browsers     `yaml:"browsers"`
	Organization Organization `yaml:"organization"`
	Services     []Service    `yaml:"services"`
	Procedures   []Procedure  `yaml:"procedures"`
	Trace        Trace        `yaml:"trace"`
	Stow         Stow         `yaml:"stow"`
}

// Session says how a session ends.
type Session struct {
	// End is what happens to the desktop: EndStay or EndLogout.
	End string `yaml:"end"`
	// Countdown is how long a wipe that a person asked for waits for somebody to stop it.
	Countdown time.Duration `yaml:"countdown"`
}

// The values of Session.End.
const (
	EndStay   = "stay"   // the desktop goes on running; what it holds open is cleaned item by item
	EndLogout = "logout" // the account is signed out first, so that nothing of it runs
)

// Triggers says what begins a wipe without anybody asking. Such a wipe always sets documents aside.
type Triggers struct {
	Logoff   bool `yaml:"logoff"`   // the account's last session closes
	Boot     bool `yaml:"boot"`     // the machine starts and the account is not clean
	Shutdown bool `yaml:"shutdown"` // the machine stops and the account is not clean
	// Idle, Lid and Resume lock the screen and count down: from when nobody touches the machine any more, from when the
	// lid closes, and from when the machine falls asleep. Somebody who goes on with the session stops it.
	Idle   Countdown `yaml:"idle"`
	Lid    Countdown `yaml:"lid"`
	Resume Countdown `yaml:"resume"`
}

// Countdown is a trigger that waits.
type Countdown struct {
	On    bool          `yaml:"on"`
	After time.Duration `yaml:"after"`
}

// Watch says which folders tell that a session leaves something, besides those for downloads and scans.
type Watch struct {
	Folders []Folder `yaml:"folders"`
}

// Folder names a folder of the account.
type Folder struct {
	Base    string `yaml:"base"`    // a token of the catalogue: "DOCUMENTS"
	Pattern string `yaml:"pattern"` // slash-separated below it, as it is; empty: the folder itself
}

// Documents says what happens to documents of a session that were neither given nor refused.
type Documents struct {
	// HoldFor is how long they stay in the holding folder before they are destroyed.
	HoldFor time.Duration `yaml:"hold_for"`
}

// Applications says how the account's programs are ended.
type Applications struct {
	// CloseWithin is how long a program may take to save and close after it was asked to.
	CloseWithin time.Duration `yaml:"close_within"`
	// SaveWithin is how long the guided end waits for a person to answer a program that asks whether to save, before it
	// goes on without an answer.
	SaveWithin time.Duration `yaml:"save_within"`
}

// Enrollment limits what a baseline may have.
type Enrollment struct {
	MaxFiles int   `yaml:"max_files"`
	MaxBytes int64 `yaml:"max_bytes"`
}

// Erase says how strongly a wipe must erase.
type Erase struct {
	// AtLeast is the least assurance that is good enough, as package wipe spells it: "discarded". A wipe that reaches less
	// is incomplete. Empty: what the medium gives is good enough.
	AtLeast string `yaml:"at_least"`
}

// FreeSpace limits the cleaning of free space.
type FreeSpace struct {
	// Within is how long one cleaning may take; the next one goes on where it stopped.
	Within time.Duration `yaml:"within"`
	// Reserve is how many bytes stay free for other programs meanwhile; 0 leaves that to the size of the volume.
	Reserve int64 `yaml:"reserve"`
}

// KeepRule lets something in the home change between sessions. What is new there is counted in every report.
type KeepRule struct {
	Base    string `yaml:"base"`    // a token of the catalogue: "DOCUMENTS"
	Pattern string `yaml:"pattern"` // slash-separated below it; a component may be a path.Match pattern
}

// Default returns the built-in policy. Each call returns values of its own.
func Default() Policy {
	lists := builtins()
	return Policy{
		Documents:    Documents{HoldFor: 30 * time.Minute},
		Applications: Applications{CloseWithin: 5 * time.Second, SaveWithin: 60 * time.Second},
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
		Services: lists.Services, Procedures: lists.Procedures,
		Trace: Trace{Sections: Sections(), Large: 16},
		Stow:  Stow{FreeSpace: true},
	}
}
