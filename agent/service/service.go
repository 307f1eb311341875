// Package service makes ipguard a service of the operating system and runs it as one: it installs, removes, starts and
// stops the service, tells how it stands, and carries what the service manager says to the program and back.
//
// It does not know what the program does, does not watch sessions, writes no log, and keeps nothing but the file or the
// table entry by which the service manager knows the service. The state directory is never touched: what was enrolled
// outlives an uninstallation.
package service

import (
	"context"
	"errors"
	"time"

	"ipguard/devices"
)

// Name is what the service managers of all systems know the service by.
const Name = "ipguard"

const (
	displayName = "ipguard"
	description = "Clears a shared account between two people"
)

// The reasons why something was not done. No error of this package carries a path or what another program wrote.
var (
	// ErrNotAdmin means that only root, or an elevated administrator, may do this.
	ErrNotAdmin = errors.New("an administrator is needed")
	// ErrNoManager means that no service manager that is supported runs here: on Linux that systemd is not process 1.
	ErrNoManager = errors.New("no supported service manager")
	// ErrNotInstalled means that the service manager does not know the service.
	ErrNotInstalled = errors.New("the service is not installed")
	// ErrAlreadyInstalled means that a service of this name is there which Install did not make: a package did, or a
	// person. It is left as it is.
	ErrAlreadyInstalled = errors.New("the service was installed by something else")
	// ErrProgram means that the program file cannot serve: it lies at a path that a service manager would misread, or
	// others than an administrator could replace it and so become administrators themselves.
	ErrProgram = errors.New("the program file is not fit for a service")
	// ErrManager means that the service manager refused.
	ErrManager = errors.New("the service manager refused")
	// ErrStart means that the service did not start; its log says why.
	ErrStart = errors.New("the service did not start")
	// ErrStop means that the service did not stop.
	ErrStop = errors.New("the service did not stop")
	// ErrTimeout means that the service manager gave no answer in time. What was asked for may still happen.
	ErrTimeout = errors.New("the service manager gave no answer in time")
	// ErrEnded means that the program ended although nobody had asked it to.
	ErrEnded = errors.New("the program ended by itself")
)

// Options say which program the service is, and how it is connected while it runs.
type Options struct {
	// Exe is the absolute path of the program file that the service manager starts, as `Exe service run`. Links in it are
	// resolved when the service is installed.
	Exe string
	// StateDir is passed on as --state-dir; empty means the program's default.
	StateDir string

	// Alive, which may be nil, tells the running service whether the program still gets on with its work. While it says
	// no the service manager's watchdog is not fed, so that the program is killed and started again. It is called from a
	// goroutine of its own, a few times a minute.
	Alive func() bool
	// Control, which may be nil, hears what the Windows service manager says about sessions and power. It must return at
	// once: the service manager waits for it.
	Control func(ControlEvent)
}

// Program is what runs as the service.
type Program interface {
	// Run works until ctx ends and returns when everything is in order; the service manager is asked for more time
	// meanwhile. It calls ready when the work of the boot is done: on Linux nobody can sign in before.
	Run(ctx context.Context, ready func()) error
}

// ControlEvent is something that the Windows service manager told. It does not say which session it is about: the
// notification is gone from memory before a Go program can read it, so that whoever hears it asks for the sessions.
type ControlEvent struct{ Kind devices.Kind }

// Status is how the service stands.
type Status struct {
	Installed bool // the service manager knows it
	Enabled   bool // it starts with the machine
	Running   bool // it runs, or is starting
	Failed    bool // it ended in error and is not running
}

// How long the service manager may take. Changing reloads every unit, which took 17 s on a slow machine. Starting lasts as long as the work of the boot, which the unit gives 90 s;
// stopping as long as a wipe that is being finished, which the unit gives 120 s.
const (
	askLimit    = 20 * time.Second
	changeLimit = time.Minute
	startLimit  = 100 * time.Second
	stopLimit   = 130 * time.Second
)

// Install makes the service known, starting with the machine. It does not start it. Installing again with other options
// changes the service in place, which a running one notices when it is restarted; with the same options it does nothing.
func Install(ctx context.Context, o Options) error {
	m, err := open(o)
	if err != nil {
		return err
	}
	return m.install(ctx)
}

// Uninstall stops the service and makes it unknown.
func Uninstall(ctx context.Context, o Options) error {
	m, err := open(o)
	if err != nil {
		return err
	}
	return m.uninstall(ctx)
}

// Start starts the service and waits until it is ready. A service that runs is left alone.
func Start(ctx context.Context, o Options) error {
	m, err := open(o)
	if err != nil {
		return err
	}
	return m.start(ctx)
}

// Stop stops the service and waits until it has stopped. A service that does not run is left alone.
func Stop(ctx context.Context, o Options) error {
	m, err := open(o)
	if err != nil {
		return err
	}
	return m.stop(ctx)
}

// Ask tells how the service stands. Anybody may ask. Where there is no service manager the service is not installed.
func Ask(ctx context.Context, o Options) (Status, error) {
	m, err := open(o)
	if errors.Is(err, ErrNoManager) {
		return Status{}, nil
	} else if err != nil {
		return Status{}, err
	}
	return m.status(ctx)
}

// Run runs the program until the service manager, a signal or ctx ends it, and waits until it has returned. Without a
// service manager it runs in the foreground. The error is the program's, or ErrEnded when it returned none and nobody had
// asked it to end.
func Run(ctx context.Context, o Options, p Program) error { return run(ctx, o, p) }

// manager is what can be asked of a service manager.
type manager interface {
	install(context.Context) error
	uninstall(context.Context) error
	start(context.Context) error
	stop(context.Context) error
	status(context.Context) (Status, error)
}

// bounded waits for something that knows no context. What does not end in time is left to itself: it ends with the
// program that it asked, and with the process.
func bounded(ctx context.Context, limit time.Duration, do func() error) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ErrTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
}
