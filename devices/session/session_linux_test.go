package session

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"ipguard/devices"
)

func TestSignInsAndOuts(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	b.put("2", with(user("2", 118), map[string]any{"Class": "greeter"}))
	b.put("3", with(user("3", 1000), map[string]any{"State": "closing"}))
	b.put("4", with(user("4", 1000), map[string]any{"Class": "manager"}))
	out := watching(t, b.options(), 0)
	expect(t, out, in("1000", "1", 1))
	b.open("5", user("5", 1001))
	expect(t, out, in("1001", "5", 1))
	b.open("6", with(user("6", 1000), map[string]any{"Type": "tty"}))
	expect(t, out, in("1000", "6", 2))
	b.open("7", with(user("7", 0), map[string]any{"Class": "manager-early"}))
	b.close("7")
	b.open("8", with(user("8", 1002), map[string]any{"Class": "background"}))
	expect(t, out, in("1002", "8", 1))
	b.close("8")
	expect(t, out, gone("1002", "8", 0))
	b.close("3")
	b.close("1")
	expect(t, out, gone("1000", "1", 1))
	b.change("6", with(user("6", 1000), map[string]any{"State": "closing"}))
	expect(t, out, gone("1000", "6", 0))
	b.close("6")
	b.open("6", with(user("6", 1000), map[string]any{"TimestampMonotonic": uint64(9)}))
	expect(t, out, in("1000", "6", 1))
	b.quiet(out)
}

// Somebody leaves, programs of the session stay, and logind says nothing.
func TestClosingIsNoticedByTheLeader(t *testing.T) {
	b := newBed(t)
	b.startBus()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := map[string]any{"Leader": uint32(cmd.Process.Pid)}
	b.put("1", with(user("1", 1000), p))
	out := watching(t, b.options(), 0)
	expect(t, out, in("1000", "1", 1))
	b.put("1", with(with(user("1", 1000), p), map[string]any{"State": "closing"}))
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	expect(t, out, gone("1000", "1", 0))
	b.close("1")
	b.quiet(out)
}

func TestClosingIsNoticedInTheEnd(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	o := b.options()
	o.Tick = 50 * time.Millisecond
	out := watching(t, o, 0)
	expect(t, out, in("1000", "1", 1))
	b.put("1", with(user("1", 1000), map[string]any{"State": "closing"}))
	expect(t, out, gone("1000", "1", 0))
}

func TestRestartOfLogind(t *testing.T) {
	b := newBed(t)
	out := watching(t, b.options(), 0) // before there is a bus
	b.startBus()
	b.open("1", user("1", 1000))
	b.open("2", user("2", 1001))
	first := []devices.Event{<-out, <-out}
	slices.SortFunc(first, func(x, y devices.Event) int { return strings.Compare(x.Account, y.Account) })
	if diff := cmp.Diff([]devices.Event{in("1000", "1", 1), in("1001", "2", 1)}, first); diff != "" {
		t.Fatal(diff)
	}
	b.own(false)
	b.put("1", nil)
	b.put("3", with(user("3", 1002), map[string]any{"State": "closing"})) // came and went
	b.own(true)
	expect(t, out, in("1002", "3", 1), gone("1002", "3", 0), gone("1000", "1", 0))
	b.emit("SessionNew", "2", pathOf("2")) // as a logind that starts says of each session
	b.emit("SessionNew", "3", pathOf("3"))
	b.quiet(out)
}

func TestRestartOfTheBus(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	b.put("2", user("2", 1001))
	out := watching(t, b.options(), 0)
	expect(t, out, in("1000", "1", 1), in("1001", "2", 1))
	b.stopBus()
	b.put("1", nil)
	b.startBus()
	expect(t, out, gone("1000", "1", 0))
	b.quiet(out)
}

