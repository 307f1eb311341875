package ipc

import (
	"context"
	"errors"
	"net/http"

	"ipguard/agent"
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
	}
	return nil
}

// status is the HTTP status that goes with a code.
func (c Code) status() int {
	switch c {
	case CodeNotPermitted:
		return http.StatusForbidden
	case CodeUnknownAccount:
		return http.StatusNotFound
	case CodeNoneEnrolled, CodeSeveral, CodeStopped, CodeRefused:
		return http.StatusConflict
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
	for _, c := range []Code{CodeNotPermitted, CodeUnknownAccount, CodeNoneEnrolled, CodeSeveral} {
		if errors.Is(err, c.Unwrap()) {
			return c
		}
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
}
