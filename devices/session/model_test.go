package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/devices"
)

func still() (boot, awake time.Duration) { return time.Hour, time.Hour }

// entries makes sessions of one account out of their names; an upper-case one is over.
func entries(names string) (all []entry) {
	for _, n := range names {
		id := strings.ToLower(string(n))
		all = append(all, entry{Session: Session{ID: id, Account: "u"}, key: id, over: id != string(n)})
	}
	return all
}

// told writes events down briefly.
func told(events []devices.Event) string {
	var s []string
	for _, e := range events {
		s = append(s, fmt.Sprintf("%s %s%s %d", e.Kind, e.Account, e.Session, e.Open))
	}
	return strings.Join(s, ", ")
}

func TestModelCompares(t *testing.T) {
	for _, c := range []struct{ name, before, now, want string }{
		{"the first list", "-", "abC", "signed_in ua 1, signed_in ub 2"},
		{"nothing new", "ab", "ab", ""},
		{"one left", "ab", "a", "signed_out ub 1"},
		{"one left, programs stay", "ab", "aB", "signed_out ub 1"},
		{"told already", "aB", "a", ""},
		{"never empty while somebody is there", "a", "b", "signed_in ub 2, signed_out ua 1"},
		{"came and went, programs stay", "a", "aB", "signed_in ub 2, signed_out ub 1"},
		{"all left", "ab", "", "signed_out ua 1, signed_out ub 0"},
	} {
		m := newModel(still)
		if c.before != "-" {
			m.all(entries(c.before))
		}
		if diff := cmp.Diff(c.want, told(m.all(entries(c.now)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestModelReusedName(t *testing.T) {
	m := newModel(still)
	m.all(entries("a"))
	next := entries("a")[0]
	next.opened, next.Account = 7, "v"
	if got, want := told(m.set(next)), "signed_out ua 0, signed_in va 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestModelMissed(t *testing.T) {
	m := newModel(still)
	m.all(entries("a"))
	if got, want := told(m.missed([]string{"w", "u", "w"})), "signed_in w 1, signed_out w 0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestModelSleep(t *testing.T) {
	var nights time.Duration
	m := newModel(func() (boot, awake time.Duration) { return time.Hour + nights, time.Hour })
	var got []devices.Event
	got = append(got, m.notice()...)
	got = append(got, m.sleep(true)...)
	nights = 3 * time.Hour
	got = append(got, m.notice()...) // it is told with waking
	got = append(got, m.sleep(false)...)
	nights += 2 * time.Hour // both are heard only after waking
	got = append(got, m.sleep(true)...)
	got = append(got, m.sleep(false)...)
	nights += time.Hour // nobody says anything
	got = append(got, m.notice()...)
	got = append(got, m.notice()...)
	want := []devices.Event{
		{Kind: devices.Asleep}, {Kind: devices.Awake, Elapsed: 3 * time.Hour},
		{Kind: devices.Asleep}, {Kind: devices.Awake, Elapsed: 2 * time.Hour},
		{Kind: devices.Asleep}, {Kind: devices.Awake, Elapsed: time.Hour},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever is left out: the last word on an account is right, and that it was empty is not lost.
func TestCompactKeepsWhatMatters(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := newModel(still)
		var all []devices.Event
		for range 600 {
			e := entry{Session: Session{Account: string(rune('u' + r.IntN(3))), ID: string(rune('a' + r.IntN(9)))}}
			e.key, e.Locked, e.Idle = e.Account+e.ID, r.IntN(2) == 0, r.IntN(2) == 0
			e.ID = e.key
			if r.IntN(2) == 0 {
				all = append(all, m.gone(e.key)...)
			} else {
				all = append(all, m.set(e)...)
			}
		}
		kept := compact(all)
		if diff := cmp.Diff(summary(all), summary(kept)); diff != "" || len(kept) > 3*3+2*27 {
			t.Fatalf("seed %d: %d of %d events kept (-all +kept):\n%s", seed, len(kept), len(all), diff)
		}
	}
}

// summary is what a listener must learn from events.
func summary(events []devices.Event) map[string]string {
	s := map[string]string{}
	for _, e := range events {
		switch e.Kind {
		case devices.SignedIn, devices.SignedOut:
			s["open "+e.Account] = fmt.Sprint(e.Open)
			if e.Kind == devices.SignedOut {
				delete(s, "lock "+e.Session)
				delete(s, "idle "+e.Session)
			}
			if e.Open == 0 {
				s["empty "+e.Account] = "once"
			}
		case devices.Locked, devices.Unlocked:
			s["lock "+e.Session] = string(e.Kind)
		case devices.Idle, devices.Active:
			s["idle "+e.Session] = string(e.Kind)
		}
	}
	return s
}

func TestDescribed(t *testing.T) {
	o := Options{Clock: still}.filled()
	usual := func() map[string]any {
		return map[string]any{"Class": "user", "User": []any{uint32(1000), "/x"}, "Id": "4", "Type": "wayland"}
	}
	for _, c := range []struct {
		name string
		set  map[string]any
		want string // empty: not a session that somebody signed in to
	}{
		{"usual", nil, "1000 4 wayland"},
		{"newer class", map[string]any{"Class": "user-light"}, "1000 4 wayland"},
		{"job", map[string]any{"Class": "background", "Type": "unspecified"}, "1000 4 unspecified"},
		{"greeter", map[string]any{"Class": "greeter"}, ""},
		{"manager", map[string]any{"Class": "manager-early"}, ""},
		{"no class", map[string]any{"Class": 7}, ""},
		{"no user", map[string]any{"User": nil}, ""},
		{"user of another type", map[string]any{"User": []any{"root", "/x"}}, ""},
		{"no id", map[string]any{"Id": ""}, ""},
		{"left", map[string]any{"State": "closing"}, "1000 4 wayland over"},
		{"idle desktop", map[string]any{"IdleHint": true}, "1000 4 wayland idle"},
		{"terminal touched lately", map[string]any{"Type": "tty", "IdleSinceHintMonotonic": uint64(3500e6)}, "1000 4 tty"},
		{"terminal not touched for long", map[string]any{"Type": "tty", "IdleSinceHintMonotonic": uint64(3000e6)}, "1000 4 tty idle"},
		{"terminal not touched since before", map[string]any{"Type": "tty", "IdleHint": true, "IdleSinceHintMonotonic": uint64(9e6), "TimestampMonotonic": uint64(3500e6)}, "1000 4 tty"},
		{"desktop that never was idle", map[string]any{"IdleSinceHintMonotonic": uint64(5e6)}, "1000 4 wayland"},
		{"absurd numbers", map[string]any{"IdleSinceHintMonotonic": ^uint64(0), "Leader": ^uint32(0)}, "1000 4 wayland"},
	} {
		p := usual()
		for k, v := range c.set {
			p[k] = v
		}
		got := ""
		if e, ok := described("/k", p, o); ok {
			got = fmt.Sprintf("%s %s %s", e.Account, e.ID, e.Type)
			if e.Idle {
				got += " idle"
			}
			if e.over {
				got += " over"
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHasLid(t *testing.T) {
	for _, c := range []struct {
		name, switches string
		want           bool
	}{{"a lid", "1\n", true}, {"a lid among others", "2 21\n", true}, {"a jack", "14\n", false}, {"none", "0\n", false}, {"odd", "x y\n", false}} {
		dir := t.TempDir()
		for name, text := range map[string]string{"input0": "0\n", "input1": c.switches} {
			if err := os.MkdirAll(filepath.Join(dir, name, "capabilities"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name, "capabilities", "sw"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "event0"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := hasLid(dir); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !hasLid(filepath.Join(t.TempDir(), "none")) {
		t.Error("what cannot be read counts as none")
	}
}

// The actor of Windows and macOS.
func TestLister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now := entries("a")
		set := func(names string) { mu.Lock(); now = entries(names); mu.Unlock() }
		l := newLister(Options{Clock: still}.filled(), time.Minute, func(context.Context) ([]entry, error) {
			mu.Lock()
			defer mu.Unlock()
			if now == nil {
				return nil, ErrNoSessions
			}
			return append([]entry{}, now...), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		out := make(chan devices.Event, 10_000)
		done := make(chan error, 1)
		go func() { done <- l.run(ctx, out) }()
		expect := func(what, want string) {
			t.Helper()
			synctest.Wait()
			var got []devices.Event
			for len(out) > 0 {
				got = append(got, <-out)
			}
			if told(got) != want {
				t.Errorf("%s: got %q, want %q", what, told(got), want)
			}
		}
		expect("start", "signed_in ua 1")
		l.notify(Notice{devices.Locked, "a"})
		expect("lock", "locked ua 0")
		l.notify(Notice{devices.SignedOut, "a"}) // it is listed a while longer
		expect("sign-out", "signed_out ua 0")
		time.Sleep(2 * time.Minute)
		expect("still listed", "")
		l.notify(Notice{devices.SignedIn, "a"})
		expect("again", "signed_in ua 1")
		mu.Lock()
		now = nil
		mu.Unlock()
		time.Sleep(2 * time.Minute)
		expect("it cannot be listed", "")
		set("ab")
		time.Sleep(time.Minute)
		expect("nobody said a word", "signed_in ub 2")
		for range 3 * noticesMost {
			l.notify(Notice{devices.Locked, "b"})
			l.notify(Notice{devices.Unlocked, "b"})
		}
		synctest.Wait()
		for len(out) > 0 {
			<-out // how many of them are told is a matter of chance
		}
		l.notify(Notice{kind: devices.Asleep})
		l.notify(Notice{kind: devices.Awake})
		l.notify(Notice{kind: devices.LidClosed})
		l.notify(Notice{kind: devices.ShuttingDown})
		expect("the machine", "asleep  0, awake  0, lid_closed  0, shutting_down  0")
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
