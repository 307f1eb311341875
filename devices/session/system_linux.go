package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"ipguard/devices/systembus"
)

// builtFor is the GOOS value that this file is for.
const builtFor = "linux"

// logind speaks with systemd-logind, or with elogind, which is the same to others. The methods and signals are in
// org.freedesktop.login1(5). What is asked of it now and then has a connection of its own, so that it works whatever the
// actor is busy with.
type logind struct{ Options }

func newSystem(o Options) system { return logind{o} }

// with does something on a connection of its own.
func (l logind) with(ctx context.Context, do func(*client) error) error {
	c, err := dial(ctx, l.Options, systembus.Deaf())
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// entries reads the open sessions.
func (c *client) entries(ctx context.Context, o Options) ([]entry, error) {
	paths, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	var open []entry
	for _, path := range paths {
		e, ok, err := c.describe(ctx, path, o)
		if err != nil && !errors.Is(err, errGone) {
			return nil, err
		}
		if err == nil && ok && !e.over {
			open = append(open, e)
		}
	}
	return open, nil
}

func (l logind) sessions(ctx context.Context) ([]Session, error) {
	var open []Session
	err := l.with(ctx, func(c *client) error {
		all, err := c.entries(ctx, l.Options)
		for _, e := range all {
			open = append(open, e.Session)
		}
		return err
	})
	return open, err
}

// lock goes on with the next session when one cannot be locked. Text consoles never can; newer versions of logind say so.
func (l logind) lock(ctx context.Context, account string) error {
	return l.with(ctx, func(c *client) error {
		all, err := c.entries(ctx, l.Options)
		if err != nil {
			return err
		}
		var errs []error
		asked := 0
		for _, e := range all {
			if e.Account != account {
				continue
			}
			switch err := c.call(ctx, login, loginPath, manager+".LockSession", []any{e.ID}); {
			case err == nil:
				asked++
			case !errors.Is(err, errGone):
				errs = append(errs, fmt.Errorf("locking a session: %w", err))
			}
		}
		if err := errors.Join(errs...); asked == 0 || !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		return nil // what can be locked was
	})
}

// openingMost is how long to wait for a session that is being opened, and openingLook how often it is looked at.
const openingMost, openingLook = 30 * time.Second, 200 * time.Millisecond

// grown waits until none of the sessions is being opened any more, and returns those that still are when time is over.
//
// It would be wrong to end one of these: logind then never answers the program that signs in, which waits for two minutes
// and goes on without a session, so that somebody is signed in whom logind does not know of (seen with systemd 252).
func (c *client) grown(ctx context.Context, o Options, which func(entry) bool) (all []entry, young bool, err error) {
	until := time.Now().Add(openingMost)
	if end, ok := ctx.Deadline(); ok && end.Add(-o.Within/3).Before(until) {
		until = end.Add(-o.Within / 3) // what is left is for ending them
	}
	for {
		if all, err = c.entries(ctx, o); err != nil {
			return nil, false, err
		}
		all = slices.DeleteFunc(all, func(e entry) bool { return !which(e) })
		young = slices.ContainsFunc(all, func(e entry) bool { return e.young })
		if !young || !time.Now().Before(until) {
			return all, young, nil
		}
		select {
		case <-time.After(openingLook):
		case <-ctx.Done():
			return nil, false, fmt.Errorf("waiting for a session: %w", ctx.Err())
		}
	}
}

func (l logind) end(ctx context.Context, session string) error {
	return l.with(ctx, func(c *client) error {
		_, young, err := c.grown(ctx, l.Options, func(e entry) bool { return e.ID == session })
		if err == nil && young {
			err = ErrOpening
		}
		if err == nil {
			err = c.terminate(ctx, "TerminateSession", session)
		}
		if err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
		return nil
	})
}

// endAll ends the sessions one by one when there is one that cannot be ended.
func (l logind) endAll(ctx context.Context, account string) error {
	uid, err := strconv.ParseUint(account, 10, 32)
	if err != nil {
		return fmt.Errorf("ending the sessions of an account: %w", ErrRefused)
	}
	return l.with(ctx, func(c *client) error {
		all, young, err := c.grown(ctx, l.Options, func(e entry) bool { return e.Account == account })
		if err == nil && !young {
			err = c.terminate(ctx, "TerminateUser", uint32(uid))
		} else if err == nil {
			err = ErrOpening
			for _, e := range all {
				if !e.young {
					err = errors.Join(err, c.terminate(ctx, "TerminateSession", e.ID))
				}
			}
		}
		if err != nil {
			return fmt.Errorf("ending the sessions of an account: %w", err)
		}
		return nil
	})
}

// terminate calls one of the methods that end something. That it is no more is what was wanted.
func (c *client) terminate(ctx context.Context, method string, what any) error {
	if err := c.call(ctx, login, loginPath, manager+"."+method, []any{what}); !errors.Is(err, errGone) {
		return err
	}
	return nil
}

// stopping asks logind, which knows of what was asked of it, and then systemd, which knows of everything.
func (l logind) stopping(ctx context.Context) (stops bool, err error) {
	err = l.with(ctx, func(c *client) error {
		v, err := c.get(ctx, login, loginPath, manager, "PreparingForShutdown")
		if stops, _ = v.(bool); stops && err == nil {
			return nil
		}
		const systemd = "org.freedesktop.systemd1"
		state, err2 := c.get(ctx, systemd, "/org/freedesktop/systemd1", systemd+".Manager", "SystemState")
		if err2 != nil {
			return err // without systemd, what logind said is all there is
		}
		stops = state == "stopping" // see is-system-running in systemctl(1)
		return nil
	})
	return stops, err
}

// delaySleep takes an inhibitor lock, which is a descriptor: as long as it is open, the machine waits. godbus passes
// descriptors only on connections that it opened itself, without any bound; so this one is short, and somebody watches it.
func (l logind) delaySleep(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, l.Within)
	defer cancel()
	type answer struct {
		fd  dbus.UnixFD
		err error
	}
	got := make(chan answer, 1)
	go func() {
		var a answer
		address := "unix:path=" + dbus.EscapeBusAddressValue(l.Socket)
		conn, err := dbus.Connect(address, dbus.WithContext(ctx), dbus.WithSignalHandler(systembus.Deaf()),
			dbus.WithAuth(dbus.AuthExternal(strconv.Itoa(os.Geteuid()))))
		if a.err = err; err == nil {
			a.err = conn.Object(login, loginPath).CallWithContext(ctx, manager+".Inhibit", dbus.FlagNoAutoStart,
				"sleep", "ipguard", "The screen is locked first", "delay").Store(&a.fd)
			_ = conn.Close() // the descriptor is ours now
		}
		got <- a
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return func() {}, fmt.Errorf("delaying sleep: %w", systembus.Reduce(ctx.Err, a.err, refused))
		}
		file := os.NewFile(uintptr(a.fd), "inhibitor")
		return func() { _ = file.Close() }, nil
	case <-ctx.Done():
		go func() {
			if a := <-got; a.err == nil {
				_ = os.NewFile(uintptr(a.fd), "inhibitor").Close() // it came too late
			}
		}()
		return func() {}, fmt.Errorf("delaying sleep: %w", ctx.Err())
	}
}

// powerOff asks logind as a desktop's menu does. With false it asks nobody for a password: who may not is refused.
func (l logind) powerOff(ctx context.Context) error {
	return l.with(ctx, func(c *client) error {
		if err := c.call(ctx, login, loginPath, manager+".PowerOff", []any{false}); err != nil {
			return fmt.Errorf("switching the machine off: %w", err)
		}
		return nil
	})
}

// notify is for Windows.
func (logind) notify(Notice) {}

// clock reads the two clocks of the kernel that only differ by the time the machine slept (clock_gettime(2)).
func clock() (boot, awake time.Duration) {
	var b, m unix.Timespec
	// Neither can fail on a kernel that Go runs on; the clocks would both read 0.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &m)
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &b)
	return time.Duration(b.Nano()), time.Duration(m.Nano())
}
