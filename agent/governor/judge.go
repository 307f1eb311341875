package governor

import (
	"slices"
	"time"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/browser/rows"
	"ipguard/policy"
)

// evidence is what is known about one installed browser.
type evidence struct {
	place    browser.Place
	known    bool // a descriptor tells about it
	settings managed.Settings
	findings []managed.Finding
	broken   bool      // the settings could not be written
	since    time.Time // when what the browser reads was written; zero when unknown
	runs     []run
	rows     rows.Count
	portable bool
	shadowed bool // the account may have put settings of its own before these
}

// run is a browser that runs.
type run struct {
	started   time.Time
	apart     bool // in a mount namespace of its own that its package does not explain
	elsewhere bool // with data in an unusual folder
}

// startMargin is how exactly the start of a process is known: the clock of the kernel counts from a second that is rounded.
const startMargin = time.Second

// judge says how a browser stands. It is pure.
func judge(e evidence, mode policy.BrowserMode) (Word, []Reason) {
	if mode == policy.BrowsersUnmanaged {
		return Unmanaged, []Reason{ReasonByPolicy}
	}
	if e.place.Format == "" {
		why := ReasonNoWay
		if !e.known {
			why = ReasonUnknown
		}
		return NotSupported, e.notes([]Reason{why})
	}
	var against, doubts []Reason
	for _, f := range e.findings {
		if f.Decisive || !e.settings.Private && f.Code != managed.CodeOverridden {
			against = append(against, reasonOf(f.Code))
		}
	}
	if e.broken && len(against) > 0 {
		against = append(against, ReasonUnwritable)
	}
	for _, r := range e.runs {
		if !e.since.IsZero() && r.started.Add(startMargin).Before(e.since) {
			against = append(against, ReasonRestart)
		}
		if r.apart {
			doubts = append(doubts, ReasonApart)
		}
	}
	if e.settings.Private && e.rows.Visits+e.rows.Downloads+e.rows.Cookies > 0 {
		against = append(against, ReasonRows)
	}
	if e.shadowed {
		doubts = append(doubts, ReasonOverridden)
	}
	if e.place.Proof == browser.Unproven {
		doubts = append(doubts, ReasonUnproven)
	}
	switch {
	case len(against) > 0:
		return NotEffective, e.notes(against)
	case len(doubts) > 0:
		return NotVerifiable, e.notes(doubts)
	case !e.settings.Private && mode == policy.BrowsersEphemeral:
		return Ephemeral, e.notes([]Reason{ReasonByPolicy})
	case !e.settings.Private:
		return Ephemeral, e.notes([]Reason{ReasonNoPrivate})
	}
	return Enforced, e.notes(nil)
}

// notes adds what is worth knowing whatever the word, and leaves out what was said.
func (e evidence) notes(reasons []Reason) []Reason {
	add := func(when bool, r Reason) {
		if when {
			reasons = append(reasons, r)
		}
	}
	add(e.portable, ReasonPortable)
	add(slices.ContainsFunc(e.findings, func(f managed.Finding) bool { return !f.Decisive }), ReasonPartly)
	add(slices.ContainsFunc(e.runs, func(r run) bool { return r.elsewhere }), ReasonElsewhere)
	add(!e.rows.Known, ReasonUnreadRows)
	var once []Reason
	for _, r := range reasons {
		if !slices.Contains(once, r) {
			once = append(once, r)
		}
	}
	return once
}

func reasonOf(c managed.Code) Reason {
	switch c {
	case managed.CodeMissing:
		return ReasonMissing
	case managed.CodeFault:
		return ReasonUnreadable
	case managed.CodeChanged:
		return ReasonChanged
	case managed.CodeOverridden:
		return ReasonOverridden
	case managed.CodeWrongType:
		return ReasonWrongType
	}
	return ReasonUnsafe
}
