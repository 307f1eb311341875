package main

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootTime is when the machine started: GetTickCount64.
func bootTime() time.Time { return time.Now().Add(-windows.DurationSinceBoot()) }
