package printer

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience is how many looks in a row may fail before Follow gives up: a service that is restarted comes back.
const patience = 5

// Follow watches a job until it is final, and returns it as it was last. It calls tell, from the caller's own goroutine,
// with the first state and whenever state or reason change. It looks every half second, later every two. Nothing but ctx
// ends it while a job waits: a printer without paper waits for a person. Canceling ctx leaves the job alone.
//
// A job that the service no longer knows is Gone: somebody purged it, or it ended where the service keeps no history.
func (s *Spooler) Follow(ctx context.Context, j Job, tell func(Job)) (Job, error) {
	last, pause, failed := j, s.pause, 0
	first := true
	for {
		now, err := s.look(ctx, j.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			now, err = last, nil
			now.State, now.Reason = Gone, ""
		case ctx.Err() != nil:
			return last, fmt.Errorf("following a print job: %w", ctx.Err())
		case err != nil:
			if failed++; failed >= patience || s.err != nil {
				return last, fmt.Errorf("following a print job: %w", err)
			}
		}
		if err == nil {
			failed = 0
			if first || now.State != last.State || now.Reason != last.Reason {
				first, pause = false, s.pause
				tell(now)
			}
			if last = now; now.State.Final() {
				return now, nil
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return last, fmt.Errorf("following a print job: %w", ctx.Err())
		case <-timer.C:
		}
		pause = min(pause*5/4, s.longest)
	}
}
