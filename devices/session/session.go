// Package session tells when somebody signs in or out of the machine, when a screen is locked or nobody touches it, when
// the machine sleeps, wakes or stops, and when the lid closes. It can lock an account's screens and end its sessions.
//
// It does not decide what follows from any of this, knows no names of people, and writes nothing anywhere: the ids of
// sessions and accounts stay in memory. What happens while nothing can be heard (the session manager restarts, or the
// program starts later than somebody signed in) is told as soon as it is known.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ipguard/devices"
)

// The reasons behind the errors of this package. None carries a name, an id or a path.
var (
	// ErrNoSessions means that nobody on this machine can be asked about sessions: there is no session manager, or it does
	// not answer at the moment.
	ErrNoSessions = fmt.Errorf("no session manager: %w", errors.ErrUnsupported)
	// ErrDenied means that the session manager wants more rights.
	ErrDenied = errors.New("permission denied")
	// ErrOpening means that a session cannot be ended yet, because somebody is just signing in. Asking again later helps.
	ErrOpening = errors.New("still being opened")
	// ErrRefused means that the session manager would not do it.
	ErrRefused = errors.New("refused by the session manager")
)

// Session is a session that is open, also that of a job. Greeters, lock screens and service managers are none, nor is one that
// somebody has left and that the system only keeps because programs of it still run.
type Session struct {
	ID      string // what the system calls it
	Account string // the id of the account, a uid in decimal or a Windows SID
	Locked  bool   // as far as the desktop says
	Idle    bool   // nobody touches it
	Remote  bool   // from another machine
	// Type is "tty", "x11", "wayland", "mir" or, where nobody sits, "unspecified" on Linux, "console" or "remote" elsewhere.
	Type string
}

// Options change how a Watcher works. Zero values are what a service wants.
type Options struct {
	// Socket is where the system bus of a Linux machine listens: the path of a unix socket.
	Socket string
	// Inputs is where the kernel of a Linux machine lists its input devices, the lid among them: a folder.
	Inputs string
	// Tick is how often to ask about the lid, while a session is open and where no signal tells. Sessions are looked at
	// every third time.
	Tick time.Duration
	// Retry is how long to wait before the first new attempt to reach the session manager. Later ones wait longer.
	Retry time.Duration
	// Within bounds each question to the system.
	Within time.Duration
	// TTYIdle is for how long a text console or an SSH session must not have been touched to count as idle. Desktops have
	// a limit of their own.
	TTYIdle time.Duration
	// Clock tells how long ago the machine started, with the time it slept and without.
	Clock func() (boot, awake time.Duration)
}

// filled puts in what was left out.
func (o Options) filled() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Tick, 10 * time.Second}, {&o.Retry, time.Second}, {&o.Within, 3 * time.Second}, {&o.TTYIdle, 5 * time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Socket == "" {
		o.Socket = "/run/dbus/system_bus_socket"
	}
	if o.Inputs == "" {
		o.Inputs = "/sys/class/input"
	}
	if o.Clock == nil {
		o.Clock = clock
	}
	return o
}

// system is what each operating system has a way of its own for.
type system interface {
	run(ctx context.Context, out chan<- devices.Event) error
	sessions(ctx context.Context) ([]Session, error)
	lock(ctx context.Context, account string) error
	end(ctx context.Context, session string) error
	endAll(ctx context.Context, account string) error
	stopping(ctx context.Context) (bool, error)
	delaySleep(ctx context.Context) (release func(), err error)
	powerOff(ctx context.Context) error
	notify(n Notice)
}

// Watcher watches the sessions of one machine. It is safe for concurrent use.
type Watcher struct{ system system }

// New returns the watcher for the operating system that the program runs on, given as a GOOS value. Where it was not
// built for that system, everything it does fails with ErrNoSessions.
func New(goos string, o Options) *Watcher {
	if goos != builtFor {
		return &Watcher{none{}}
	}
	return &Watcher{newSystem(o.filled())}
}

// Run watches until ctx ends, and then returns nil. It first tells of every session that is open already, in the words of
// a sign-in. Whatever goes wrong with the session manager it tries again, more and more seldom; meanwhile, as on a machine
// that has none, there are no events.
//
// Events are sent in the order in which they were noticed. When they are not taken for long, those of one account that
// later ones supersede are left out: Open is always right, and that an account had no session left for a while is always
// told, but not every single session. Run is called once.
func (w *Watcher) Run(ctx context.Context, out chan<- devices.Event) error {
	return w.system.run(ctx, out)
}

// Sessions lists the open sessions of all accounts.
func (w *Watcher) Sessions(ctx context.Context) ([]Session, error) { return w.system.sessions(ctx) }

// Lock asks for the screens of all sessions of the account to be locked. On Linux it is the desktop that locks, and one
// without a screen lock does nothing; errors.ErrUnsupported says that the system knows of no screen that could be locked.
func (w *Watcher) Lock(ctx context.Context, account string) error {
	return w.system.lock(ctx, account)
}

// TurnAway ends a session with all its programs. One that is not open any more is no error. While it is still being
// opened, which takes a moment after SignedIn was told, it waits, half a minute at most and almost as long as ctx allows;
// then the error is ErrOpening.
func (w *Watcher) TurnAway(ctx context.Context, session string) error {
	if session == "" {
		return nil // to the system that would be the session of whoever asks
	}
	return w.system.end(ctx, session)
}

// SignOut ends all sessions of the account with all their programs. It is no error when there are none. It waits as
// TurnAway does; with ErrOpening all those were ended that could be. Programs that the system does not count among those
// of a session stay.
func (w *Watcher) SignOut(ctx context.Context, account string) error {
	return w.system.endAll(ctx, account)
}

// ShuttingDown tells whether the machine is about to power off or to restart.
func (w *Watcher) ShuttingDown(ctx context.Context) (bool, error) { return w.system.stopping(ctx) }

// DelaySleep makes the machine wait, for some seconds at most, before it next falls asleep, so that there is time to lock
// the screens. The caller hears Asleep, locks, and releases. Not calling release costs no more than these seconds.
func (w *Watcher) DelaySleep(ctx context.Context) (release func(), err error) {
	return w.system.delaySleep(ctx)
}

// PowerOff has the machine switched off in the ordinary way, with every program asked to end first. It returns when the
// session manager has agreed; the machine goes on for a while. Nobody is asked to confirm. errors.ErrUnsupported says that
// there is no session manager that could do it.
func (w *Watcher) PowerOff(ctx context.Context) error { return w.system.powerOff(ctx) }

// Notify hands on what a Windows service hears from the system. It never blocks. Other systems need it not.
func (w *Watcher) Notify(n Notice) { w.system.notify(n) }

// none is a system without sessions.
type none struct{}

func (none) run(context.Context, chan<- devices.Event) error      { return ErrNoSessions }
func (none) sessions(context.Context) ([]Session, error)          { return nil, ErrNoSessions }
func (none) lock(context.Context, string) error                   { return ErrNoSessions }
func (none) end(context.Context, string) error                    { return ErrNoSessions }
func (none) endAll(context.Context, string) error                 { return ErrNoSessions }
func (none) stopping(context.Context) (bool, error)               { return false, ErrNoSessions }
func (none) delaySleep(context.Context) (release func(), e error) { return func() {}, ErrNoSessions }
func (none) powerOff(context.Context) error                       { return ErrNoSessions }
func (none) notify(Notice)                                        {}
