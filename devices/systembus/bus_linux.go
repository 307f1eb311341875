package systembus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

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

// Conn is a connection to the system bus. It is closed when the context that it was made with ends.
type Conn struct {
	conn  *dbus.Conn
	ended func() error // of the context
}

// Dial connects to the bus. Signals go to h, which must not block: answers are read by the same goroutine. (The handlers
// that godbus has of its own start a goroutine for each signal that waits, and mix up the order, or queue without bound.)
//
// An error is one of those that [Reduce] returns, or ErrNoBus.
func Dial(ctx context.Context, o Options, h dbus.SignalHandler) (*Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	file := os.NewFile(uintptr(fd), "bus")
	// Non-blocking: where nobody accepts and the queue is full, this fails with EAGAIN.
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: o.Socket}); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w: %w", ErrNoBus, err)
	}
	p := &pipe{frames: frames{from: file, signals: o.Signals}, file: file, within: o.Within}
	if err := file.SetReadDeadline(time.Now().Add(o.Within)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", Reduce(ctx.Err, err, nil))
	}
	conn, err := dbus.NewConn(p, dbus.WithContext(ctx), dbus.WithSignalHandler(h))
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", Reduce(ctx.Err, err, nil))
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
		return nil, fmt.Errorf("signing in to the bus: %w", Reduce(ctx.Err, err, nil))
	}
	return &Conn{conn, ctx.Err}, nil
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.conn.Close() } // nothing is left to lose

// Done is closed when the connection broke or was closed.
func (c *Conn) Done() <-chan struct{} { return c.conn.Context().Done() }

// Method is what is called: its full name, and the object that has it. Flags are godbus's.
type Method struct {
	Dest  string
	Path  dbus.ObjectPath
	Name  string
	Flags dbus.Flags
}

// Call calls a method and stores what it answers. What the other side refuses goes through refused, which turns it into an
// error without names and ids. The errors are those of [Reduce].
func (c *Conn) Call(ctx context.Context, m Method, args []any, refused func(dbus.Error) error, into ...any) error {
	err := c.conn.Object(m.Dest, m.Path).CallWithContext(ctx, m.Name, m.Flags, args...).Store(into...)
	if ctx.Err() != nil {
		return Reduce(ctx.Err, err, refused)
	}
	return Reduce(c.ended, err, refused)
}

// deaf hears no signals.
type deaf struct{}

// DeliverSignal implements dbus.SignalHandler.
func (deaf) DeliverSignal(string, string, *dbus.Signal) {}

// Deaf is the handler of a connection that only asks.
func Deaf() dbus.SignalHandler { return deaf{} }

// Reduce keeps the kind of an error only, as what the bus says in words has names, ids and paths: the errors of a context,
// an error number, fs.ErrClosed, what refused makes of a refusal, or ErrMalformed. A context that ended also closes the
// connection, and it is chance which of the two the call hears of first; so it is asked
// here what ended.
func Reduce(ended func() error, err error, refused func(dbus.Error) error) error {
	var refusal dbus.Error
	var number unix.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal) && refused != nil:
		return refused(refusal)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case ended() != nil:
		return ended()
	case errors.As(err, &number):
		return number
	case errors.Is(err, dbus.ErrClosed), errors.Is(err, fs.ErrClosed):
		return fs.ErrClosed
	}
	return ErrMalformed
}
