package session

import (
	"strconv"
	"sync"

	"github.com/godbus/dbus/v5"
)

// marksMost bounds each kind of mark; beyond it, everything is read again instead.
const marksMost = 4096

// batch is what signals said since it was last taken.
type batch struct {
	renewed bool                         // logind started or went away
	lost    bool                         // there was too much of it
	opened  map[dbus.ObjectPath]struct{} // sessions that are new
	closed  map[dbus.ObjectPath]struct{} // sessions that are gone
	changed map[dbus.ObjectPath]struct{} // sessions that are different, and loginPath for the machine
	left    map[dbus.ObjectPath]struct{} // sessions whose first process has ended
	users   map[string]struct{}          // accounts that had no session before
	sleep   []bool                       // about to sleep, or awake again, in order
	ending  *bool
}

// marks gathers signals. They are only taken as a reason to look again, so many of them amount to one, and a forged one to
// nothing; sleep and shutdown, which cannot be looked at later, are believed when they come from logind itself: anybody
// can send any signal to this connection, but the bus writes down who sent it.
type marks struct {
	mu      sync.Mutex
	next    batch
	owner   string // the bus's name for the connection of logind, empty when it does not run
	settled bool   // the bus told of a change of owner
	some    chan struct{}
}

func newMarks() *marks { return &marks{some: make(chan struct{}, 1)} }

// take takes what there is and says whether logind runs.
func (m *marks) take() (b batch, runs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, m.next = m.next, batch{}
	return b, m.owner != ""
}

// own takes who logind is, unless a signal told something newer.
func (m *marks) own(owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.settled {
		m.owner = owner
	}
}

// exited takes that the first process of a session has ended.
func (m *marks) exited(path dbus.ObjectPath) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(&m.next.left, path)
	m.wake()
}

func (m *marks) wake() {
	select {
	case m.some <- struct{}{}:
	default:
	}
}

// put adds to a set that is bounded.
func (m *marks) put(set *map[dbus.ObjectPath]struct{}, path dbus.ObjectPath) {
	if len(*set) >= marksMost {
		m.next.lost = true
		return
	}
	if *set == nil {
		*set = map[dbus.ObjectPath]struct{}{}
	}
	(*set)[path] = struct{}{}
}

// DeliverSignal implements dbus.SignalHandler. It runs in the goroutine that reads the bus.
func (m *marks) DeliverSignal(iface, member string, s *dbus.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case s.Sender == busName && s.Name == busName+".NameOwnerChanged":
		name, _ := arg[string](s, 0)
		owner, ok := arg[string](s, 2)
		if name != login || !ok {
			return
		}
		m.owner, m.settled, m.next.renewed = owner, true, true
	case m.owner == "" || s.Sender != m.owner:
		return
	case iface == manager && s.Path == loginPath:
		m.machine(member, s)
	case s.Name == properties+".PropertiesChanged" && (s.Path == loginPath || isSession(s.Path)):
		m.put(&m.next.changed, s.Path)
	default:
		return
	}
	m.wake()
}

// machine deals with the signals of the machine as a whole.
func (m *marks) machine(member string, s *dbus.Signal) {
	switch member {
	case "SessionNew", "SessionRemoved":
		path, ok := arg[dbus.ObjectPath](s, 1)
		switch {
		case !ok || !isSession(path):
		case member == "SessionRemoved":
			m.put(&m.next.closed, path)
		default:
			m.put(&m.next.opened, path)
			delete(m.next.closed, path) // an earlier one of that name: reading the new one tells
		}
	case "UserNew":
		if uid, ok := arg[uint32](s, 0); ok && len(m.next.users) < marksMost {
			if m.next.users == nil {
				m.next.users = map[string]struct{}{}
			}
			m.next.users[strconv.FormatUint(uint64(uid), 10)] = struct{}{}
		}
	case "PrepareForSleep":
		if before, ok := arg[bool](s, 0); ok {
			if n := len(m.next.sleep); n >= 4 {
				m.next.sleep = m.next.sleep[n-3:] // falling asleep and waking again and again, while nothing was taken
			}
			m.next.sleep = append(m.next.sleep, before)
		}
	case "PrepareForShutdown":
		if before, ok := arg[bool](s, 0); ok {
			m.next.ending = &before
		}
	}
}

// arg returns an argument of a signal.
func arg[T any](s *dbus.Signal, i int) (v T, ok bool) {
	if i < len(s.Body) {
		v, ok = s.Body[i].(T)
	}
	return v, ok
}

// isSession tells whether it is the path of a session. Object paths consist of letters, digits, "_" and "/".
func isSession(path dbus.ObjectPath) bool {
	return len(path) > len(sessionPath) && path[:len(sessionPath)] == sessionPath
}
