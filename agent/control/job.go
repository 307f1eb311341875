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

func (j *job) latest() (ipc.Message, bool, chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.ended, j.wake
}

// follow yields what there is to say until the end, or until ctx ends.
func (j *job) follow(ctx context.Context) iter.Seq[ipc.Message] {
	return func(yield func(ipc.Message) bool) {
		for {
			m, ended, wake := j.latest()
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
