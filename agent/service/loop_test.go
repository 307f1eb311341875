package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// program is a Program that is a function.
type program func(ctx context.Context, ready func()) error

func (p program) Run(ctx context.Context, ready func()) error { return p(ctx, ready) }

// until runs until ctx ends and then takes d to finish.
func until(d time.Duration, err error) program {
	return func(ctx context.Context, ready func()) error {
		ready()
		ready() // once is enough
		<-ctx.Done()
		time.Sleep(d)
		return err
	}
}

func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var working atomic.Bool
		working.Store(true)
		said := make(chan string, 100)
		l := newLoop(until(0, nil), working.Load, func(word string) { said <- word }, 30*time.Second)
		l.begin(t.Context())
		time.Sleep(5*time.Minute + time.Second)
		working.Store(false) // the program hangs: from now on nobody must say that it lives
		time.Sleep(time.Hour)
		if err := l.stop(func() {}); err != nil {
			t.Error(err)
		}
		close(said)
		var got []string
		for word := range said {
			got = append(got, word)
		}
		want := append([]string{ready}, slices.Repeat([]string{alive}, 10)...)
		if !slices.Equal(got, want) {
			t.Errorf("said %q, want %q", got, want)
		}
	})
}

func TestStop(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		takes time.Duration
		alive bool
		err   error
		want  error
		more  int
	}{
		{"at once", 0, true, nil, nil, 0},
		{"with the error of its context", 0, true, fmt.Errorf("waiting: %w", context.Canceled), nil, 0},
		{"with an error", 0, true, broken, broken, 0},
		{"finishing a wipe", 95 * time.Second, true, nil, nil, 9},
		{"hanging", 95 * time.Second, false, nil, nil, 0},
		{"never ending", time.Hour + time.Second, true, nil, nil, 59}, // then the service manager may kill it
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLoop(until(c.takes, c.err), func() bool { return c.alive }, func(string) {}, 0)
			l.begin(t.Context())
			synctest.Wait()
			var more atomic.Int32
			began := time.Now()
			if err := l.stop(func() { more.Add(1) }); !errors.Is(err, c.want) || time.Since(began) != c.takes {
				t.Errorf("%s: error %v after %v", c.name, err, time.Since(began))
			}
			if got := int(more.Load()); got != c.more {
				t.Errorf("%s: asked for more time %d times, want %d", c.name, got, c.more)
			}
		})
	}
}

// A program that ends although nobody asked is started again by the service manager, which needs an error for that.
func TestProgramEndsByItself(t *testing.T) {
	broken := errors.New("broken")
	for want, returned := range map[error]error{ErrEnded: nil, broken: broken} {
		synctest.Test(t, func(t *testing.T) {
			l := newLoop(program(func(context.Context, func()) error { return returned }), nil, func(string) {}, time.Second)
			l.begin(t.Context())
			l.wait(t.Context())
			if err := l.stop(func() {}); !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
		})
	}
}

// The question whether the program is alive may itself hang; stopping must not.
func TestStopWhileTheProgramHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		l := newLoop(until(0, nil), func() bool { <-free; return true }, func(string) {}, time.Second)
		l.begin(t.Context())
		time.Sleep(time.Minute)
		began := time.Now()
		if err := l.stop(func() {}); err != nil || time.Since(began) > 5*time.Second {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
		close(free)
	})
}

func TestWatchdogInterval(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"60000000", "", 30 * time.Second},
		{"60000000", "42", 30 * time.Second},
		{"60000000", "43", 0}, // meant for another process
		{"", "", 0},
		{"0", "", 0},
		{"-1", "", 0},
		{"soon", "", 0},
		{"9223372036854775807", "", 0},
	} {
		env := map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}
		if got := watchdog(func(name string) string { return env[name] }, 42); got != c.want {
			t.Errorf("%q for %q: %v, want %v", c.usec, c.pid, got, c.want)
		}
	}
}
