package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"ipguard/devices/systembus"
)

// client is a connection to UDisks2, for one errand.
type client struct {
	*systembus.Conn
	within time.Duration
}

func dial(ctx context.Context, o Options) (*client, error) {
	conn, err := systembus.Dial(ctx, systembus.Options{Socket: o.Socket, Within: o.Within}, systembus.Deaf())
	if errors.Is(err, systembus.ErrNoBus) {
		err = fmt.Errorf("%w: %w", ErrNoService, err)
	}
	return &client{conn, o.Within}, err
}

// call calls a method of UDisks2, which the bus starts if it can.
func (c *client) call(ctx context.Context, within time.Duration, path, method string, args []any, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	m := systembus.Method{Dest: udisks, Path: dbus.ObjectPath(path), Name: method}
	return c.Call(ctx, m, args, refused, into...)
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
