// Package control is the heart of the service: it owns where each account stands, hears events, decides, and has things
// done.
//
// Actors (sessions, watched folders, timers, the socket, the running wipe) only send events. One goroutine takes them one
// by one through decide, which is pure, and carries out the commands that come back. At most one wipe runs at a time.
// How a wipe is done is package agent's matter, how events are noticed that of their actors.
package control
