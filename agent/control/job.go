package control

import (
	"context"
	"iter"
	"sync"
	"time"

	"ipguard/agent/ipc"
	"ipguard/wipe"
)

// job is a wipe as those see it who follow it. Only the latest message is kept, so that a slow follower costs nothing and
// misses nothing but steps on the way; the last message is never missed.
type job struct {
	mu    sync.Mutex
	last  ipc.Message
	ended bool
	wake  chan struct{} // closed when there is news
	// report is that of the wipe, when more comes after it.
	report *wipe.Report

	powerOff bool // belongs to the goroutine of Run
}

func newJob() *job { return &job{wake: make(chan struct{})} }

// Progress implements wipe.Observer.
func (j *job) Progress(p wipe.Progress) { j.say(ipc.Message{Progress: &p}, false) }

func (j *job) countdown(left time.Duration) { j.say(ipc.Message{Countdown: &left}, false) }

func (j *job) end(m ipc.Message) { j.say(m, true) }

func (j *job) say(m ipc.Message, last bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended {
		return
	}
	j.last, j.ended = m, last
	close(j.wake)
	j.wake = make(chan struct{})
}

// wiped tells those who asked for a wipe how it ended, in a job that goes on.
func (j *job) wiped(r *wipe.Report) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.report = r
	close(j.wake)
	j.wake = make(chan struct{})
}

// latest is the latest message for those who asked for a wipe, or for those who asked for a stow.
func (j *job) latest(stow bool) (ipc.Message, bool, chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.report != nil && !stow {
		return ipc.Message{Report: j.report}, true, j.wake
	}
	return j.last, j.ended, j.wake
}

// follow yields what there is to say until the end, or until ctx ends.
func (j *job) follow(ctx context.Context, stow bool) iter.Seq[ipc.Message] {
	return func(yield func(ipc.Message) bool) {
		for {
			m, ended, wake := j.latest(stow)
			if m != (ipc.Message{}) && !yield(m) || ended {
				return
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}
}
