package ipc

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ipguard/agent"
	"ipguard/agent/pin"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// Code is why a request was not carried out. As an error it crosses the wire: what the service's side returns, wrapped or
// not, is found by errors.Is on the client's.
type Code string

// The codes.
const (
	CodeNotPermitted   Code = "not_permitted"
	CodeUnknownAccount Code = "unknown_account"
	CodeNoneEnrolled   Code = "none_enrolled"
	CodeSeveral        Code = "several_accounts"
	CodeBusy           Code = "busy" // too much is being asked at once
	CodeBadRequest     Code = "bad_request"
	CodeStopped        Code = "stopped" // somebody stopped the countdown
	CodeEnding         Code = "ending"  // the service is being stopped
	CodeRefused        Code = "refused" // comes with a wipe.Refusal
	CodeFailed         Code = "failed"
	// About documents that were set aside.
	CodeWrongPIN Code = "wrong_pin"
	CodeNoPIN    Code = "no_pin"   // none is set: only an administrator can give them back
	CodeWait     Code = "wait"     // too many wrong PINs; comes with how long, as a Wait
	CodeNoBatch  Code = "no_batch" // they are not there, or not any more
)

// Error makes a code an error.
func (c Code) Error() string { return "the service answers: " + string(c) }

// Unwrap returns the error by which package agent says the same, if it has one, so that a command need not care who
// answered.
func (c Code) Unwrap() error {
	switch c {
	case CodeNotPermitted:
		return agent.ErrNotPermitted
	case CodeUnknownAccount:
		return agent.ErrUnknownAccount
	case CodeNoneEnrolled:
		return agent.ErrNoneEnrolled
	case CodeSeveral:
		return agent.ErrSeveral
	case CodeWrongPIN:
		return pin.ErrWrong
	case CodeNoPIN:
		return pin.ErrNone
	case CodeNoBatch:
		return agent.ErrNoBatch
	}
	return nil
}

// Wait is the error with which the service says that no PIN is looked at for a while. It is a CodeWait and a *pin.Locked.
type Wait struct{ For time.Duration }

// Error says so without a number, which is for whoever reads For.
func (Wait) Error() string { return CodeWait.Error() }

// Unwrap returns what it stands for.
func (w Wait) Unwrap() []error { return []error{CodeWait, &pin.Locked{Wait: w.For}} }

// status is the HTTP status that goes with a code.
func (c Code) status() int {
	switch c {
	case CodeNotPermitted, CodeWrongPIN:
		return http.StatusForbidden
	case CodeUnknownAccount, CodeNoBatch:
		return http.StatusNotFound
	case CodeNoneEnrolled, CodeSeveral, CodeStopped, CodeRefused, CodeNoPIN:
		return http.StatusConflict
	case CodeWait:
		return http.StatusTooManyRequests
	case CodeBusy, CodeEnding:
		return http.StatusServiceUnavailable
	case CodeBadRequest:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// codeOf turns an error into what may be said of it: one of the codes above. Anything else of its text stays here.
func codeOf(err error) Code {
	var c Code
	if errors.As(err, &c) {
		return c
	}
	for _, c := range []Code{
		CodeNotPermitted, CodeUnknownAccount, CodeNoneEnrolled, CodeSeveral, CodeWrongPIN, CodeNoPIN, CodeNoBatch,
	} {
		if errors.Is(err, c.Unwrap()) {
			return c
		}
	}
	var locked *pin.Locked
	switch {
	case errors.As(err, &locked):
		return CodeWait
	case errors.Is(err, pin.ErrFormat):
		return CodeWrongPIN // it cannot be the one that was set
	case errors.Is(err, agent.ErrFolder):
		return CodeBadRequest
	case errors.Is(err, state.ErrLocked):
		return CodeBusy
	}
	if _, ok := wipe.AsRefusal(err); ok {
		return CodeRefused
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return CodeBusy
	case errors.Is(err, context.Canceled):
		return CodeEnding // or the caller has left, and nobody reads it
	}
	return CodeFailed
}

// problem is the body of every answer that is not a success.
type problem struct {
	Error   Code         `json:"error"`
	Refusal wipe.Refusal `json:"refusal,omitempty"`
	Wait    int64        `json:"wait,omitempty"` // with CodeWait: seconds, rounded up
}

// problemOf says what may be said of an error.
func problemOf(err error) problem {
	p := problem{Error: codeOf(err)}
	p.Refusal, _ = wipe.AsRefusal(err)
	var locked *pin.Locked
	if p.Error == CodeWait && errors.As(err, &locked) {
		p.Wait = int64((max(locked.Wait, 0) + time.Second - 1) / time.Second)
	}
	return p
}

// err is the error that a client returns for it.
func (p problem) err() error {
	switch {
	case p.Refusal != "":
		return p.Refusal
	case p.Error == CodeWait:
		return Wait{For: time.Duration(min(max(p.Wait, 0), waitMost)) * time.Second}
	case p.Error != "":
		return p.Error
	}
	return nil
}

// waitMost is the longest wait, in seconds, that a client believes.
const waitMost = 1 << 31
