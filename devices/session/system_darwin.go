package session

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// builtFor is the GOOS value that this file is for.
const builtFor = "darwin"

// console is macOS. A daemon without a desktop hears of no session; but the device of the console belongs to whoever is
// signed in at the screen, and to root while nobody is. Its owner is looked at every 2 s, which costs one system call:
// watching the file would open it, and a login window that comes and goes changes no file that could be watched instead.
// Sessions over the network, locks and the lid are not noticed; sleep is, after waking.
type console struct{ *lister }

func newSystem(o Options) system { return console{newLister(o, 2*time.Second, owner)} }

// owner is the session at the screen.
func owner(context.Context) ([]entry, error) {
	info, err := os.Stat("/dev/console")
	if err != nil {
		return nil, fmt.Errorf("reading the console: %w", ErrNoSessions)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil, nil
	}
	account := strconv.FormatUint(uint64(st.Uid), 10)
	return []entry{{Session: Session{ID: "console", Account: account, Type: "console"}, key: "console"}}, nil
}

func (console) lock(context.Context, string) error     { return ErrNoSessions }
func (console) end(context.Context, string) error      { return ErrNoSessions }
func (console) endAll(context.Context, string) error   { return ErrNoSessions }
func (console) stopping(context.Context) (bool, error) { return false, ErrNoSessions }
func (console) powerOff(context.Context) error         { return ErrNoSessions }
func (console) delaySleep(context.Context) (func(), error) {
	return func() {}, ErrNoSessions
}

// clock reads the two clocks that only differ by the time the machine slept (clock_gettime(3)).
func clock() (boot, awake time.Duration) {
	var b, a unix.Timespec
	// Neither can fail; they would both read 0.
	_ = unix.ClockGettime(unix.CLOCK_UPTIME_RAW, &a)
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &b)
	return time.Duration(b.Nano()), time.Duration(a.Nano())
}
