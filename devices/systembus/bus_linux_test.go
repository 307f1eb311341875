package systembus

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// Where a context ended, nobody is told of the connection that closed with it; and no words of the bus get out.
func TestReduce(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	ours := errors.New("ours")
	refused := func(dbus.Error) error { return ours }
	words := dbus.NewError("org.example.Refused", []any{"canary"})
	for _, c := range []struct {
		name    string
		ctx     context.Context
		err     error
		refused func(dbus.Error) error
		want    error
	}{
		{"nothing", over, nil, refused, nil},
		{"closed", t.Context(), dbus.ErrClosed, refused, fs.ErrClosed},
		{"closed with its context", over, dbus.ErrClosed, refused, context.Canceled},
		{"broken with its context", over, &fs.PathError{Op: "read", Path: "canary", Err: unix.ECONNRESET}, refused, context.Canceled},
		{"broken", t.Context(), &fs.PathError{Op: "read", Path: "canary", Err: unix.ECONNRESET}, refused, unix.ECONNRESET},
		{"refused", over, *words, refused, ours},
		{"refused at the door", t.Context(), *words, nil, ErrMalformed},
		{"words", t.Context(), errors.New("canary"), refused, ErrMalformed},
	} {
		if err := Reduce(c.ctx.Err, c.err, c.refused); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
