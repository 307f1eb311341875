package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"ipguard/devices"
)

const (
	// retryMost is how seldom the bus is tried when there is none, answerRetryMost when there is one but logind does not
	// answer as it should.
	retryMost, answerRetryMost = time.Minute, 10 * time.Second
	// calm is how seldom changes of a session are read: an account can make up as many as it wants.
	calm = time.Second
)

// watch is the actor that listens to logind. It outlives connections, and what it knows does too.
type watch struct {
	Options
	model *model
	queue *queue
	// doubt says that a session came and went of which it is not known whose it was; users are accounts that it may be of.
	doubt bool
	users map[string]struct{}

	// What follows belongs to one connection.
	bus     *client
	marks   *marks
	fresh   bool                         // everything has been read
	lid     bool                         // there is one
	held    map[dbus.ObjectPath]struct{} // to be read when it is calm
	holdEnd time.Time
	lidEnd  time.Time          // when to ask about it
	lookEnd time.Time          // when to look at the sessions
	leaders map[string]*leader // nil where a process cannot be watched
}

func (l logind) run(ctx context.Context, out chan<- devices.Event) error {
	w := &watch{Options: l.Options, model: newModel(l.Clock), queue: newQueue(), users: map[string]struct{}{}}
	var wait sync.WaitGroup
	wait.Go(func() { w.queue.deliver(ctx, out) })
	defer wait.Wait()
	for pause := w.Retry; ctx.Err() == nil; {
		connected, most := w.connected(ctx), retryMost
		if w.fresh {
			pause = w.Retry
		}
		if connected {
			most = max(answerRetryMost, w.Retry)
		}
		pause = min(pause, most)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause *= 2
	}
	return nil
}

// connected listens as long as nothing goes wrong. Whatever does, a new connection and reading everything again repair.
// It tells whether there was a bus.
func (w *watch) connected(ctx context.Context) bool {
	w.marks, w.fresh, w.lid = newMarks(), false, hasLid(w.Inputs)
	w.held, w.holdEnd = map[dbus.ObjectPath]struct{}{}, time.Time{}
	w.leaders = map[string]*leader{}
	bus, err := dial(ctx, w.Options, w.marks)
	if err != nil {
		return false
	}
	defer bus.Close()
	w.bus = bus
	defer w.dropLeaders(nil)
	if w.subscribe(ctx) != nil {
		return true
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if w.step(ctx) != nil {
			return true
		}
		timer.Stop()
		if at := w.next(); !at.IsZero() {
			timer.Reset(time.Until(at))
		}
		select {
		case <-w.marks.some:
		case <-timer.C:
		case <-bus.Done():
			return true
		case <-ctx.Done():
			return true
		}
	}
}

// subscribe asks the bus for signals and then for who logind is.
func (w *watch) subscribe(ctx context.Context) error {
	for _, rule := range []string{
		"type='signal',sender='" + busName + "',interface='" + busName + "',member='NameOwnerChanged',arg0='" + login + "'",
		"type='signal',sender='" + login + "',interface='" + manager + "',path='" + string(loginPath) + "'",
		"type='signal',sender='" + login + "',interface='" + properties + "',member='PropertiesChanged',path_namespace='" + string(loginPath) + "'",
	} {
		if err := w.bus.call(ctx, busName, busPath, busName+".AddMatch", []any{rule}); err != nil {
			return err
		}
	}
	var owner string
	err := w.bus.call(ctx, busName, busPath, busName+".GetNameOwner", []any{login}, &owner)
	if err != nil && !errors.Is(err, ErrNoSessions) {
		return err
	}
	w.marks.own(owner)
	return nil
}

// next says when something is due by itself; zero: nothing. While no session is open, nothing is.
func (w *watch) next() (at time.Time) {
	if !w.fresh {
		return at // logind does not run
	}
	if len(w.held) > 0 {
		at = w.holdEnd
	}
	if w.model.open("") == 0 {
		return at
	}
	if at.IsZero() || w.lookEnd.Before(at) {
		at = w.lookEnd
	}
	if w.lid && w.lidEnd.Before(at) {
		at = w.lidEnd
	}
	return at
}

// look is how often to look at sessions of which nothing is heard: that a terminal is idle, that somebody has left and the
// first process of the session cannot be watched.
func (w *watch) look() time.Duration {
	for _, l := range w.leaders {
		if l == nil {
			return w.Tick
		}
	}
	return 3 * w.Tick
}

// step deals with what there is to deal with.
func (w *watch) step(ctx context.Context) error {
	b, runs := w.marks.take()
	for _, before := range b.sleep {
		w.queue.push(w.model.sleep(before)...)
	}
	if b.ending != nil {
		w.queue.push(w.model.end(*b.ending)...)
	}
	w.remember(b)
	if b.renewed || b.lost {
		w.fresh = false
	}
	w.doubt = w.doubt || b.lost
	if !runs {
		return nil // its sessions live on; what has changed is seen when it is back
	}
	if err := w.read(ctx, b); err != nil {
		w.doubt = w.doubt || len(b.opened) > 0
		return err
	}
	w.watchLeaders()
	return nil
}

