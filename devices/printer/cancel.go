package printer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/OpenPrinting/goipp"
)

// Cancel takes a job away with its documents and its place in the history, whether it waits, is being printed or is
// finished, and returns once the service does not know it any more. A job that is not there (any more) is no error.
// A job of another account, or one whose account the service does not tell, is left alone: ErrNotYours, also for root.
func (s *Spooler) Cancel(ctx context.Context, j Job) error {
	if err := s.cancel(ctx, j.ID); err != nil {
		return fmt.Errorf("canceling a print job: %w", err)
	}
	return nil
}

func (s *Spooler) cancel(ctx context.Context, id int) error {
	if id <= 0 { // in Cancel-Job, 0 means whichever job is being printed
		return ErrNotFound
	}
	now, err := s.look(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !now.Mine {
		return ErrNotYours // ids are not used again, so it stays somebody else's
	}
	if err := s.purge(ctx, id); err != nil {
		return err
	}
	return s.settle(ctx, id)
}

// purge asks once to cancel and forget a job. A job that is not there is no error.
func (s *Spooler) purge(ctx context.Context, id int) error {
	m := s.request(goipp.OpCancelJob, here+"/")
	m.Operation.Add(goipp.MakeAttribute("job-id", goipp.TagInteger, goipp.Integer(id)))
	// CUPS: also deletes the files and forgets the job, finished or not.
	m.Operation.Add(goipp.MakeAttribute("purge-job", goipp.TagBoolean, goipp.Boolean(true)))
	a, err := s.exchange(ctx, "/jobs/", m, nil, s.peer)
	if err == nil {
		err = a.fault()
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// killing bounds the wait for a job that is being printed: its programs have JobKillDelay (cupsd.conf(5), 30 seconds) to
// end by themselves.
const killing = 40 * time.Second

// settle waits until the service does not know a job any more.
func (s *Spooler) settle(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeout(ctx, killing)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, s.pause) {
		now, err := s.look(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil && now.Mine && now.State.Final() {
			// A job that was being printed is only canceled by the first request, and kept: it is purged now.
			err = s.purge(ctx, id)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			if err == nil || errors.Is(err, context.DeadlineExceeded) {
				return ErrLeft
			}
			return err
		case <-timer.C:
		}
	}
}
