package watch

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pass says what a reading was; tests count them.
type pass struct {
	whole   bool // everything was read, not only the folders with events
	entries int
	took    time.Duration
}

// actor watches one account. Everything but wake is its goroutine's own, the readings included: an account that makes its
// own actor wait makes nobody else wait.
type actor struct {
	w    *Watcher
	id   string
	wake chan struct{} // holds one: look at the order

	order order
	note  *notifier // nil: nothing is watched
	pace  pace
	tree  tree

	now     bool // read without waiting
	all     bool // read everything
	fresh   bool // and a session begins
	events  int  // since the last reading
	pouring bool // too many of them
	used    bool
	rest    time.Time // when to listen again; zero: now
	scan    time.Time // when to read what is not watched; zero: never
	sent    Change
	pending *Change
}

func newActor(w *Watcher, id string) *actor {
	a := &actor{w: w, id: id, wake: make(chan struct{}, 1), fresh: true}
	a.pace = pace{quiet: w.opt.Quiet, most: w.opt.Most, longest: w.opt.Longest}
	a.tree = newTree(w.opt)
	a.tell()
	return a
}

// tell says that the order may have changed.
func (a *actor) tell() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *actor) run(ctx context.Context, out chan<- Change) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	defer func() { a.note.close() }()
	for ctx.Err() == nil {
		a.arm(timer)
		events, failures := a.note.channels()
		if !a.rest.IsZero() {
			events = nil
		}
		var to chan<- Change
		var change Change
		if a.pending != nil {
			to, change = out, *a.pending
		}
		select {
		case <-ctx.Done():
		case <-a.wake:
			a.obey()
		case ev, ok := <-events:
			a.listen(events, ev, ok)
		case err, ok := <-failures:
			a.failure(err, ok)
		case <-timer.C:
			if a.rest = (time.Time{}); a.due(time.Now()) {
				a.read(ctx)
			}
		case to <- change:
			a.pending = nil
		}
	}
}

// arm sets the timer for the next thing to do; while there is none no timer runs.
func (a *actor) arm(timer *time.Timer) {
	at, ok := a.pace.next()
	for _, other := range []time.Time{a.rest, a.scan} {
		if !other.IsZero() && (!ok || other.Before(at)) {
			at, ok = other, true
		}
	}
	switch {
	case a.now:
		timer.Reset(0)
	case ok:
		timer.Reset(time.Until(at))
	default:
		timer.Stop()
	}
}

// due tells whether it is time for a reading.
func (a *actor) due(now time.Time) bool {
	at, ok := a.pace.next()
	return a.now || ok && !now.Before(at) || !a.scan.IsZero() && !now.Before(a.scan)
}

// obey takes over what Set and Reset want.
func (a *actor) obey() {
	o, ok := a.w.order(a.id)
	if !ok || o.epoch == a.order.epoch && o.rev == a.order.rev {
		return
	}
	if o.epoch != a.order.epoch {
		// Events that wait are about the session before; they go with the connection.
		a.drop()
		a.fresh, a.used, a.pouring, a.pending = true, false, false, nil
	}
	a.order, a.now, a.all = o, true, true
}

// window is how long events are listened to at a time.
const window = 5 * time.Millisecond

// listen takes an event and those that wait behind it, and then lets others gather for a while: one by one they would cost
// many times as much.
func (a *actor) listen(events <-chan fsnotify.Event, ev fsnotify.Event, ok bool) {
	end := time.NewTimer(window)
	defer end.Stop()
	for {
		if !ok {
			a.failure(nil, false)
			return
		}
		if a.event(ev); a.note == nil {
			return
		}
		select {
		case ev, ok = <-events:
		case <-end.C:
			a.rest = time.Now().Add(a.w.opt.Quiet / 2)
			return
		}
	}
}

func (a *actor) event(ev fsnotify.Event) {
	in, layout := a.note.meaning(ev)
	if in != none {
		a.tree.mark(in)
		a.used = true
	}
	a.all = a.all || layout
	if in != none || layout {
		a.pace.mark(time.Now())
	}
	// Events that mean nothing cost as much as others.
	if a.events++; a.events >= a.w.opt.Events {
		a.drop()
		a.pouring, a.used = true, true
		a.pace.mark(time.Now())
	}
}

// failure is told what the connection to the system says of itself. Whatever it is, everything is read again.
func (a *actor) failure(err error, ok bool) {
	if !ok || !errors.Is(err, fsnotify.ErrEventOverflow) {
		a.drop()
	}
	// What was lost cannot have been nothing.
	a.all, a.used = true, true
	a.pace.mark(time.Now())
}

// drop puts down every watch; the next reading sets them again.
func (a *actor) drop() {
	a.note.close()
	a.note, a.all = nil, true
}

// read sets the watches and reads the folders that are worth it.
func (a *actor) read(ctx context.Context) {
	start := time.Now()
	if !a.scan.IsZero() && !start.Before(a.scan) {
		a.all = true
	}
	if a.note == nil {
		a.note, a.all = connect(a.w.dial), true
	}
	whole, fresh := a.all, a.fresh
	a.now, a.all, a.fresh = false, false, false
	a.pace.begin()
	changed := a.tree.read(ctx, a.order.Account, a.note, whole, fresh)
	if ctx.Err() != nil {
		return
	}
	a.used = a.used || changed && !fresh
	a.report()
	end := time.Now()
	a.pace.done(start, end, a.pouring)
	a.events, a.pouring = 0, false
	switch {
	case !a.order.Active || !a.sent.Scanned && !a.sent.Unread:
		a.scan = time.Time{}
	case whole || a.scan.IsZero():
		a.scan = start.Add(max(a.w.opt.Scan, share*end.Sub(start)))
	}
	if a.w.seen != nil {
		a.w.seen(pass{whole: whole, entries: a.tree.looked, took: end.Sub(start)})
	}
}

// report makes what was read the next Change, unless it says nothing that the last did not.
func (a *actor) report() {
	c := Change{Account: a.id, Epoch: a.order.epoch, Used: a.used, New: a.tree.counts(), Unread: a.tree.unread()}
	c.Watched, c.Scanned = a.note.watched(), a.tree.unwatched()
	first := a.sent.New == nil
	same := c.Epoch == a.sent.Epoch && c.Watched == a.sent.Watched && c.Scanned == a.sent.Scanned &&
		c.Unread == a.sent.Unread && maps.Equal(c.New, a.sent.New)
	a.used, a.sent = false, c
	if !first && same && !c.Used {
		return
	}
	if a.pending != nil {
		c.Used = c.Used || a.pending.Used
	}
	a.pending = &c
}
