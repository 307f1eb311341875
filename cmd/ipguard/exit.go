package main

import (
	"context"
	"errors"

	"ipguard/agent"
	"ipguard/agent/ipc"
	"ipguard/agent/launcher"
	"ipguard/agent/pin"
	"ipguard/agent/service"
	"ipguard/agent/state"
	"ipguard/agent/trace"
	"ipguard/devices/host"
	"ipguard/devices/media"
	"ipguard/devices/printer"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// The exit codes are an API: they never change their meaning.
const (
	exitDone         = 0
	exitError        = 1
	exitUsage        = 2
	exitIncomplete   = 3
	exitRefused      = 4
	exitNotPermitted = 5
	exitNotClean     = 10
	exitInterrupted  = 130
)

// exit is an error that carries its exit code and the key of the sentence that people read.
type exit struct {
	code int
	key  string // of package text; empty when everything was said already
	word string // for --json
	args []any
}

func (e *exit) Error() string { return e.word }

func usage(key string, args ...any) error {
	return &exit{code: exitUsage, key: key, word: "usage", args: args}
}

// quiet ends with a code after everything was said.
func quiet(code int) error { return &exit{code: code} }

// explain turns an error of the parts into a sentence with the way out. It is the one place where that is done.
func explain(err error) *exit {
	var e *exit
	if errors.As(err, &e) {
		return e
	}
	if r, ok := wipe.AsRefusal(err); ok {
		return &exit{code: refusalCode(r), key: "refused." + string(r), word: string(r)}
	}
	if locked := (*pin.Locked)(nil); errors.As(err, &locked) {
		return &exit{code: exitNotPermitted, key: "error.pin_wait", word: "pin_wait", args: []any{minutes(locked.Wait)}}
	}
	for _, k := range knownErrors() {
		if errors.Is(err, k.err) {
			return &exit{code: k.code, key: "error." + k.word, word: k.word}
		}
	}
	return &exit{code: exitError, key: "error.other", word: "error", args: []any{err.Error()}}
}

// knownError is an error of the parts with its exit code and the word for it, by which its sentence is found.
type knownError struct {
	err  error
	code int
	word string
}

func knownErrors() []knownError {
	return []knownError{
		{context.Canceled, exitInterrupted, "interrupted"},
		{agent.ErrUnknownAccount, exitUsage, "unknown_account"},
		{agent.ErrNoneEnrolled, exitRefused, "none_enrolled"},
		{agent.ErrSeveral, exitUsage, "several_accounts"},
		{agent.ErrNotPermitted, exitNotPermitted, "not_permitted"},
		{agent.ErrDeclined, exitInterrupted, "declined"},
		{agent.ErrNetworkHome, exitRefused, "network_home"},
		{agent.ErrNoHome, exitRefused, "no_home"},
		{agent.ErrPath, exitUsage, "refresh_path"},
		{state.ErrLocked, exitError, "locked"},
		{state.ErrUnsafe, exitError, "unsafe_state"},
		{state.ErrUnwritable, exitError, "unwritable_state"},
		{state.ErrInvalid, exitUsage, "bad_state_dir"},
		{baseline.ErrTooManyFiles, exitRefused, "too_many_files"},
		{baseline.ErrTooManyBytes, exitRefused, "too_many_bytes"},
		{baseline.ErrChanging, exitError, "changing"},
		{baseline.ErrCorrupt, exitError, "baseline_corrupt"},
		{walk.ErrNoSpace, exitError, "no_space"},
		{ipc.CodeBusy, exitError, "busy"},
		{ipc.CodeEnding, exitError, "ending"},
		{ipc.CodeFailed, exitError, "service_failed"},
		{ipc.ErrNotAnswering, exitError, "silent"},
		{ipc.ErrBroken, exitError, "broken"},
		{ipc.ErrForeign, exitError, "foreign"},
		{ipc.ErrRunning, exitError, "already_running"},
		{ipc.ErrUnsafe, exitError, "socket"},
		{service.ErrNotAdmin, exitNotPermitted, "service_admin"},
		{service.ErrNoManager, exitError, "no_manager"},
		{service.ErrNotInstalled, exitError, "not_installed"},
		{service.ErrAlreadyInstalled, exitRefused, "installed_otherwise"},
		{service.ErrProgram, exitRefused, "bad_program"},
		{service.ErrManager, exitError, "manager"},
		{service.ErrTimeout, exitError, "manager"},
		{service.ErrStart, exitError, "not_started"},
		{service.ErrStop, exitError, "not_stopped"},
		{pin.ErrWrong, exitNotPermitted, "wrong_pin"},
		{pin.ErrNone, exitRefused, "no_pin"},
		{pin.ErrFormat, exitUsage, "pin_format"},
		{agent.ErrChanged, exitError, "document_changed"},
		{agent.ErrNoBatch, exitUsage, "batch"},
		{media.ErrBusy, exitRefused, "medium_busy"},
		{media.ErrGone, exitRefused, "medium_gone"},
		{media.ErrNoMedium, exitRefused, "medium_gone"},
		{media.ErrDenied, exitNotPermitted, "medium_denied"},
		{media.ErrNoService, exitError, "no_media"},
		{media.ErrRefused, exitError, "media_failed"},
		{printer.ErrNoService, exitError, "no_printing"},
		{printer.ErrFormat, exitError, "print_format"},
		{launcher.ErrNoTerminal, exitError, "no_terminal"},
		{host.ErrNoProgram, exitError, "no_terminal"},
		{trace.ErrTooMuch, exitUsage, "too_much"},
		{walk.ErrDenied, exitError, "denied"},
		{walk.ErrReadOnly, exitError, "read_only"},
	}
}

func refusalCode(r wipe.Refusal) int {
	if r == wipe.RefusedStranger {
		return exitNotPermitted
	}
	return exitRefused
}
