package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// waiting says how long to wait for a lock and how often to look.
type waiting struct{ most, step time.Duration }

// A wipe takes seconds: whoever waits longer than this is better told.
const (
	lockMost = 10 * time.Second
	lockStep = 50 * time.Millisecond
)

// errBusy is the answer of tryLock when another run holds the lock.
var errBusy = errors.New("busy")

// Lock takes the account's lock, which one run at a time can hold, and creates the account's folder if need be. The
// system releases it when the process ends, however it ends. It waits until ctx ends, ten seconds at most: ErrLocked.
// ErrUnwritable when the caller may not lock. The returned function releases the lock; it may be called more than once.
func (a *Account) Lock(ctx context.Context) (unlock func(), err error) {
	if err := a.Create(); err != nil {
		return nil, err
	}
	// The file is never removed: two runs could then hold two locks of the same name.
	f, err := os.OpenFile(a.lockFile(), os.O_RDWR|os.O_CREATE|openFlags, lockMode)
	if err != nil {
		return nil, fmt.Errorf("opening the lock: %w", ErrUnwritable)
	}
	for end := time.Now().Add(a.wait.most); ; {
		err := tryLock(f)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing releases; a second time it says only that it is closed
		}
		if !errors.Is(err, errBusy) {
			_ = f.Close()
			return nil, fmt.Errorf("locking: %w", ErrUnwritable)
		}
		if time.Now().After(end) || pause(ctx, a.wait.step) != nil {
			_ = f.Close()
			return nil, ErrLocked
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
