package handover

import (
	"os"
	"time"
)

// SystemBoot is the kernel's own word.
func SystemBoot() (string, time.Duration) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return NoBoot()
	}
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return NoBoot()
	}
	return parseBoot(string(id), string(uptime))
}