func TestLogindHangs(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	b.hangs(true)
	o := b.options()
	o.Within = 50 * time.Millisecond
	out := watching(t, o, 0)
	w := New("linux", o)
	for what, err := range map[string]error{
		"Lock": w.Lock(t.Context(), "1000"), "TurnAway": w.TurnAway(t.Context(), "1"), "SignOut": w.SignOut(t.Context(), "1000"),
	} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s on a logind that hangs: %v", what, err)
		}
	}
	b.hangs(false)
	expect(t, out, in("1000", "1", 1))
	b.hangs(true)
	b.close("1") // needs no question
	expect(t, out, gone("1000", "1", 0))
	b.open("2", user("2", 1000))
	time.Sleep(100 * time.Millisecond) // it is asked about now, and Run ends nevertheless
}

// Whoever comes and goes is told however fast it is and however slow they are who listen.
func TestManyAndASlowConsumer(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.locked(func() { b.users = []uint32{1000} })
	out := watching(t, b.options(), 0)
	b.put("0", user("0", 1001))
	b.emit("SessionNew", "0", pathOf("0"))
	expect(t, out, in("1001", "0", 1))
	for i := range 1000 {
		id := strconv.Itoa(1 + i%7)
		b.open(id, with(user(id, 1000), map[string]any{"TimestampMonotonic": uint64(i + 2)}))
		b.close(id)
	}
	time.Sleep(2 * time.Second) // they are slow who listen
	open, empty, came := -1, 0, b.drain(out)
	for _, e := range came {
		if open = e.Open; e.Kind == devices.SignedOut && open == 0 {
			empty++
		}
	}
	if open != 0 || empty == 0 || len(came) > queueMost+8 {
		t.Errorf("after %d events %d sessions are open, and the account was empty %d times", len(came), open, empty)
	}
	b.close("0")
	expect(t, out, gone("1001", "0", 0))
}

func TestLockIdleAndLid(t *testing.T) {
	b := newBed(t)
	b.startBus()
	awake := 100 * time.Second
	o := b.options()
	o.Tick = 20 * time.Millisecond
	o.Clock = func() (time.Duration, time.Duration) { return awake, awake }
	b.put("1", user("1", 1000))
	out := watching(t, o, 0)
	expect(t, out, in("1000", "1", 1))
	b.change("1", with(user("1", 1000), map[string]any{"LockedHint": true}))
	expect(t, out, of(devices.Locked, "1000", "1"))
	b.change("1", with(user("1", 1000), map[string]any{"IdleHint": true, "IdleSinceHintMonotonic": uint64(90e6)}))
	idle := of(devices.Idle, "1000", "1")
	idle.Elapsed = 10 * time.Second
	expect(t, out, of(devices.Unlocked, "1000", "1"), idle)
	b.change("1", user("1", 1000))
	expect(t, out, of(devices.Active, "1000", "1"))
	b.set("LidClosed", true)
	expect(t, out, of(devices.LidClosed, "", ""))
	b.set("LidClosed", false)
	expect(t, out, of(devices.LidOpened, "", ""))
}

func TestSleep(t *testing.T) {
	b := newBed(t)
	b.startBus()
	var nights time.Duration
	o := b.options()
	o.Clock = func() (time.Duration, time.Duration) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return time.Hour + nights, time.Hour
	}
	out := watching(t, o, 0)
	b.put("1", user("1", 1000))
	b.emit("SessionNew", "1", pathOf("1"))
	expect(t, out, in("1000", "1", 1))
	b.emit("PrepareForSleep", true)
	expect(t, out, of(devices.Asleep, "", ""))
	b.locked(func() { nights = 8 * time.Hour })
	b.emit("PrepareForSleep", false)
	expect(t, out, devices.Event{Kind: devices.Awake, Elapsed: 8 * time.Hour})
}

