package worker

import (
	"encoding/json"

	"ipguard/wipe"
	"ipguard/wipe/execute"
)

// Phase is what a worker is told to do.
type Phase string

// The phases in their order. Between Overwrite and Unlink the service brings the volumes to the medium, between Unlink and
// Clear it takes their journals along. The end of the input is the end of the worker.
const (
	Begin     Phase = "begin"
	Overwrite Phase = "overwrite"
	Unlink    Phase = "unlink"
	Clear     Phase = "clear"
)

// shown is what a phase is for those who watch.
func (p Phase) shown() wipe.Phase {
	if p == Overwrite {
		return wipe.PhaseOverwrite
	}
	return wipe.PhaseErase
}

// command is a line from the service.
type command struct {
	Phase Phase           `json:"phase"`
	Share json.RawMessage `json:"share,omitempty"` // with Begin: an execute.Share
}

// answer is a line from the worker: how far it is, or that a phase has ended.
type answer struct {
	Phase Phase `json:"phase"`
	Ended bool  `json:"ended,omitempty"`
	// Steps grows for as long as work goes on.
	Steps int64 `json:"steps"`
	Done  int   `json:"done"`
	Bytes int64 `json:"bytes"`
	// Erased is everything that was erased since the beginning. It is there at the end of a phase and now and then before.
	Erased []execute.Erased `json:"erased,omitempty"`
}
