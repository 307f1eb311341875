package service

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notifier tells systemd how the service gets on: sd_notify(3). Only words of a closed list are said, and nothing about
// people.
type notifier struct{ address string }

const (
	ready    = "READY=1"
	stopping = "STOPPING=1"
	alive    = "WATCHDOG=1"
)

// moreTime asks that the time for stopping, if it is about to end, lasts at least this much longer.
func moreTime(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// say sends one datagram. Nobody may be listening, and there is nobody to tell that it did not arrive. A leading @ stands
// for a name that is in no file system, as in package net.
func (n notifier) say(word string) {
	if len(n.address) < 2 || n.address[0] != '/' && n.address[0] != '@' {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // the receiver may be full
	_, _ = conn.Write([]byte(word))
}

// fromSystemd reads what systemd put into the environment and takes it out, so that no child speaks for the service. The
// duration is how often a sign of life is wanted, half of what the watchdog waits; 0 for never.
func fromSystemd() (notifier, time.Duration) {
	n, every := notifier{os.Getenv("NOTIFY_SOCKET")}, watchdog(os.Getenv, os.Getpid())
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		_ = os.Unsetenv(name)
	}
	return n, every
}

// watchdog is half of the interval of the watchdog: sd_watchdog_enabled(3).
func watchdog(getenv func(string) string, pid int) time.Duration {
	if of := getenv("WATCHDOG_PID"); of != "" && of != strconv.Itoa(pid) {
		return 0
	}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 || micros > int64(24*time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond / 2
}

// every calls do in a goroutine until the returned function is called, which waits for a call under way, but not for
// ever: do asks the program, and a program that hangs must still be able to be stopped.
func every(ctx context.Context, interval time.Duration, do func()) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				do()
			}
		}
	}()
	return func() {
		cancel()
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
		}
	}
}
