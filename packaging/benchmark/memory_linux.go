package main

import (
	"os"
	"syscall"
)

// peak is the most memory that a process that has ended had resident at once, in MiB.
func peak(p *os.ProcessState) float64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return float64(usage.Maxrss) / 1024
	}
	return 0
}
