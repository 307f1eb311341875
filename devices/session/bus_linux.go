package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// Names on the bus.
const (
	busName     = "org.freedesktop.DBus"
	busPath     = dbus.ObjectPath("/org/freedesktop/DBus")
	properties  = "org.freedesktop.DBus.Properties"
	login       = "org.freedesktop.login1"
	loginPath   = dbus.ObjectPath("/org/freedesktop/login1")
	manager     = "org.freedesktop.login1.Manager"
	aSession    = "org.freedesktop.login1.Session"
	sessionPath = "/org/freedesktop/login1/session/"
)

// errGone means that the system no longer knows the session or the account.
var errGone = errors.New("no longer there")

// pipe carries a connection to the bus.
type pipe struct {
	frames
	file   *os.File
	within time.Duration
}

// Write implements io.Writer. godbus waits for it even when the context of a call has ended, so it is bounded here: a bus
// that takes nothing any more breaks the connection.
func (p *pipe) Write(b []byte) (int, error) {
	if string(b) == "BEGIN\r\n" { // the last line of the handshake, see "Authentication Protocol" in the specification
		p.on.Store(true)
	}
	if err := p.file.SetWriteDeadline(time.Now().Add(p.within)); err != nil {
		return 0, err
	}
	return p.file.Write(b)
}

// Close implements io.Closer.
func (p *pipe) Close() error { return p.file.Close() }

// client is a connection to the system bus.
type client struct {
	conn   *dbus.Conn
	within time.Duration
}

// dial connects to the bus. godbus could do that itself, but neither within a bounded time nor with a bound on what
// strangers send. Signals go to h, which must not block: answers are read by the same goroutine. (The handlers that
// godbus has of its own start a goroutine for each signal that waits, and mix up the order, or queue without bound.)
func dial(ctx context.Context, o Options, h dbus.SignalHandler) (*client, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	file := os.NewFile(uintptr(fd), "bus")
	// Non-blocking: where nobody accepts and the queue is full, this fails with EAGAIN.
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: o.Socket}); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w: %w", ErrNoSessions, err)
	}
	p := &pipe{file: file, within: o.Within}
	p.from = file
	if err := file.SetReadDeadline(time.Now().Add(o.Within)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", reduce(err))
	}
	conn, err := dbus.NewConn(p, dbus.WithContext(ctx), dbus.WithSignalHandler(h))
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", reduce(err))
	}
	// Only the kernel's word on who asks: the other way would go through files in a home.
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))})
	if err == nil {
		err = conn.Hello()
	}
	if err == nil {
		err = file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("signing in to the bus: %w", reduce(err))
	}
	return &client{conn, o.Within}, nil
}

func (c *client) close() { _ = c.conn.Close() } // nothing is left to lose

// call calls a method and stores what it answers. Nobody is started for it: where logind does not run, it is not wanted.
func (c *client) call(ctx context.Context, dest string, path dbus.ObjectPath, method string, args []any, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	return reduce(c.conn.Object(dest, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...).Store(into...))
}

// get reads one property.
func (c *client) get(ctx context.Context, dest string, path dbus.ObjectPath, iface, name string) (any, error) {
	var v dbus.Variant
	err := c.call(ctx, dest, path, properties+".Get", []any{iface, name}, &v)
	return v.Value(), err
}

// reduce keeps the kind of an error only: what the bus says in words has names and ids.
func reduce(err error) error {
	var refusal dbus.Error
	var number syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refused(refusal.Name)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &number):
		return number
	case errors.Is(err, dbus.ErrClosed), errors.Is(err, fs.ErrClosed):
		return fs.ErrClosed
	}
	return errFrame
}

// refused turns the name of a D-Bus error into one of ours.
func refused(name string) error {
	switch name {
	case busName + ".Error.UnknownObject", login + ".NoSuchSession", login + ".NoSuchUser":
		return errGone
	case busName + ".Error.ServiceUnknown", busName + ".Error.NameHasNoOwner", busName + ".Error.NoReply":
		return ErrNoSessions // NoReply: it went away while it was asked
	case busName + ".Error.AccessDenied", busName + ".Error.AuthFailed", busName + ".Error.InteractiveAuthorizationRequired":
		return ErrDenied
	case busName + ".Error.NotSupported", busName + ".Error.UnknownMethod", busName + ".Error.UnknownInterface", busName + ".Error.UnknownProperty":
		return errors.ErrUnsupported
	}
	return ErrRefused
}

// list lists the sessions that logind has, of all classes.
func (c *client) list(ctx context.Context) ([]dbus.ObjectPath, error) {
	var all []struct {
		ID   string
		UID  uint32
		Name string
		Seat string
		Path dbus.ObjectPath
	}
	if err := c.call(ctx, login, loginPath, manager+".ListSessions", nil, &all); err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	paths := make([]dbus.ObjectPath, 0, len(all))
	for _, s := range all {
		if isSession(s.Path) {
			paths = append(paths, s.Path)
		}
	}
	return paths, nil
}

// describe reads a session, and tells whether it is one that somebody signed in to.
func (c *client) describe(ctx context.Context, path dbus.ObjectPath, o Options) (entry, bool, error) {
	var p map[string]dbus.Variant
	if err := c.call(ctx, login, path, properties+".GetAll", []any{aSession}, &p); err != nil {
		return entry{}, false, fmt.Errorf("reading a session: %w", err)
	}
	plain := make(map[string]any, len(p))
	for name, v := range p {
		plain[name] = v.Value()
	}
	e, ok := described(string(path), plain, o)
	return e, ok, nil
}
