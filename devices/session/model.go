package session

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ipguard/devices"
)

// entry is a session as the system described it.
type entry struct {
	Session
	key    string        // names it for good among those of the same moment
	opened uint64        // when; tells it apart from an earlier one of the same name
	leader int           // the process that opened it, 0 when unknown
	since  time.Duration // when it was last touched, on the clock that stops in sleep; 0 when unknown
	over   bool          // somebody has left it, but programs of it still run
	young  bool          // it is still being opened
}

// model is what was told of the machine so far. Each method takes what was learned and returns what is new in it.
type model struct {
	clock  func() (boot, awake time.Duration)
	known  map[string]entry
	primed bool // something was learned before
	lid    bool // closed
	asleep bool
	ending bool
	slept  time.Duration // since the machine started, as far as told
}

func newModel(clock func() (boot, awake time.Duration)) *model {
	boot, awake := clock()
	return &model{clock: clock, known: map[string]entry{}, slept: boot - awake}
}

// open counts the sessions of an account; of all when it is empty.
func (m *model) open(account string) int {
	n := 0
	for _, e := range m.known {
		if !e.over && (account == "" || e.Account == account) {
			n++
		}
	}
	return n
}

// all takes a full list. Who came is told before who went: what is told of an account last is then as true as can be, and
// it is never called empty while somebody is there.
func (m *model) all(list []entry) []devices.Event {
	list = slices.SortedFunc(slices.Values(list), func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.opened, b.opened), cmp.Compare(a.key, b.key))
	})
	var events []devices.Event
	here := map[string]bool{}
	for _, over := range []bool{false, true} {
		for _, e := range list {
			here[e.key] = true
			if e.over == over {
				events = append(events, m.set(e)...)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.known)) {
		if !here[key] {
			events = append(events, m.gone(key)...)
		}
	}
	m.primed = true
	return events
}

// set takes what one session is like now.
func (m *model) set(e entry) []devices.Event {
	var events []devices.Event
	old, known := m.known[e.key]
	if known && (old.opened != e.opened || old.Account != e.Account) {
		events = m.gone(e.key)
		old, known = entry{}, false
	}
	e.over = e.over || old.over
	switch {
	case known && old.over, !known && e.over && !m.primed:
		m.known[e.key] = e // told already, or left before anybody listened
		return events
	case !known:
		left := e.over
		e.over = false
		m.known[e.key] = e
		events = append(events, m.about(devices.SignedIn, e))
		e.over = left
	}
	m.known[e.key] = e
	if e.over {
		return append(events, m.about(devices.SignedOut, e))
	}
	if e.Locked != old.Locked {
		kind := devices.Unlocked
		if e.Locked {
			kind = devices.Locked
		}
		events = append(events, devices.Event{Kind: kind, Account: e.Account, Session: e.ID})
	}
	switch {
	case e.Idle && !old.Idle:
		idle := devices.Event{Kind: devices.Idle, Account: e.Account, Session: e.ID}
		if _, awake := m.clock(); e.since > 0 {
			idle.Elapsed = max(awake-e.since, 0)
		}
		events = append(events, idle)
	case !e.Idle && old.Idle:
		events = append(events, devices.Event{Kind: devices.Active, Account: e.Account, Session: e.ID})
	}
	return events
}

// about makes the event of a session that opened or closed.
func (m *model) about(kind devices.Kind, e entry) devices.Event {
	return devices.Event{Kind: kind, Account: e.Account, Session: e.ID, Open: m.open(e.Account)}
}

// gone takes that a session is no more.
func (m *model) gone(key string) []devices.Event {
	e, known := m.known[key]
	delete(m.known, key)
	if !known || e.over {
		return nil
	}
	return []devices.Event{m.about(devices.SignedOut, e)}
}

// missed takes that a session came and went before it could be read, of one of these accounts. An account with open
// sessions is left alone: it is told of when they close.
func (m *model) missed(accounts []string) []devices.Event {
	var events []devices.Event
	for _, id := range slices.Compact(slices.Sorted(slices.Values(accounts))) {
		if m.open(id) == 0 {
			events = append(events, devices.Event{Kind: devices.SignedIn, Account: id, Open: 1}, devices.Event{Kind: devices.SignedOut, Account: id})
		}
	}
	return events
}

// setLid takes whether the lid is closed.
func (m *model) setLid(closed bool) []devices.Event {
	if m.lid == closed {
		return nil
	}
	m.lid = closed
	if closed {
		return []devices.Event{{Kind: devices.LidClosed}}
	}
	return []devices.Event{{Kind: devices.LidOpened}}
}

// sleep takes that the machine is about to sleep, or woke up.
//
// How long it slept is the difference between two clocks of the kernel, one of which goes on in sleep. What they differed
// by when it was last told is kept, so it does not matter how late the news come: both may only be heard after waking.
func (m *model) sleep(before bool) []devices.Event {
	if before {
		if m.asleep {
			return nil
		}
		m.asleep = true
		return []devices.Event{{Kind: devices.Asleep}}
	}
	if !m.asleep {
		return m.notice()
	}
	m.asleep = false
	return []devices.Event{{Kind: devices.Awake, Elapsed: m.rested()}}
}

// notice tells of a sleep that nobody announced. Under a second is the kernel's rounding.
func (m *model) notice() []devices.Event {
	if boot, awake := m.clock(); m.asleep || boot-awake-m.slept < time.Second {
		return nil
	}
	return []devices.Event{{Kind: devices.Asleep}, {Kind: devices.Awake, Elapsed: m.rested()}}
}

// rested returns how long the machine slept since it was asked last.
func (m *model) rested() time.Duration {
	boot, awake := m.clock()
	before := m.slept
	m.slept = boot - awake
	return max(m.slept-before, 0)
}

// end takes whether the machine is about to stop. It can be called off.
func (m *model) end(ending bool) []devices.Event {
	if m.ending == ending {
		return nil
	}
	if m.ending = ending; !ending {
		return nil
	}
	return []devices.Event{{Kind: devices.ShuttingDown}}
}
