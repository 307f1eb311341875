package service

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	extendEvery = 10 * time.Second
	extendBy    = 30 * time.Second
	// extendUntil is after how long no more time is asked for: a wipe that does not end is ended, and finished at the
	// next start.
	extendUntil = 10 * time.Minute
)

// loop is one run of the program under a service manager.
type loop struct {
	program  Program
	alive    func() bool
	say      func(word string)
	watchdog time.Duration // 0: nobody waits for signs of life

	cancel context.CancelFunc
	ended  chan struct{} // closed when the program has returned err
	err    error
	calm   func() // stops the signs of life
}

func newLoop(p Program, isAlive func() bool, say func(string), watchdog time.Duration) *loop {
	if isAlive == nil {
		isAlive = func() bool { return true }
	}
	return &loop{program: p, alive: isAlive, say: say, watchdog: watchdog, ended: make(chan struct{}), calm: func() {}}
}

// begin starts the program. The context of the program does not end with ctx: it ends when the service manager has been
// told so, in stop.
func (l *loop) begin(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if l.watchdog > 0 {
		l.calm = every(ctx, l.watchdog, func() {
			if l.alive() {
				l.say(alive)
			}
		})
	}
	var once sync.Once
	go func() {
		defer close(l.ended)
		l.err = l.program.Run(ctx, func() { once.Do(func() { l.say(ready) }) })
	}()
}

// wait returns when ctx has ended or the program has.
func (l *loop) wait(ctx context.Context) {
	select {
	case <-l.ended:
	case <-ctx.Done():
	}
}

// stop asks the program to end, waits until it has, and returns its error. more is called now and then as long as the
// program is alive and may take longer.
func (l *loop) stop(more func()) error {
	select {
	case <-l.ended:
		l.cancel()
		l.calm()
		if l.err == nil {
			return ErrEnded
		}
		return l.err
	default:
	}
	l.cancel()
	began := time.Now()
	calm := every(context.Background(), extendEvery, func() {
		if time.Since(began) < extendUntil && l.alive() {
			more()
		}
	})
	<-l.ended
	calm()
	l.calm()
	if errors.Is(l.err, context.Canceled) {
		return nil // that is what it was asked for
	}
	return l.err
}
