package wipe

import "slices"

// Outcome says what became of an artifact.
type Outcome string

// The outcomes.
const (
	Erased   Outcome = "erased"
	Absent   Outcome = "absent"
	Restored Outcome = "restored"
	Residual Outcome = "residual"
	Skipped  Outcome = "skipped"
)

// Assurance says how strongly the content of something was erased. What remains beside the content is a Limit of the
// volume that it lay on.
type Assurance string

// The assurances, weakest first.
const (
	Unlinked     Assurance = "unlinked"      // removed like any file: its blocks are free, not empty
	Discarded    Assurance = "discarded"     // its blocks were given back to the device, which reads as empty there
	Overwritten  Assurance = "overwritten"   // its blocks were written over where they are
	MemoryOnly   Assurance = "memory_only"   // it was never on a disk
	KeyDestroyed Assurance = "key_destroyed" // the key that it was encrypted with is gone
)

// Assurances lists every assurance, weakest first.
func Assurances() []Assurance {
	return []Assurance{Unlinked, Discarded, Overwritten, MemoryOnly, KeyDestroyed}
}

// AtLeast reports whether a is as strong as the other or stronger.
func (a Assurance) AtLeast(other Assurance) bool {
	return slices.Index(Assurances(), a) >= slices.Index(Assurances(), other)
}

// Code is the reason behind an outcome; a closed set, so that a report can never carry a name.
type Code string

// The codes.
const (
	CodeNone            Code = ""
	CodeBaselineCorrupt Code = "baseline_corrupt" // the kept copy no longer matches the manifest
	CodeChanged         Code = "changed"          // an entry of the baseline is not as it was
	CodeChanging        Code = "changing"         // somebody wrote to it while it was erased
	CodeDenied          Code = "denied"           // the operating system refused
	CodeForeignOwner    Code = "foreign_owner"    // belongs to another account
	CodeHardLink        Code = "hard_link"        // the content has another name, so only this name was removed
	CodeHeldOpen        Code = "held_open"        // unlinked, yet another program still has it open
	CodeInUse           Code = "in_use"           // another program keeps it from being removed
	CodeIO              Code = "io_error"         // the medium or the file system failed
	CodeKeepRule        Code = "keep_rule"        // new, and kept because policy says so
	CodeLinkTarget      Code = "link_target"      // a link with a long target, which cannot be written over
	CodeLiveSession     Code = "live_session"     // belongs to the desktop that is still running
	CodeMissing         Code = "missing"          // an entry of the baseline is not there
	CodeNetwork         Code = "network"          // lies on a network file system: not touched
	CodeMount           Code = "mount"            // another file system is mounted there: left alone
	CodeNeedsRoot       Code = "needs_root"       // only an administrator can put it right
	CodeNoSpace         Code = "no_space"         // the disk is full
	CodeNotInPlace      Code = "not_in_place"     // the file system stores it so that it cannot be written over
	CodePolicy          Code = "policy"           // the policy on the laptop cannot be used
	CodeReadOnly        Code = "read_only"        // the file system is mounted read-only
	CodeRemains         Code = "remains"          // it is there again, or still
	CodeShared          Code = "shared"           // its blocks belong to another file too
	CodeSnapshot        Code = "snapshot"         // a snapshot of the file system still has it
	CodeUnreadable      Code = "unreadable"       // could not be read, so nothing can be said about it
	CodeVolatile        Code = "volatile"         // the desktop writes it again by itself
)

// Result counts what happened to one artifact with one outcome and code.
type Result struct {
	Artifact  ArtifactID
	Class     Class
	Outcome   Outcome
	Assurance Assurance // only with Erased
	Code      Code      // with Erased: why it is erased no more strongly than that
	Count     int
	Bytes     int64
}

// Observer hears of results while a wipe runs. It is called from one goroutine.
type Observer interface {
	Progress(Progress)
}

// Phase is a part of a wipe that takes time.
type Phase string

// The phases in their order.
const (
	PhasePlan      Phase = "plan"
	PhaseClose     Phase = "close_applications"
	PhaseGive      Phase = "give" // copies for the person, and reading them back
	PhaseHold      Phase = "documents"
	PhaseOverwrite Phase = "overwrite"
	PhaseErase     Phase = "erase"
	PhaseRestore   Phase = "restore"
	PhaseSettle    Phase = "settle" // names, journals and freed blocks
	PhaseVerify    Phase = "verify"
	// PhaseFreeSpace is no part of a wipe: it comes after the last one of a day.
	PhaseFreeSpace Phase = "free_space"
)

// Progress is a step within a phase.
type Progress struct {
	Phase Phase
	Done  int   // entries dealt with so far in this phase
	Bytes int64 // bytes dealt with so far in this phase
	Total int64 // bytes to be dealt with in this phase; 0 where that is not known
}
