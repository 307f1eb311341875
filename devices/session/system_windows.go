package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// builtFor is the GOOS value that this file is for.
const builtFor = "windows"

// wts is Windows. Who signs in and out, locks, sleeps is told to the control handler of a service, which hands it on with
// Notify; the sessions themselves are listed by Remote Desktop Services, which every edition has. That needs SYSTEM. How
// long nobody has touched a session is not known to a service.
type wts struct{ *lister }

// newSystem also lists the sessions every minute, for what was not told.
func newSystem(o Options) system { return wts{newLister(o, time.Minute, list)} }

// list lists the sessions that somebody is signed in to.
func list(context.Context) ([]entry, error) {
	var first *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &first, &count); err != nil {
		return nil, fmt.Errorf("listing sessions: %w", reduce(err))
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(first)))
	var open []entry
	for _, info := range unsafe.Slice(first, count) {
		account, err := owner(info.SessionID)
		if errors.Is(err, ErrDenied) {
			return nil, fmt.Errorf("reading a session: %w", err)
		}
		if err != nil {
			continue // nobody is signed in: services, the sign-in screen, a listener
		}
		id := strconv.FormatUint(uint64(info.SessionID), 10)
		kind := "remote"
		if info.SessionID == windows.WTSGetActiveConsoleSessionId() {
			kind = "console"
		}
		open = append(open, entry{Session: Session{ID: id, Account: account, Remote: kind == "remote", Type: kind}, key: id})
	}
	return open, nil
}

// owner returns the SID of who is signed in to a session.
func owner(session uint32) (string, error) {
	var token windows.Token
	if err := windows.WTSQueryUserToken(session, &token); err != nil {
		return "", reduce(err)
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return "", reduce(err)
	}
	return user.User.Sid.String(), nil
}

// each does something for each session of an account, or for the one session with an id.
func (w wts) each(ctx context.Context, account, session string, do *windows.LazyProc) error {
	all, err := w.sessions(ctx)
	var errs []error
	for _, s := range all {
		id, err := strconv.ParseUint(s.ID, 10, 32)
		if s.Account != account && s.ID != session || err != nil {
			continue
		}
		const server, wait = 0, 0 // this machine; do not wait until it is done
		if ok, _, err := do.Call(server, uintptr(id), wait); ok == 0 {
			errs = append(errs, fmt.Errorf("ending or locking a session: %w", reduce(err)))
		}
	}
	return errors.Join(append(errs, err)...)
}

// wtsapi32 finds a function that golang.org/x/sys has not. Both have three arguments: server, session, whether to wait.
func wtsapi32(name string) *windows.LazyProc {
	return windows.NewLazySystemDLL("wtsapi32.dll").NewProc(name)
}

// lock disconnects the sessions: at the console that shows the sign-in screen and leaves the session as it is.
func (w wts) lock(ctx context.Context, account string) error {
	return w.each(ctx, account, "", wtsapi32("WTSDisconnectSession"))
}

func (w wts) end(ctx context.Context, session string) error {
	return w.each(ctx, "", session, wtsapi32("WTSLogoffSession"))
}

func (w wts) endAll(ctx context.Context, account string) error {
	return w.each(ctx, account, "", wtsapi32("WTSLogoffSession"))
}

// stopping asks for SM_SHUTTINGDOWN, which GetSystemMetrics tells of the session of who asks; a service hears of it with
// its own control codes in any case.
func (wts) stopping(context.Context) (bool, error) {
	const shuttingDown = 0x2000
	yes, _, _ := windows.NewLazySystemDLL("user32.dll").NewProc("GetSystemMetrics").Call(shuttingDown)
	return yes != 0, nil
}

// delaySleep is not possible: Windows gives a service 2 s after it was told, and asks nobody (PBT_APMSUSPEND).
func (wts) delaySleep(context.Context) (func(), error) { return func() {}, ErrNoSessions }

// powerOff is left to whoever sits there: a service would need a privilege that it has no other use for.
func (wts) powerOff(context.Context) error { return ErrNoSessions }

// reduce keeps the kind of an error only.
func reduce(err error) error {
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_PRIVILEGE_NOT_HELD) {
		return ErrDenied
	}
	var number windows.Errno
	if errors.As(err, &number) {
		return number
	}
	return ErrRefused
}

// clock reads how long ago the machine started, with the time it slept and without.
func clock() (boot, awake time.Duration) {
	var units uint64 // of 100 ns
	kernel32 := windows.NewLazySystemDLL("kernel32.dll")
	// It cannot fail with a valid pointer (QueryUnbiasedInterruptTime).
	_, _, _ = kernel32.NewProc("QueryUnbiasedInterruptTime").Call(uintptr(unsafe.Pointer(&units)))
	return windows.DurationSinceBoot(), time.Duration(units) * 100 * time.Nanosecond
}
