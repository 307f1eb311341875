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
	}
}
