package state

import (
	"encoding/json"
	"fmt"
	"time"
)

// State says where an account stands.
type State string

// The states.
const (
	Clean       State = "clean"        // wiped, verified, and not touched since
	InUse       State = "in_use"       // a session is or may be going on
	Wiping      State = "wiping"       // a wipe began and has not ended
	Residue     State = "residue"      // a wipe ended and something is left
	NotEnrolled State = "not_enrolled" // there is no baseline
	Unknown     State = "unknown"      // nothing certain can be said
)

// Record is what is remembered about an account. It holds nothing that tells who was served, or when within the day.
type Record struct {
	State    State  `json:"state"`
	Day      string `json:"day,omitempty"`    // of the last wipe or enrollment, YYYY-MM-DD
	Result   string `json:"result,omitempty"` // of the last wipe: complete, incomplete or refused
	Baseline int    `json:"baseline,omitempty"`
	// Assurance is the weakest that the last wipe reached, as package wipe spells it.
	Assurance string `json:"assurance,omitempty"`
	Erased    int    `json:"erased,omitempty"`
	Restored  int    `json:"restored,omitempty"`
	Residual  int    `json:"residual,omitempty"`
	Skipped   int    `json:"skipped,omitempty"`
	Held      int    `json:"held,omitempty"`
	// Distrust says that a device was found to keep what it was asked to discard.
	Distrust bool `json:"distrust,omitempty"`
	// FreeSpace is where the next cleaning of free space goes on, in bytes, by volume in the order of the plan.
	FreeSpace []int64 `json:"free_space,omitempty"`
	Live      bool    `json:"live,omitempty"`  // the desktop went on running during the last wipe
	Admin     bool    `json:"admin,omitempty"` // the account could become administrator when it was enrolled
	// Left counts what is left, by class of the catalogue.
	Left map[string]int `json:"left,omitempty"`
}

// check refuses whatever could carry a person's data.
func (r Record) check() error {
	if !r.State.known() {
		return fmt.Errorf("checking the state: %w", ErrInvalid)
	}
	switch r.Result {
	case "", "complete", "incomplete", "refused":
	default:
		return fmt.Errorf("checking the result: %w", ErrInvalid)
	}
	if r.Assurance != "" && !word(r.Assurance) {
		return fmt.Errorf("checking the assurance: %w", ErrInvalid)
	}
	if r.Day != "" {
		if _, err := time.Parse(time.DateOnly, r.Day); err != nil {
			return fmt.Errorf("checking the day: %w", ErrInvalid)
		}
	}
	if len(r.FreeSpace) > 16 {
		return fmt.Errorf("checking the volumes: %w", ErrInvalid)
	}
	if len(r.Left) > 64 {
		return fmt.Errorf("checking the classes: %w", ErrInvalid)
	}
	for class := range r.Left {
		if !word(class) {
			return fmt.Errorf("checking the classes: %w", ErrInvalid)
		}
	}
	return nil
}

func (s State) known() bool {
	switch s {
	case Clean, InUse, Wiping, Residue, NotEnrolled, Unknown:
		return true
	}
	return false
}

// word accepts the spelling of a class: short, lower case, underscores.
func word(s string) bool {
	if s == "" || len(s) > 24 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return true
}

func (r Record) encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(r)
	if err != nil || len(text) > slotSize-headSize {
		return nil, fmt.Errorf("encoding the record: %w", ErrInvalid)
	}
	return text, nil
}

// decode reads a record whose checksum is right. One from a later version may have words that this one does not know.
func decode(text []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("decoding the record: %w", ErrCorrupt)
	}
	if r.check() != nil {
		return Record{State: Unknown}, nil
	}
	return r, nil
}
