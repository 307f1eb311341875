// Package systembus speaks with the system bus of Linux, D-Bus, within bounded time and memory whatever others on the bus
// do. Godbus by itself has neither bound.
package systembus

import (
	"errors"
	"time"
)

var (
	// ErrNoBus means that nobody listens at the bus's socket.
	ErrNoBus = errors.New("no system bus")
	// ErrMalformed means that what came over the bus is not what was asked for.
	ErrMalformed = errors.New("malformed message")
)

// Options say where the bus is, and the bounds.
type Options struct {
	// Socket is the path of the bus's socket.
	Socket string
	// Within bounds connecting, and writing one message.
	Within time.Duration
	// Signals is the size, in bytes, up to which signals are read; larger ones are passed over. 0: no signals.
	Signals int64
}
