// Package host says what the machine says: the processes of an account, the mounts, the account itself, and which
// folders it can write to. It also ends processes and detaches mounts when told which ones.
//
// It decides nothing: what may stay, what must end and what is worth a word are the caller's. It opens no file of an
// account, and reads no attribute of anything that a FUSE server or a network answers for, because such an answer may
// never come.
package host

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
)

// The reasons behind the errors of this package. None carries a name or a path.
var (
	// ErrPartial comes with a result that is true but may not be all: some of it could not be read.
	ErrPartial = errors.New("not everything could be read")
	// ErrNoAccount means that the system does not know the account.
	ErrNoAccount = errors.New("no such account")
	// ErrRefused means that the request would touch what this package never touches.
	ErrRefused = errors.New("refused")
	// ErrGone means that the process or mount is no longer the one that was listed.
	ErrGone = errors.New("no longer there")
	// ErrDenied means that the system wants more rights.
	ErrDenied = errors.New("permission denied")
)

// Host asks one machine. It keeps no state between calls and is safe for concurrent use.
type Host struct {
	goos string
	proc string // where procfs is mounted
	etc  string // where the account files are
}

// New returns the host for the operating system that the program runs on, given as a GOOS value.
func New(goos string) *Host { return &Host{goos: goos, proc: "/proc", etc: "/etc"} }

// Process is a running process as it was when it was listed. PID and Started together name it for good.
type Process struct {
	PID    int
	Parent int
	// System says that it runs with the rights of root alone.
	System bool
	// Name is what the process calls itself; it can be anything.
	Name string
	// Exe is the path of its program file, empty when unknown.
	Exe string
	// RootOwnedExe says that the program file, and each folder above it, belongs to root and can be changed by nobody
	// else, and that it is the file that really runs. It says nothing about the scripts or libraries that it loads.
	RootOwnedExe bool
	// Started tells processes apart that had the same number: clock ticks since the machine started on Linux,
	// milliseconds since 1970 elsewhere.
	Started int64
}

// plain reduces an error of the operating system to one that carries no path.
func plain(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit // only the exit code or the signal
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrGone
	case errors.Is(err, fs.ErrPermission):
		return ErrDenied
	}
	return ErrPartial
}
