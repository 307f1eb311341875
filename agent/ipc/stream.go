package ipc

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

const (
	// heartbeat is how long a follower hears nothing at most.
	heartbeat = 2 * time.Second
	// progressPause is what lies at least between two steps of one phase: people read no faster.
	progressPause = 100 * time.Millisecond
)

// stream sends what a wipe or a stow has to say, a line each, until the last one. cancel ends the following.
func (h *handler) stream(ctx context.Context, cancel context.CancelFunc, x *exchange, messages iter.Seq[Message]) error {
	x.begun = true
	x.w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(x.w)
	say := func(m Message) bool {
		x.rc.SetWriteDeadline(time.Now().Add(writeMost)) // who does not take a line in that time is not waited for
		return enc.Encode(m) == nil && x.rc.Flush() == nil
	}
	lines := h.pull(ctx, messages)
	defer func() {
		cancel()
		for range lines { // until the goroutine has ended
		}
	}()
	x.rc.SetWriteDeadline(time.Now().Add(writeMost))
	x.w.WriteHeader(http.StatusOK)
	if x.rc.Flush() != nil {
		return nil
	}
	var last Message
	var said time.Time
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	for {
		select {
		case m, more := <-lines:
			if !more {
				say(Message{Error: h.cut()})
				return nil
			}
			step := m.Progress != nil && last.Progress != nil && m.Progress.Phase == last.Progress.Phase
			last = m
			if since := time.Since(said); step && since < progressPause {
				timer.Reset(progressPause - since)
				continue
			}
			if !say(m) || m.last() {
				return nil
			}
		case <-timer.C:
			if !say(last) {
				return nil
			}
		}
		said = time.Now()
		timer.Reset(heartbeat)
	}
}

// cut is what to say where a wipe says nothing any more and has not said how it ended.
func (h *handler) cut() Code {
	select {
	case <-h.ending:
		return CodeEnding
	default:
		return CodeFailed
	}
}

// pull follows a wipe in a goroutine of its own, so that silence can be noticed. The channel is closed at its end.
func (h *handler) pull(ctx context.Context, messages iter.Seq[Message]) <-chan Message {
	lines := make(chan Message)
	go func() {
		defer close(lines)
		defer func() {
			if recover() != nil {
				h.fault(FaultPanic)
			}
		}()
		for m := range messages {
			select {
			case lines <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
