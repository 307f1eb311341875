package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"ipguard/devices/systembus"
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

// signalMost bounds signals. Those of logind have some hundred bytes.
const signalMost = 16 << 10

// client is a connection to the system bus.
type client struct {
	*systembus.Conn
	within time.Duration
}

func dial(ctx context.Context, o Options, h dbus.SignalHandler) (*client, error) {
	conn, err := systembus.Dial(ctx, systembus.Options{Socket: o.Socket, Within: o.Within, Signals: signalMost}, h)
	if errors.Is(err, systembus.ErrNoBus) {
		err = fmt.Errorf("%w: %w", ErrNoSessions, err)
	}
	return &client{conn, o.Within}, err
}

// call calls a method and stores what it answers. Nobody is started for it: where logind does not run, it is not wanted.
func (c *client) call(ctx context.Context, dest string, path dbus.ObjectPath, method string, args []any, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	m := systembus.Method{Dest: dest, Path: path, Name: method, Flags: dbus.FlagNoAutoStart}
	return c.Call(ctx, m, args, refused, into...)
}

// get reads one property.
func (c *client) get(ctx context.Context, dest string, path dbus.ObjectPath, iface, name string) (any, error) {
	var v dbus.Variant
	err := c.call(ctx, dest, path, properties+".Get", []any{iface, name}, &v)
	return v.Value(), err
}

// refused turns the name of a D-Bus error into one of ours.
func refused(e dbus.Error) error {
	switch e.Name {
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
