package session

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"ipguard/devices"
)

// bed is a system bus of its own with a fake logind on it.
type bed struct {
	t      *testing.T
	socket string
	daemon *exec.Cmd
	conn   *dbus.Conn

	mu       sync.Mutex
	sessions map[dbus.ObjectPath]map[string]any
	users    []uint32
	machine  map[string]any
	state    string        // of the fake systemd
	hang     chan struct{} // calls wait while it is open
	asked    []string
	refusal  *dbus.Error // of calls that end something
}

func newBed(t *testing.T) *bed {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &bed{t: t, socket: filepath.Join(dir, "s"), sessions: map[dbus.ObjectPath]map[string]any{}, state: "running",
		machine: map[string]any{"PreparingForSleep": false, "PreparingForShutdown": false, "LidClosed": false}}
	t.Cleanup(func() { checkLeaks(t) })
	t.Cleanup(b.stopBus)
	return b
}

// startBus starts the bus, and the fake on it.
func (b *bed) startBus() {
	b.t.Helper()
	config := filepath.Join(filepath.Dir(b.socket), "conf")
	// As on a real system bus, anybody may send signals to anybody.
	const format = `<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context="default">
		<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
		<allow send_requested_reply="true"/><allow receive_type="signal"/><allow receive_type="method_call"/>
		<allow receive_requested_reply="true"/></policy></busconfig>`
	if err := os.WriteFile(config, fmt.Appendf(nil, format, b.socket), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.daemon = exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--nosyslog")
	if err := b.daemon.Start(); err != nil {
		b.t.Fatalf("the test needs dbus-daemon (apt-get install dbus): %v", err)
	}
	for {
		if conn, err := dbus.Connect("unix:path=" + b.socket); err == nil {
			b.conn = conn
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, err := range []error{
		b.conn.Export(b, loginPath, manager),
		b.conn.Export(b, loginPath, properties),
		b.conn.Export(b, "/org/freedesktop/systemd1", properties),
		b.conn.ExportSubtreeWithMap(objects{b}, nil, "/org/freedesktop/login1/session", properties),
	} {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.own(true)
}

func (b *bed) stopBus() {
	if b.daemon == nil {
		return
	}
	b.hangs(false)
	_ = b.conn.Close()
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait()
	b.daemon = nil
}

// own starts or ends the fake logind.
func (b *bed) own(yes bool) {
	for _, name := range []string{login, "org.freedesktop.systemd1"} {
		var err error
		if yes {
			_, err = b.conn.RequestName(name, dbus.NameFlagDoNotQueue)
		} else {
			_, err = b.conn.ReleaseName(name)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// wait keeps a call waiting while the fake hangs.
func (b *bed) wait(what string) *dbus.Error {
	b.mu.Lock()
	hang, refusal := b.hang, b.refusal
	b.asked = append(b.asked, what)
	b.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if !strings.HasPrefix(what, "Terminate") {
		return nil
	}
	return refusal
}

type row struct {
	ID   string
	UID  uint32
	Name string
	Seat string
	Path dbus.ObjectPath
}

func (b *bed) ListSessions() ([]row, *dbus.Error) {
	err := b.wait("ListSessions")
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := []row{}
	for path, p := range b.sessions {
		rows = append(rows, row{ID: p["Id"].(string), UID: p["uid"].(uint32), Name: "somebody", Path: path})
	}
	return rows, err
}

type userRow struct {
	UID  uint32
	Name string
	Path dbus.ObjectPath
}

func (b *bed) ListUsers() ([]userRow, *dbus.Error) {
	rows := []userRow{}
	b.locked(func() {
		for _, uid := range b.users {
			rows = append(rows, userRow{uid, "somebody", "/x"})
		}
	})
	return rows, nil
}

func (b *bed) LockSession(id string) *dbus.Error      { return b.wait("LockSession " + id) }
func (b *bed) TerminateSession(id string) *dbus.Error { return b.wait("TerminateSession " + id) }
func (b *bed) TerminateUser(uid uint32) *dbus.Error   { return b.wait(fmt.Sprint("TerminateUser ", uid)) }
func (b *bed) PowerOff(interactive bool) *dbus.Error {
	return b.wait(fmt.Sprint("TerminateMachine ", interactive)) // it ends something
}
func (b *bed) Inhibit(what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	r, w, _ := os.Pipe()
	b.locked(func() { b.asked = append(b.asked, "Inhibit "+what+" "+mode) })
	fd := dbus.UnixFD(w.Fd())
	go func() {
		time.Sleep(time.Second) // it was sent by then
		w.Close()
		r.Read(make([]byte, 1)) // until it is released
		r.Close()
		b.locked(func() { b.asked = append(b.asked, "released") })
	}()
	return fd, nil
}

func (b *bed) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface == "org.freedesktop.systemd1.Manager" {
		b.mu.Lock()
		defer b.mu.Unlock()
		return dbus.MakeVariant(b.state), nil
	}
	err := b.wait("Get " + name)
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.machine[name]
	if !ok {
		return dbus.MakeVariant(0), dbus.NewError(busName+".Error.UnknownProperty", nil)
	}
	return dbus.MakeVariant(v), err
}

// objects answers for all session objects.
type objects struct{ b *bed }

func (d objects) GetAll(m dbus.Message, iface string) (map[string]dbus.Variant, *dbus.Error) {
	path := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	err := d.b.wait("GetAll")
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	p, ok := d.b.sessions[path]
	if !ok {
		return nil, dbus.NewError(busName+".Error.UnknownObject", []any{"Unknown object '" + string(path) + "'."})
	}
	all := map[string]dbus.Variant{}
	for name, v := range p {
		if name != "uid" {
			all[name] = dbus.MakeVariant(v)
		}
	}
	return all, err
}

// user is what logind says of an ordinary session.
func user(id string, uid uint32) map[string]any {
	return map[string]any{
		"Id": id, "uid": uid, "User": struct {
			UID  uint32
			Path dbus.ObjectPath
		}{uid, "/x"},
		"Class": "user", "Type": "x11", "State": "active", "LockedHint": false, "IdleHint": false, "Remote": false,
		"IdleSinceHintMonotonic": uint64(0), "TimestampMonotonic": uint64(1), "Leader": uint32(0),
	}
}

func with(p map[string]any, more map[string]any) map[string]any {
	maps.Copy(p, more)
	return p
}

func pathOf(id string) dbus.ObjectPath { return dbus.ObjectPath(sessionPath + "_3" + id) }

// put makes a session be there or be different; nil takes it away. Nothing is signaled.
func (b *bed) put(id string, p map[string]any) {
	b.locked(func() {
		if b.sessions[pathOf(id)] = p; p == nil {
			delete(b.sessions, pathOf(id))
		}
	})
}

// locked changes something of the fake.
func (b *bed) locked(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func (b *bed) set(name string, v any) { b.locked(func() { b.machine[name] = v }) }

func (b *bed) hangs(yes bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if yes {
		b.hang = make(chan struct{})
	} else if b.hang != nil {
		close(b.hang)
		b.hang = nil
	}
}

func (b *bed) emit(name string, args ...any) {
	if err := b.conn.Emit(loginPath, manager+"."+name, args...); err != nil {
		b.t.Error(err)
	}
}

func (b *bed) open(id string, p map[string]any) {
	b.put(id, p)
	b.emit("SessionNew", id, pathOf(id))
}

func (b *bed) close(id string) {
	b.put(id, nil)
	b.emit("SessionRemoved", id, pathOf(id))
}

func (b *bed) change(id string, p map[string]any) {
	b.put(id, p)
	if err := b.conn.Emit(pathOf(id), properties+".PropertiesChanged", aSession, map[string]dbus.Variant{}, []string{}); err != nil {
		b.t.Error(err)
	}
}

// drain waits until everything that was signaled so far has been dealt with, and returns what came of it. What comes
// together may be told in any order, so a session is opened twice: what was signaled before the first is told before the
// second.
func (b *bed) drain(out <-chan devices.Event) (came []devices.Event) {
	b.t.Helper()
	for _, id := range []string{"98", "99"} {
		b.open(id, user(id, 4242))
		for told := 0; told < 2; {
			select {
			case e := <-out:
				switch {
				case e.Account != "4242":
					came = append(came, e)
				case e.Kind == devices.SignedIn:
					told++
					b.close(id)
				default:
					told++
				}
			case <-time.After(20 * time.Second):
				b.t.Fatalf("nothing came any more after %v", came)
			}
		}
	}
	return came
}

// quiet asserts that nothing more comes.
func (b *bed) quiet(out <-chan devices.Event) {
	b.t.Helper()
	if came := b.drain(out); len(came) > 0 {
		b.t.Fatalf("not expected: %v", came)
	}
}

// options are quick, and tick only when the test says so.
func (b *bed) options() Options {
	return Options{Socket: b.socket, Inputs: filepath.Join(filepath.Dir(b.socket), "inputs"), Tick: time.Hour, Retry: 10 * time.Millisecond, Within: 5 * time.Second}
}

// watching runs a watcher for the test.
func watching(t *testing.T, o Options, room int) <-chan devices.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := make(chan devices.Event, room), make(chan error, 1)
	go func() { ended <- New("linux", o).Run(ctx, out) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	return out
}

// expect takes as many events as it wants to see.
func expect(t *testing.T, out <-chan devices.Event, want ...devices.Event) {
	t.Helper()
	var got []devices.Event
	for range want {
		select {
		case e := <-out:
			got = append(got, e)
		case <-time.After(20 * time.Second):
			t.Fatalf("no event came after %v; want %v", got, want)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

func in(account, session string, open int) devices.Event {
	return devices.Event{Kind: devices.SignedIn, Account: account, Session: session, Open: open}
}

func gone(account, session string, open int) devices.Event {
	return devices.Event{Kind: devices.SignedOut, Account: account, Session: session, Open: open}
}

func of(kind devices.Kind, account, session string) devices.Event {
	return devices.Event{Kind: kind, Account: account, Session: session}
}

// checkLeaks waits until nothing of ours or of godbus runs any more.
func checkLeaks(t *testing.T) {
	var stacks string
	for range 100 {
		buf := make([]byte, 1<<20)
		stacks = string(buf[:runtime.Stack(buf, true)])
		left := 0
		for _, g := range strings.Split(stacks, "\n\n") {
			if !strings.Contains(g, "checkLeaks") && (strings.Contains(g, "devices/session.") || strings.Contains(g, "godbus")) &&
				!strings.Contains(g, "testing.tRunner(") && !strings.Contains(g, "(*bed).Inhibit") {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", stacks)
}
