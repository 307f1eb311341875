package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"ipguard/devices"
)

// Notice is something that Windows told a service.
type Notice struct {
	kind    devices.Kind
	session string
}

// Told makes a Notice of what happened, where it is not known to which session. The sessions are listed then.
func Told(kind devices.Kind) Notice { return Notice{kind: kind} }

// noticesMost bounds the notices that wait. When there are more, the sessions are listed afresh anyway.
const noticesMost = 1024

// lister is the actor where sessions are listed: whenever a notice comes, and now and then.
type lister struct {
	Options
	list  func(ctx context.Context) ([]entry, error)
	every time.Duration

	mu      sync.Mutex
	notices []Notice
	some    chan struct{}
	locked  map[string]bool // sessions, by what notices said
	ended   map[string]bool // sessions that are listed a while after somebody left
}

func newLister(o Options, every time.Duration, list func(context.Context) ([]entry, error)) *lister {
	return &lister{
		Options: o, list: list, every: every, some: make(chan struct{}, 1), locked: map[string]bool{}, ended: map[string]bool{},
	}
}

// notify takes a notice. Of sessions that changed it is known at once; the rest is the actor's.
func (l *lister) notify(n Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n.kind {
	case "":
		return
	case devices.SignedIn:
		delete(l.ended, n.session)
		delete(l.locked, n.session)
	case devices.SignedOut:
		l.ended[n.session] = n.session != ""
		delete(l.locked, n.session)
	case devices.Locked, devices.Unlocked:
		l.locked[n.session] = n.kind == devices.Locked
	}
	if len(l.notices) >= noticesMost {
		l.notices = slices.DeleteFunc(l.notices, func(n Notice) bool { return n.session != "" })
		l.notices = l.notices[max(0, len(l.notices)-noticesMost/2):]
	}
	l.notices = append(l.notices, n)
	select {
	case l.some <- struct{}{}:
	default:
	}
}

// entries lists the sessions as they are, after what notices said.
func (l *lister) entries(ctx context.Context) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Within)
	defer cancel()
	all, err := l.list(ctx)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := map[string]bool{}
	for i := range all {
		listed[all[i].ID] = true
		all[i].Locked = all[i].Locked || l.locked[all[i].ID]
	}
	for _, set := range []map[string]bool{l.locked, l.ended} {
		for id := range set {
			if !listed[id] {
				delete(set, id)
			}
		}
	}
	return slices.DeleteFunc(all, func(e entry) bool { return l.ended[e.ID] }), nil
}

func (l *lister) sessions(ctx context.Context) ([]Session, error) {
	all, err := l.entries(ctx)
	open := make([]Session, 0, len(all))
	for _, e := range all {
		open = append(open, e.Session)
	}
	return open, err
}

func (l *lister) run(ctx context.Context, out chan<- devices.Event) error {
	m, q := newModel(l.Clock), newQueue()
	var wait sync.WaitGroup
	wait.Go(func() { q.deliver(ctx, out) })
	defer wait.Wait()
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	for {
		l.mu.Lock()
		notices := l.notices
		l.notices = nil
		l.mu.Unlock()
		q.push(l.hear(m, notices)...)
		// What cannot be listed now can with the next tick.
		if all, err := l.entries(ctx); err == nil {
			q.push(m.all(all)...)
		}
		q.push(m.notice()...)
		select {
		case <-l.some:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// hear deals with notices in their order.
func (l *lister) hear(m *model, notices []Notice) []devices.Event {
	var events []devices.Event
	for _, n := range notices {
		switch n.kind {
		case devices.Asleep, devices.Awake:
			events = append(events, m.sleep(n.kind == devices.Asleep)...)
		case devices.LidClosed, devices.LidOpened:
			events = append(events, m.setLid(n.kind == devices.LidClosed)...)
		case devices.ShuttingDown:
			events = append(events, m.end(true)...)
		case devices.SignedOut:
			events = append(events, m.gone(n.session)...)
		}
	}
	return events
}
