package governor

import (
	"slices"

	"ipguard/browser"
	"ipguard/browser/card"
	"ipguard/browser/rows"
	"ipguard/policy"
)

// Word says how one browser stands.
type Word string

// The words.
const (
	// Enforced: every window is private, as far as anything can be seen.
	Enforced Word = "enforced"
	// Ephemeral: the vendor has no way to force private windows, or policy does not want them; what can be set is set, and
	// what a session leaves is cleared by the browser and by the wipe.
	Ephemeral Word = "ephemeral"
	// NotEffective: windows that are not private can be opened, or are open.
	NotEffective Word = "not_effective"
	// NotVerifiable: the settings are there, and nothing proves that this browser reads them.
	NotVerifiable Word = "not_verifiable"
	// NotSupported: there is no way to set anything.
	NotSupported Word = "not_supported"
	// Unmanaged: policy leaves browsers alone.
	Unmanaged Word = "unmanaged"
)

// Reason says why a browser has its word, or what else is to be known.
type Reason string

// The reasons.
const (
	ReasonMissing    Reason = "missing"     // the settings are not there
	ReasonUnreadable Reason = "unreadable"  // the browser cannot read them
	ReasonChanged    Reason = "changed"     // they say something else
	ReasonOverridden Reason = "overridden"  // settings of somebody else count more
	ReasonWrongType  Reason = "wrong_type"  // a value that the browser ignores
	ReasonUnsafe     Reason = "unsafe"      // somebody other than an administrator can change them
	ReasonUnwritable Reason = "unwritable"  // they could not be written
	ReasonRestart    Reason = "restart"     // it runs since before its settings
	ReasonRows       Reason = "rows"        // an ordinary window was used since the last wipe
	ReasonApart      Reason = "apart"       // it runs where other settings may be in the same place
	ReasonElsewhere  Reason = "elsewhere"   // it runs with data in an unusual folder
	ReasonUnproven   Reason = "unproven"    // the vendor does not say that it reads them
	ReasonUnknown    Reason = "unknown"     // a browser that nobody described
	ReasonNoWay      Reason = "no_way"      // it reads no settings, or nobody knows where
	ReasonNoPrivate  Reason = "no_private"  // its vendor cannot force private windows
	ReasonByPolicy   Reason = "by_policy"   // policy wants it so
	ReasonPartly     Reason = "partly"      // settings besides the decisive one do not count
	ReasonPortable   Reason = "portable"    // nobody installed it
	ReasonUnreadRows Reason = "unread_rows" // its data could not be looked at
)

// Fault is what is wrong with one setting or file, for an administrator. It never leaves the machine's own terminal.
type Fault struct {
	Reason  Reason
	Source  string // file or key; empty over the socket
	Setting string // the vendor's name
}

// Standing is how one installed browser stands.
type Standing struct {
	ID      string // of the descriptor, or browser.Unknown
	Name    string
	Package browser.Package
	Channel string
	Version string // empty when unknown
	Word    Word
	// Reasons are why, the weightiest first; with Enforced they are only worth knowing.
	Reasons []Reason
	Faults  []Fault
	Running int        // of its programs, counted by main processes
	Rows    rows.Count // that an ordinary window left
	// Card is what the browser needs for an identity card; empty when policy wants none.
	Card []card.Item

	settings map[string]any // in force
}

// CardReady says that nothing is known to be missing for an identity card.
func (s Standing) CardReady() bool {
	return !slices.ContainsFunc(s.Card, func(i card.Item) bool { return i.State == card.Missing })
}

// CardHints are what somebody can do about what is missing or not known, each once.
func (s Standing) CardHints() []card.Hint {
	var all []card.Hint
	for _, i := range s.Card {
		if i.State != card.OK && i.Hint != "" && !slices.Contains(all, i.Hint) {
			all = append(all, i.Hint)
		}
	}
	return all
}

// Report is how all browsers stand.
type Report struct {
	Mode     policy.BrowserMode
	Browsers []Standing
	// Repairs is how often settings had to be put right since they were first written, and Failing how many places cannot
	// be put right.
	Repairs, Failing int
	// Contested says that something keeps changing the settings back.
	Contested bool
}

// Effective says that no browser opens anything but what policy wants, as far as can be seen.
func (r Report) Effective() bool {
	for _, b := range r.Browsers {
		if b.Word == NotEffective {
			return false
		}
	}
	return true
}

// Count is how many browsers have a word.
func (r Report) Count(w Word) int {
	n := 0
	for _, b := range r.Browsers {
		if b.Word == w {
			n++
		}
	}
	return n
}

// WithSources adds the paths that another look at the same browsers gave.
func (r Report) WithSources(own Report) Report {
	out := r
	out.Browsers = slices.Clone(r.Browsers)
	for i, b := range out.Browsers {
		at := slices.IndexFunc(own.Browsers, func(o Standing) bool {
			return o.ID == b.ID && o.Package == b.Package && o.Channel == b.Channel && o.Version == b.Version
		})
		if at >= 0 && len(b.Faults) == len(own.Browsers[at].Faults) {
			out.Browsers[i].Faults = own.Browsers[at].Faults
		}
	}
	return out
}

// Public is the report without paths, as it may be told to any account.
func (r Report) Public() Report {
	out := r
	out.Browsers = make([]Standing, len(r.Browsers))
	for i, b := range r.Browsers {
		b.Faults = slices.Clone(b.Faults)
		for j := range b.Faults {
			b.Faults[j].Source = ""
		}
		out.Browsers[i] = b
	}
	return out
}
