package host

import (
	"strings"
	"time"
)

// Command is a running process and how it was started. Its arguments may name what somebody looked for: they are for
// deciding at once, not for keeping, logging or telling.
type Command struct {
	PID    int
	Parent int
	// Exe is the path of its program file as the process sees it, empty when unknown.
	Exe string
	// Arguments are those of its command line, its own name first. They are any bytes but zero, and a process can change its
	// own: nothing is proved by what is not there.
	Arguments []string
	// Cut says that there may be more arguments, or that they could not be read: above 32 KiB, the last that is there may be
	// a part of one.
	Cut bool
	// Started is when it began, by the clock as it is now, up to 10 ms early on Linux and 1 ms elsewhere. Sleep of the machine
	// does not shift it. To compare it with a file's time of change, allow a second: that time is a few milliseconds early
	// itself. When the clock was set after one of the two, the comparison is wrong by as much.
	Started time.Time
	// OwnMounts says that it sees other mounts than the caller does, so that a path may be another file for it;
	// also when that cannot be known. Snap, flatpak and a browser's own helpers are such. Never on macOS, which has none.
	OwnMounts bool
}

// maxArguments is the most that is read of one command line, in bytes.
const maxArguments = 32 << 10

// arguments splits a command line, in which each argument ends with a zero byte. The last one lacks it when the line was cut
// or the process wrote over it.
func arguments(text []byte) (all []string, cut bool) {
	if len(text) > maxArguments {
		text, cut = text[:maxArguments], true
	}
	if len(text) == 0 {
		return nil, cut
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00"), cut
}
