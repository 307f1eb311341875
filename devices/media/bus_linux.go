package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
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

// Write implements io.Writer. godbus waits for it whatever becomes of a call's context, so it is bounded here.
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

// client is a connection to UDisks2, for one errand.
type client struct {
	conn   *dbus.Conn
	within time.Duration
}

// dial connects to the system bus, within a bounded time, which godbus by itself would not.
func dial(ctx context.Context, o Options) (*client, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("connecting to the bus: %w", err)
	}
	file := os.NewFile(uintptr(fd), "bus")
	// Non-blocking: where nobody accepts and the queue is full, this fails with EAGAIN.
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: o.Socket}); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w: %w", ErrNoService, err)
	}
	p := &pipe{file: file, within: o.Within}
	p.from = file
	if err := file.SetReadDeadline(time.Now().Add(o.Within)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("connecting to the bus: %w", reduce(err))
	}
	conn, err := dbus.NewConn(p, dbus.WithContext(ctx))
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

// call calls a method of UDisks2, which the bus starts if it can.
func (c *client) call(ctx context.Context, within time.Duration, path, method string, args []any, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return reduce(c.conn.Object(udisks, dbus.ObjectPath(path)).CallWithContext(ctx, method, 0, args...).Store(into...))
}

// options are those of a method of UDisks2. An administrator's password is asked for by nobody: there is none at the desk,
// and the question would stay on the screen.
func options(more map[string]string) map[string]dbus.Variant {
	o := map[string]dbus.Variant{"auth.no_user_interaction": dbus.MakeVariant(true)}
	for name, v := range more {
		o[name] = dbus.MakeVariant(v)
	}
	return o
}

// objects reads all that UDisks2 has.
func (c *client) objects(ctx context.Context) (tree, error) {
	var all map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	err := c.call(ctx, c.within, udisksPath, "org.freedesktop.DBus.ObjectManager.GetManagedObjects", nil, &all)
	if err != nil {
		return nil, fmt.Errorf("listing media: %w", err)
	}
	t := make(tree, len(all))
	for path, ifaces := range all {
		t[string(path)] = make(map[string]values, len(ifaces))
		for _, name := range []string{aBlock, aFilesystem, aDrive} {
			properties, ok := ifaces[name]
			if !ok {
				continue
			}
			plain := make(values, len(properties))
			for p, v := range properties {
				plain[p] = v.Value()
				if o, ok := plain[p].(dbus.ObjectPath); ok {
					plain[p] = string(o)
				}
			}
			t[string(path)][name] = plain
		}
	}
	return t, nil
}

// reduce keeps the kind of an error only: what the bus says in words has names and paths.
func reduce(err error) error {
	var refusal dbus.Error
	var number unix.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refused(refusal)
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

// errMounted means that somebody else was faster.
var errMounted = errors.New("mounted already")

// errNotMounted means the same of unmounting.
var errNotMounted = errors.New("not mounted")

// refused turns the name of a D-Bus error into one of ours. Those of UDisks2 are in its reference manual, "UDisksError".
func refused(e dbus.Error) error {
	const bus = "org.freedesktop.DBus.Error."
	if name, ok := strings.CutPrefix(e.Name, udisks+".Error."); ok {
		switch name {
		case "DeviceBusy", "AlreadyUnmounting":
			return ErrBusy
		case "NotAuthorized", "NotAuthorizedCanObtain", "NotAuthorizedDismissed", "OptionNotPermitted", "MountedByOtherUser":
			return ErrDenied
		case "AlreadyMounted":
			return errMounted
		case "NotMounted":
			return errNotMounted
		case "NotSupported":
			return errors.ErrUnsupported
		}
		return ErrRefused
	}
	switch strings.TrimPrefix(e.Name, bus) {
	case "UnknownObject", "UnknownMethod", "UnknownInterface":
		return ErrGone // an object that went away, or with it its file system
	case "ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected", "Spawn.ServiceNotFound", "Spawn.ExecFailed",
		"Spawn.Failed", "Spawn.ChildExited", "Spawn.ChildSignaled", "Spawn.PermissionsInvalid", "Spawn.ServiceNotValid",
		"Spawn.FileInvalid", "Spawn.ConfigInvalid", "Spawn.SetupFailed":
		return ErrNoService
	case "AccessDenied", "AuthFailed", "InteractiveAuthorizationRequired":
		return ErrDenied
	}
	if e.Name == "org.freedesktop.systemd1.NoSuchUnit" || strings.HasPrefix(e.Name, "org.freedesktop.systemd1.") {
		return ErrNoService // systemd was to start it
	}
	return ErrRefused
}
