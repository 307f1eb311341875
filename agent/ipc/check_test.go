package ipc

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent"
	"ipguard/wipe"
)

// looker counts looks at the disk, each of which takes a while.
type looker struct {
	mu           sync.Mutex
	running, max int
	looks        int
	canceled     int
	take         time.Duration
}

func (l *looker) look(ctx context.Context, _ string) (agent.Status, error) {
	l.mu.Lock()
	l.running++
	l.looks++
	l.max = max(l.max, l.running)
	n := l.looks
	l.mu.Unlock()
	var err error
	select {
	case <-time.After(l.take):
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if err != nil {
		l.canceled++
	}
	return agent.Status{Running: n, Held: wipe.Held{Count: n}}, err
}

// The disk is looked at once at a time, nobody gets an answer that is older than the question, and asking without end does
// not keep the disk busy all the time.
func TestChecksAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := newPipes(), &looker{take: 400 * time.Millisecond}
		serve(t, &Server{Backend: &fake{account: shared, check: l.look}}, p.listener())
		var all sync.WaitGroup
		answers := make([]int, 10)
		for i := range answers {
			all.Go(func() {
				if i > 0 {
					time.Sleep(100 * time.Millisecond) // while the first goes on
				}
				st, err := p.client(other).Check(t.Context(), "")
				if err != nil {
					t.Error(err)
				}
				answers[i] = st.Running
			})
		}
		all.Wait()
		for i, n := range answers {
			if want := min(i, 1) + 1; n != want {
				t.Errorf("caller %d got the answer of look %d, want %d", i, n, want)
			}
		}
		if l.max != 1 || l.looks != 2 {
			t.Errorf("%d looks, %d at once; want 2, one by one", l.looks, l.max)
		}
		began := time.Now()
		c := p.client(other)
		defer c.Close()
		for range 20 {
			if _, err := c.Check(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if busy := 20 * l.take; time.Since(began) < 2*busy-l.take {
			t.Errorf("the disk was busy for %v of %v", busy, time.Since(began))
		}
	})
}

func TestCheckIsCalledOffWhenNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, l := newPipes(), &looker{take: time.Hour}
		stop := serve(t, &Server{Backend: &fake{account: shared, check: l.look}}, p.listener())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.client(other).Check(ctx, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if l.canceled != 1 || l.running != 0 {
			t.Errorf("%d called off, %d still running", l.canceled, l.running)
		}
		// A look that takes for ever ends by itself, and at the end of the service at once.
		if _, err := p.client(other).Check(t.Context(), ""); !errors.Is(err, CodeBusy) {
			t.Errorf("an endless look: %v", err)
		}
		go func() {
			time.Sleep(10 * time.Second)
			stop()
		}()
		if _, err := p.client(other).Check(t.Context(), ""); !errors.Is(err, CodeEnding) {
			t.Errorf("at the end: %v", err)
		}
	})
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &looker{take: 10 * time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		c := newChecks(l.look, func(string) {}, func(f func(context.Context)) { go f(ctx) })
		var all sync.WaitGroup
		for range waitingMost {
			all.Go(func() {
				if _, err := c.ask(ctx, shared); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := c.ask(ctx, shared); !errors.Is(err, CodeBusy) {
			t.Errorf("one more: %v", err)
		}
		all.Wait()
		cancel()
		synctest.Wait()
		if c.waiting != 0 || len(c.next) != 0 {
			t.Errorf("%d waiting, %d accounts remembered", c.waiting, len(c.next))
		}
	})
}
