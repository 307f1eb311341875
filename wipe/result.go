package wipe

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

// Assurance says how strongly something was erased.
type Assurance string

// The assurances, weakest first.
const (
	Unlinked     Assurance = "unlinked"
	Discarded    Assurance = "discarded"
	Overwritten  Assurance = "overwritten"
	KeyDestroyed Assurance = "key_destroyed"
)

// Code is the reason behind an outcome; a closed set, so that a report can never carry a name.
type Code string

// The codes.
const (
	CodeNone            Code = ""
	CodeBaselineCorrupt Code = "baseline_corrupt" // the kept copy no longer matches the manifest
	CodeChanged         Code = "changed"          // an entry of the baseline is not as it was
	CodeDenied          Code = "denied"           // the operating system refused
	CodeForeignOwner    Code = "foreign_owner"    // belongs to another account
	CodeHeldOpen        Code = "held_open"        // unlinked, yet another program still has it open
	CodeInUse           Code = "in_use"           // another program keeps it from being removed
	CodeIO              Code = "io_error"         // the medium or the file system failed
	CodeKeepRule        Code = "keep_rule"        // new, and kept because policy says so
	CodeLiveSession     Code = "live_session"     // belongs to the desktop that is still running
	CodeMissing         Code = "missing"          // an entry of the baseline is not there
	CodeNetwork         Code = "network"          // lies on a network file system: not touched
	CodeMount           Code = "mount"            // another file system is mounted there: left alone
	CodeNeedsRoot       Code = "needs_root"       // only an administrator can put it right
	CodeNoSpace         Code = "no_space"         // the disk is full
	CodeReadOnly        Code = "read_only"        // the file system is mounted read-only
	CodeRemains         Code = "remains"          // it is there again, or still
	CodeUnreadable      Code = "unreadable"       // could not be read, so nothing can be said about it
	CodeVolatile        Code = "volatile"         // the desktop writes it again by itself
)

// Result counts what happened to one artifact with one outcome and code.
type Result struct {
	Artifact  ArtifactID
	Class     Class
	Outcome   Outcome
	Assurance Assurance // only with Erased
	Code      Code
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
	PhasePlan    Phase = "plan"
	PhaseClose   Phase = "close_applications"
	PhaseHold    Phase = "documents"
	PhaseErase   Phase = "erase"
	PhaseRestore Phase = "restore"
	PhaseVerify  Phase = "verify"
)

// Progress is a step within a phase.
type Progress struct {
	Phase Phase
	Done  int   // entries dealt with so far in this phase
	Bytes int64 // bytes dealt with so far in this phase
}
