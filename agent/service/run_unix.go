//go:build unix

package service

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	library "github.com/kardianos/service"
)

// hooks is the program as the library wants it.
type hooks struct{ start, stop func() error }

func (h hooks) Start(library.Service) error { return h.start() }
func (h hooks) Stop(library.Service) error  { return h.stop() }

// run goes through the library's loop, which starts the program, waits, and stops it.
func run(ctx context.Context, o Options, p Program) error {
	// A second signal changes nothing: a wipe is finished, and the service manager knows how to kill.
	ctx, release := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer release()
	systemd, every := fromSystemd()
	l := newLoop(p, o.Alive, systemd.say, every)
	h := hooks{
		start: func() error {
			l.begin(ctx)
			return nil
		},
		stop: func() error {
			systemd.say(stopping)
			return l.stop(func() { systemd.say(moreTime(extendBy)) })
		},
	}
	s, err := library.New(h, &library.Config{Name: Name, Option: library.KeyValue{"RunWait": func() { l.wait(ctx) }}})
	if err != nil {
		return ErrNoManager
	}
	return s.Run()
}
