package session

import (
	"context"
	"slices"
	"sync"

	"ipguard/devices"
)

// queueMost is how many events wait before those that later ones supersede are left out.
const queueMost = 256

// queue holds events until they are taken. It is bounded by the accounts and sessions that there are at one time, not by
// how much happens.
type queue struct {
	mu    sync.Mutex
	items []devices.Event
	most  int
	some  chan struct{}
}

func newQueue() *queue { return &queue{most: queueMost, some: make(chan struct{}, 1)} }

// push adds events. It never blocks.
func (q *queue) push(events ...devices.Event) {
	if len(events) == 0 {
		return
	}
	q.mu.Lock()
	q.items = append(q.items, events...)
	if len(q.items) > q.most {
		q.items = compact(q.items)
		q.most = max(queueMost, 2*len(q.items)) // else a queue that cannot shrink is gone through each time
	}
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// pop takes the first event.
func (q *queue) pop() (devices.Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return devices.Event{}, false
	}
	e := q.items[0]
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items, q.most = nil, queueMost
	}
	return e, true
}

// deliver sends what is in the queue until ctx ends.
func (q *queue) deliver(ctx context.Context, out chan<- devices.Event) {
	for {
		e, ok := q.pop()
		if !ok {
			select {
			case <-q.some:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case out <- e:
		case <-ctx.Done():
			return
		}
	}
}

// matter is what an event is about. A later event about the same matter supersedes an earlier one.
type matter struct {
	kind             devices.Kind
	account, session string
	empty            bool
}

// about says which matter an event is about. That an account became empty is a matter of its own: it must not be lost
// behind a later sign-out that leaves somebody there.
func about(e devices.Event) matter {
	switch e.Kind {
	case devices.SignedIn:
		return matter{kind: e.Kind, account: e.Account}
	case devices.SignedOut:
		return matter{kind: e.Kind, account: e.Account, empty: e.Open == 0}
	case devices.Locked, devices.Unlocked:
		return matter{kind: devices.Locked, session: e.Session}
	case devices.Idle, devices.Active:
		return matter{kind: devices.Idle, session: e.Session}
	case devices.LidClosed, devices.LidOpened:
		return matter{kind: devices.LidClosed}
	}
	return matter{kind: e.Kind}
}

// compact leaves out what later events supersede, and what is said of sessions that closed later. The order stays.
func compact(items []devices.Event) []devices.Event {
	var kept []devices.Event // last first
	seen, closed := map[matter]int{}, map[string]bool{}
	for _, e := range slices.Backward(items) {
		if e.Kind == devices.SignedOut {
			closed[e.Session] = true
		}
		m := about(e)
		if m.session != "" && closed[m.session] {
			continue
		}
		if i, ok := seen[m]; ok {
			if e.Kind == devices.Awake {
				kept[i].Elapsed += e.Elapsed // the sleep of several nights
			}
			continue
		}
		seen[m] = len(kept)
		kept = append(kept, e)
	}
	slices.Reverse(kept)
	return kept
}
