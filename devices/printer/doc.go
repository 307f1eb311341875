// Package printer lists printers, prints documents and takes print jobs back, through the print service CUPS. It speaks
// IPP (RFC 8010, RFC 8011) and the operations that CUPS adds (https://www.cups.org/doc/spec-ipp.html) on the service's
// local socket, as the account that it is made for.
//
// A job carries no name of a document, and once canceled or purged it leaves neither a file in the spool nor a line in
// the history that the service keeps. Jobs of other accounts are never canceled, also where the process could.
//
// It does NOT set up, pause or resume printers, convert documents (what the service cannot print is refused), reach
// print services on other machines, or take back what a printer has received already. It neither logs nor keeps
// anything, and leaves no goroutine behind. Windows is not supported: every call returns errors.ErrUnsupported.
package printer

import (
	"errors"
	"io"
)

// Errors of this package; tell them apart with errors.Is. None of them bears a name of a printer, account or document.
var (
	// ErrNoService means that no print service answers in time.
	ErrNoService = errors.New("no print service answers")
	// ErrAnswer means that what answered makes no sense.
	ErrAnswer = errors.New("the print service's answer makes no sense")
	// ErrFormat means that documents of this type cannot be printed here.
	ErrFormat = errors.New("documents of this type cannot be printed")
	// ErrNotAccepting means that the printer takes no jobs now.
	ErrNotAccepting = errors.New("the printer takes no jobs")
	// ErrNotFound means that there is no such printer or job any more.
	ErrNotFound = errors.New("no such printer or job")
	// ErrNotYours means that a job is not known to be the account's own; it was left alone.
	ErrNotYours = errors.New("not a job of this account")
	// ErrNotPermitted means that the print service wants more rights than this process can prove.
	ErrNotPermitted = errors.New("not permitted by the print service")
	// ErrTooLarge means that a document is larger than MaxDocument or than the service takes.
	ErrTooLarge = errors.New("the document is too large to print")
	// ErrRefused means that the service refused for another reason; the number of the IPP status follows it.
	ErrRefused = errors.New("refused by the print service")
	// ErrLeft means that a job was canceled and is still known to the service.
	ErrLeft = errors.New("the job is still in the spool")
)

// Bounds on what is sent and taken.
const (
	MaxDocument = 2 << 30 // bytes of a document
	maxAnswer   = 1 << 20 // bytes of an answer, its HTTP head included
	maxPrinters = 500     // printers that are listed
	maxJobs     = 5000    // jobs that are looked at; MaxJobs of cupsd.conf(5) is 500 by default
	maxName     = 127     // bytes of a printer's name, as the service's own bound
	maxInfo     = 100     // characters of a printer's description
)

// Printer is a print queue of the service.
type Printer struct {
	Name      string // what Print takes; never empty
	Info      string // for people: its description, or its name where it has none; one line, at most 100 characters
	Default   bool   // the service's default; an account may have chosen another one for itself
	Paused    bool   // jobs are taken and wait
	Accepting bool   // jobs are taken
	Reason    Reason // why it does not print, or would not now; empty: nothing known
}

// State is how far a job is.
type State string

// States. The last four are final.
const (
	Pending    State = "pending"    // waits for its turn or for the printer
	Held       State = "held"       // waits for somebody to release it
	Processing State = "processing" // is being converted or sent
	Stopped    State = "stopped"    // began, and waits
	Canceled   State = "canceled"
	Aborted    State = "aborted"   // the service gave up
	Completed  State = "completed" // the printer has received it
	Gone       State = "gone"      // the service does not know it (any more): purged, or finished where no history is kept
)

// Final tells that the job will not change any more.
func (s State) Final() bool { return s == Canceled || s == Aborted || s == Completed || s == Gone }

// Reason says why a printer or a job does not get on.
type Reason string

// Reasons.
const (
	Paused     Reason = "paused"      // the printer was stopped, by somebody or by a fault
	Offline    Reason = "offline"     // the printer cannot be reached
	PaperEmpty Reason = "paper_empty" // no paper, or no tray for it
	PaperJam   Reason = "paper_jam"
	Toner      Reason = "toner"     // toner or ink used up, or its waste bin full
	DoorOpen   Reason = "door_open" // a door or cover
	OnHold     Reason = "held"      // jobs only: held until somebody releases it
	Waiting    Reason = "waiting"   // jobs only: other jobs or the connection come first
	BadFormat  Reason = "format"    // jobs only: the document could not be converted
	Other      Reason = "other"     // the printer says something that is none of these
)

// Job is one print job.
type Job struct {
	ID      int    // above 0, given by the service
	Printer string // name of its queue, empty where it is not known
	State   State
	Mine    bool   // the service says that it is of the account in Options
	Bytes   int64  // size of its documents, rounded up to 1024
	Reason  Reason // why it waits or failed, empty: no reason known
}

// Document is what to print. Nothing but its content and type goes to the service: no title, no file name.
type Document struct {
	// Type is a media type: application/pdf, application/postscript, text/plain, image/ and any, or
	// application/octet-stream, where the service looks at the content. All others are ErrFormat. Content that the
	// service does not recognize goes to the printer as it is, byte by byte: ask for octet-stream only where it is known
	// to be one of the others.
	Type string
	// Open opens the content, from its beginning. It is called once, and what it returns is read to the end and closed
	// before Print returns; its Read must not block without bound.
	Open func() (io.ReadCloser, error)
}