// Anybody can send signals to a connection of the system bus.
func TestStrangers(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	out := watching(t, b.options(), 0)
	expect(t, out, in("1000", "1", 1))
	stranger, err := dbus.Connect("unix:path=" + b.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	var names []string
	if err := stranger.BusObject().Call(busName+".ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name[0] != ':' || name == stranger.Names()[0] || name == b.conn.Names()[0] {
			continue
		}
		for _, s := range []struct {
			path   dbus.ObjectPath
			member string
			body   []any
		}{
			{loginPath, manager + ".PrepareForSleep", []any{true}},
			{loginPath, manager + ".PrepareForShutdown", []any{true}},
			{loginPath, manager + ".SessionRemoved", []any{"1", pathOf("1")}},
			{busPath, busName + ".NameOwnerChanged", []any{login, "", stranger.Names()[0]}},
			{loginPath, manager + ".SessionRemoved", []any{make([]byte, 8<<20)}},
			{loginPath, manager + ".SessionRemoved", []any{1}},
		} {
			cut := strings.LastIndexByte(s.member, '.')
			m := &dbus.Message{Type: dbus.TypeSignal, Body: s.body, Headers: map[dbus.HeaderField]dbus.Variant{
				dbus.FieldDestination: dbus.MakeVariant(name), dbus.FieldPath: dbus.MakeVariant(s.path),
				dbus.FieldInterface: dbus.MakeVariant(s.member[:cut]), dbus.FieldMember: dbus.MakeVariant(s.member[cut+1:]),
				dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(s.body...)),
			}}
			stranger.Send(m, nil)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := stranger.Object(name, "/").CallWithContext(ctx, busName+".Peer.Ping", 0).Err; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call was answered: %v", err)
		}
		cancel()
	}
	b.close("1")
	expect(t, out, gone("1000", "1", 0))
	b.quiet(out)
}

func TestActions(t *testing.T) {
	b := newBed(t)
	b.startBus()
	b.put("1", user("1", 1000))
	b.put("2", with(user("2", 1001), map[string]any{"Type": "tty", "Remote": true, "LockedHint": true, "IdleHint": true}))
	b.put("3", with(user("3", 1000), map[string]any{"State": "closing"}))
	w := New("linux", b.options())
	got, err := w.Sessions(t.Context())
	slices.SortFunc(got, func(x, y Session) int { return strings.Compare(x.ID, y.ID) })
	want := []Session{{ID: "1", Account: "1000", Type: "x11"}, {ID: "2", Account: "1001", Type: "tty", Remote: true, Locked: true, Idle: true}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Sessions: %v\n%s", err, diff)
	}
	b.locked(func() { b.asked = nil })
	for _, err := range []error{w.Lock(t.Context(), "1000"), w.TurnAway(t.Context(), "7"), w.TurnAway(t.Context(), ""), w.SignOut(t.Context(), "1000")} {
		if err != nil {
			t.Error(err)
		}
	}
	var asked []string
	b.locked(func() {
		asked = slices.DeleteFunc(b.asked, func(s string) bool { return s == "GetAll" || s == "ListSessions" })
	})
	if diff := cmp.Diff([]string{"LockSession 1", "TerminateSession 7", "TerminateUser 1000"}, asked); diff != "" {
		t.Error(diff)
	}
	if stops, err := w.ShuttingDown(t.Context()); stops || err != nil {
		t.Errorf("ShuttingDown: %v, %v", stops, err)
	}
	b.locked(func() { b.state = "stopping" })
	if stops, err := w.ShuttingDown(t.Context()); !stops || err != nil {
		t.Errorf("ShuttingDown while systemd stops: %v, %v", stops, err)
	}
	b.locked(func() { b.state = "running" })
	b.set("PreparingForShutdown", true)
	if stops, err := w.ShuttingDown(t.Context()); !stops || err != nil {
		t.Errorf("ShuttingDown while logind prepares it: %v, %v", stops, err)
	}
}

