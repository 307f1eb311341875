package service

import (
	"context"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/windows/svc"
)

// handler is the service's side of the conversation with the service manager. The library's own hears neither sessions
// nor power.
type handler struct {
	o     Options
	p     Program
	start func(*loop) // begins the program
	err   error
}

func run(ctx context.Context, o Options, p Program) error {
	managed, err := svc.IsWindowsService()
	if err != nil {
		return ErrNoManager
	}
	if managed {
		h := &handler{o: o, p: p, start: func(l *loop) { l.begin(ctx) }}
		if err := svc.Run(Name, h); err != nil {
			return ErrManager
		}
		return h.err
	}
	ctx, release := signal.NotifyContext(ctx, os.Interrupt)
	defer release()
	l := newLoop(p, o.Alive, func(string) {}, 0)
	l.begin(ctx)
	l.wait(ctx)
	return l.stop(func() {})
}

const (
	accepted = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptSessionChange | svc.AcceptPowerEvent
	waitHint = 30_000 // milliseconds until the next sign of life at most, while stopping
)

// Execute runs the program and answers the service manager until it has ended: svc.Handler.
func (h *handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	l := newLoop(h.p, h.o.Alive, func(string) {}, 0)
	h.start(l)
	// Running from the first moment: a service that is starting is told nothing about sessions, and Windows lets people
	// sign in whatever a service does.
	now := svc.Status{State: svc.Running, Accepts: accepted}
	status <- now
	more, ended := make(chan struct{}, 1), make(chan error, 1)
	stopping := false
	stop := func() {
		stopping = true
		now = svc.Status{State: svc.StopPending, CheckPoint: 1, WaitHint: waitHint}
		status <- now
		go func() {
			ended <- l.stop(func() {
				select {
				case more <- struct{}{}:
				default:
				}
			})
		}()
	}
	natural := l.ended
	for {
		select {
		case <-natural:
			natural = nil
			if !stopping {
				stop()
			}
		case h.err = <-ended:
			if h.err != nil {
				return true, 1 // an exit code other than 0: the service manager starts it again
			}
			return false, 0
		case <-more:
			now.CheckPoint++
			status <- now
		case r := <-requests:
			if r.Cmd == svc.Interrogate {
				status <- now
				continue
			}
			if e, ok := translate(uint32(r.Cmd), r.EventType); ok && h.o.Control != nil {
				h.o.Control(e)
			}
			if ends(uint32(r.Cmd)) && !stopping {
				stop()
			}
		}
	}
}

// preShutdown is SERVICE_PRESHUTDOWN_INFO: how long the machine waits, in milliseconds.
func preShutdown(d time.Duration) [4]byte {
	ms := uint32(d.Milliseconds())
	return [4]byte{byte(ms), byte(ms >> 8), byte(ms >> 16), byte(ms >> 24)}
}
