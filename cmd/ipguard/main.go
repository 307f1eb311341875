// Command ipguard keeps the charter of public computer helpers on a shared laptop: it wipes an account between two
// people, checks that nothing is left and says so.
//
// This package reads flags, asks questions and writes what people read; it decides nothing about what is erased. The
// texts themselves are in package text.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The program lives for seconds and keeps little at once, so collecting garbage seldom makes it quicker; the limit keeps
// it small on a laptop with little memory.
const (
	garbagePercent = 400
	memoryLimit    = 40 << 20
)

func main() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(memoryLimit)
	// A reader that went away and a terminal that was closed, perhaps by the wipe itself, are no reason to stop halfway.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], system())
	stop()
	os.Exit(code)
}