// Ending a session that is being opened would let somebody in whom logind does not know of.
func TestOpeningIsNotEnded(t *testing.T) {
	b := newBed(t)
	b.startBus()
	opening := map[string]any{"State": "opening"}
	b.put("1", user("1", 1000))
	b.put("2", with(user("2", 1000), opening))
	o := b.options()
	o.Within = 300 * time.Millisecond
	w := New("linux", o)
	ended := func() (all []string) {
		b.locked(func() {
			for _, s := range b.asked {
				if strings.HasPrefix(s, "Terminate") {
					all = append(all, s)
				}
			}
			b.asked = nil
		})
		return all
	}
	for _, c := range []struct {
		do   func(context.Context, string) error
		what string
		want []string
	}{{w.TurnAway, "2", nil}, {w.SignOut, "1000", []string{"TerminateSession 1"}}} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if err := c.do(ctx, c.what); !errors.Is(err, ErrOpening) {
			t.Error(err)
		}
		cancel()
		if diff := cmp.Diff(c.want, ended()); diff != "" {
			t.Error(diff)
		}
	}
	time.AfterFunc(100*time.Millisecond, func() { b.put("2", user("2", 1000)) })
	if err := errors.Join(w.TurnAway(t.Context(), "2"), w.SignOut(t.Context(), "1000")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"TerminateSession 2", "TerminateUser 1000"}, ended()); diff != "" {
		t.Error(diff)
	}
}

func TestDelaySleep(t *testing.T) {
	b := newBed(t)
	b.startBus()
	w := New("linux", b.options())
	release, err := w.DelaySleep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return !slices.Contains(b.asked, "released")
	}
	time.Sleep(1200 * time.Millisecond) // the fake has closed its own end
	if !held() {
		t.Error("the lock was not held")
	}
	release()
	for i := 0; held(); i++ {
		if i > 200 {
			t.Fatal("the lock was not released")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// What goes wrong is told without a word of what the system said.
func TestErrors(t *testing.T) {
	b := newBed(t)
	w := New("linux", b.options())
	if _, err := w.Sessions(t.Context()); !errors.Is(err, ErrNoSessions) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a bus: %v", err)
	}
	b.startBus()
	b.own(false)
	if _, err := w.Sessions(t.Context()); !errors.Is(err, ErrNoSessions) {
		t.Errorf("without logind: %v", err)
	}
	b.own(true)
	b.put("1", user("1", 1000))
	for name, want := range map[string]error{
		"org.freedesktop.DBus.Error.AccessDenied": ErrDenied, "org.freedesktop.DBus.Error.NotSupported": errors.ErrUnsupported,
		"org.freedesktop.login1.NoSuchSession": nil, "org.freedesktop.login1.Whatever": ErrRefused,
	} {
		b.locked(func() { b.refusal = dbus.NewError(name, []any{"No session 'canary' known"}) })
		err := w.TurnAway(t.Context(), "1")
		if !errors.Is(err, want) || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := New("windows", Options{}).Lock(t.Context(), "1"); !errors.Is(err, ErrNoSessions) {
		t.Errorf("built for another system: %v", err)
	}
}

// The machine is switched off without a question to anybody, and a refusal is told in our words.
func TestPowerOff(t *testing.T) {
	b := newBed(t)
	w := New("linux", b.options())
	if err := w.PowerOff(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a bus: %v", err)
	}
	b.startBus()
	if err := w.PowerOff(t.Context()); err != nil {
		t.Error(err)
	}
	b.locked(func() {
		if diff := cmp.Diff([]string{"TerminateMachine false"}, b.asked); diff != "" {
			t.Error(diff)
		}
		b.refusal = dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"'canary' is inhibiting"})
	})
	if err := w.PowerOff(t.Context()); !errors.Is(err, ErrDenied) || strings.Contains(err.Error(), "canary") {
		t.Errorf("refused: %v", err)
	}
	b.locked(func() { b.refusal = nil })
	b.hangs(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := w.PowerOff(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a logind that hangs: %v", err)
	}
	if err := New("plan9", Options{}).PowerOff(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("built for another system: %v", err)
	}
}