// read brings the model up to date.
func (w *watch) read(ctx context.Context, b batch) error {
	if w.fresh {
		if err := w.readSome(ctx, w.due(b), b.opened); err != nil {
			return err
		}
	} else if err := w.readAll(ctx, b.opened); err != nil {
		return err
	}
	for path := range b.closed {
		w.queue.push(w.model.gone(string(path))...)
		delete(w.held, path)
	}
	if w.doubt {
		return w.settle(ctx)
	}
	return nil
}

// due says what to read now: what is new at once, what changed when it is calm, and what nothing is heard of in its time.
func (w *watch) due(b batch) map[dbus.ObjectPath]struct{} {
	now, due := time.Now(), map[dbus.ObjectPath]struct{}{}
	maps.Copy(due, b.opened)
	maps.Copy(due, b.left)
	maps.Copy(w.held, b.changed)
	if !now.Before(w.holdEnd) && len(w.held) > 0 {
		maps.Copy(due, w.held)
		w.held, w.holdEnd = map[dbus.ObjectPath]struct{}{}, now.Add(calm)
	}
	if len(b.left) > 0 {
		maps.Copy(w.held, b.left) // once more: logind may hear of it after us
		w.holdEnd = now.Add(calm)
	}
	if w.model.open("") == 0 {
		return due
	}
	if !now.Before(w.lookEnd) {
		w.lookEnd = now.Add(w.look())
		for key := range w.model.known {
			due[dbus.ObjectPath(key)] = struct{}{}
		}
		w.queue.push(w.model.notice()...)
	}
	if w.lid && !now.Before(w.lidEnd) {
		w.lidEnd = now.Add(w.Tick)
		due[loginPath] = struct{}{}
	}
	return due
}

// remember keeps the accounts that came up lately. They are forgotten when they have a session that is known.
func (w *watch) remember(b batch) {
	maps.Copy(w.users, b.users)
	maps.DeleteFunc(w.users, func(id string, _ struct{}) bool { return w.model.open(id) > 0 })
	if len(w.users) > marksMost {
		clear(w.users)
	}
}

// readAll reads everything and compares.
func (w *watch) readAll(ctx context.Context, opened map[dbus.ObjectPath]struct{}) error {
	w.held = map[dbus.ObjectPath]struct{}{}
	paths, err := w.bus.list(ctx)
	if err != nil {
		return err
	}
	for path := range opened {
		if !slices.Contains(paths, path) {
			w.doubt = true
		}
	}
	var all []entry
	for _, path := range paths {
		e, ok, err := w.bus.describe(ctx, path, w.Options)
		switch {
		case errors.Is(err, errGone):
			if _, known := w.model.known[string(path)]; !known {
				w.doubt = true
			}
		case err != nil:
			return err
		case ok:
			all = append(all, e)
		}
	}
	machine, err := w.readMachine(ctx, true)
	if err != nil {
		return err
	}
	w.queue.push(append(w.model.all(all), machine...)...)
	w.fresh, w.lidEnd, w.lookEnd = true, time.Now().Add(w.Tick), time.Now().Add(w.Tick)
	return nil
}

// readSome reads what may have changed.
func (w *watch) readSome(ctx context.Context, due, opened map[dbus.ObjectPath]struct{}) error {
	for path := range due {
		if path == loginPath {
			events, err := w.readMachine(ctx, false)
			if err != nil {
				return err
			}
			w.queue.push(events...)
			continue
		}
		e, ok, err := w.bus.describe(ctx, path, w.Options)
		_, isNew := opened[path]
		_, known := w.model.known[string(path)]
		switch {
		case errors.Is(err, errGone):
			w.doubt = w.doubt || isNew && !known
			w.queue.push(w.model.gone(string(path))...)
		case err != nil:
			return err
		case ok:
			w.queue.push(w.model.set(e)...)
		}
	}
	return nil
}

// settle finds out whose session it can have been that came and went before it could be read: it was of one of the
// accounts that logind still knows (for 10 s after the last session, see UserStopDelaySec in logind.conf(5)), or that
// came up just now.
func (w *watch) settle(ctx context.Context) error {
	var users []struct {
		UID  uint32
		Name string
		Path dbus.ObjectPath
	}
	if err := w.bus.call(ctx, login, loginPath, manager+".ListUsers", nil, &users); err != nil {
		return err
	}
	ids := slices.Collect(maps.Keys(w.users))
	for _, u := range users {
		ids = append(ids, strconv.FormatUint(uint64(u.UID), 10))
	}
	w.queue.push(w.model.missed(ids)...)
	w.doubt = false
	clear(w.users)
	return nil
}

// readMachine reads what concerns the machine as a whole. That the lid closes is announced since systemd 256; before, and
// where it is not, asking is the only way.
func (w *watch) readMachine(ctx context.Context, first bool) (events []devices.Event, err error) {
	for _, p := range []struct {
		name string
		skip bool
		take func(bool) []devices.Event
	}{
		{"PreparingForSleep", !first, w.model.sleep},
		{"PreparingForShutdown", !first, w.model.end},
		{"LidClosed", !w.lid, w.model.setLid},
	} {
		if p.skip {
			continue
		}
		v, err := w.bus.get(ctx, login, loginPath, manager, p.name)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, fmt.Errorf("reading the state of the machine: %w", err)
		}
		if now, ok := v.(bool); ok {
			events = append(events, p.take(now)...)
		} else if p.name == "LidClosed" {
			w.lid = false
		}
	}
	return events, nil
}
