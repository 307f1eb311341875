package handover

import (
	"strconv"
	"strings"
	"time"
)

// Boot tells which start of the machine this is, and how long ago it was, the time asleep counted. Nobody can set that
// clock. An empty id says that it is not known.
type Boot func() (id string, up time.Duration)

// NoBoot is for a system that does not tell.
func NoBoot() (string, time.Duration) { return "", 0 }

// parseBoot reads the contents of /proc/sys/kernel/random/boot_id and /proc/uptime: proc(5). The latter counts seconds of
// CLOCK_BOOTTIME.
func parseBoot(id, uptime string) (string, time.Duration) {
	id = strings.TrimSpace(id)
	first, _, _ := strings.Cut(strings.TrimSpace(uptime), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil || !(seconds >= 0 && seconds < 1e9) || len(id) != 36 {
		return "", 0
	}
	return id, time.Duration(seconds * float64(time.Second))
}
