package service

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc"

	"ipguard/devices"
)

// The service manager hears that the service runs, that it is stopping, and signs of life until it has stopped.
func TestExecute(t *testing.T) {
	for _, c := range []struct {
		name     string
		program  program
		requests []svc.ChangeRequest
		heard    []devices.Kind
		states   []svc.State
		code     uint32
	}{
		{
			"stop", until(0, nil), []svc.ChangeRequest{{Cmd: svc.Interrogate}, {Cmd: svc.Stop}}, nil,
			[]svc.State{svc.Running, svc.Running, svc.StopPending}, 0,
		},
		{
			"a session ends, the machine sleeps, wakes and is turned off while a wipe is finished", until(25*time.Second, nil),
			[]svc.ChangeRequest{
				{Cmd: svc.SessionChange, EventType: windows.WTS_SESSION_LOGOFF}, {Cmd: svc.PowerEvent, EventType: powerSuspend},
				{Cmd: svc.PowerEvent, EventType: powerResumeAutomatic}, {Cmd: svc.PreShutdown},
			},
			[]devices.Kind{devices.SignedOut, devices.Asleep, devices.Awake, devices.ShuttingDown},
			[]svc.State{svc.Running, svc.StopPending, svc.StopPending, svc.StopPending}, 0,
		},
		{
			"it breaks", program(func(context.Context, func()) error { return errors.New("broken") }), nil, nil,
			[]svc.State{svc.Running, svc.StopPending}, 1,
		},
		{
			"it ends by itself", program(func(context.Context, func()) error { return nil }), nil, nil,
			[]svc.State{svc.Running, svc.StopPending}, 1,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var heard []devices.Kind
			h := &handler{
				o: Options{Control: func(e ControlEvent) { heard = append(heard, e.Kind) }}, p: c.program,
				start: func(l *loop) { l.begin(t.Context()) },
			}
			requests, status := make(chan svc.ChangeRequest), make(chan svc.Status, 100)
			code := make(chan uint32, 1)
			go func() {
				_, n := h.Execute(nil, requests, status)
				code <- n
			}()
			for _, r := range c.requests {
				requests <- r
			}
			if got := <-code; got != c.code || (h.err != nil) != (c.code != 0) {
				t.Errorf("%s: exit code %d, error %v, want %d", c.name, got, h.err, c.code)
			}
			close(status)
			var states []svc.State
			for s := range status {
				states = append(states, s.State)
				if s.State == svc.Running && s.Accepts != accepted {
					t.Errorf("%s: running and accepting only %x", c.name, s.Accepts)
				}
			}
			if !slices.Equal(states, c.states) {
				t.Errorf("%s: states %v, want %v", c.name, states, c.states)
			}
			if diff := cmp.Diff(c.heard, heard); diff != "" {
				t.Errorf("%s: heard (-want +got):\n%s", c.name, diff)
			}
		})
	}
}

func TestPreShutdown(t *testing.T) {
	if got, want := preShutdown(2*time.Minute), [4]byte{0xC0, 0xD4, 0x01, 0x00}; got != want {
		t.Errorf("%x, want %x", got, want)
	}
}

// The table of this Windows, which is thrown away afterwards.
func TestServiceTable(t *testing.T) {
	o := Options{Exe: `C:\run\ipguard.exe`}
	step := func(name string, do func(context.Context, Options) error, want error) {
		t.Helper()
		if err := do(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
	}
	want := func(s Status) {
		t.Helper()
		if got, err := Ask(t.Context(), o); got != s || err != nil {
			t.Errorf("status %+v, error %v, want %+v", got, err, s)
		}
	}
	want(Status{})
	step("stop before", Stop, ErrNotInstalled)
	step("start before", Start, ErrNotInstalled)
	step("uninstall before", Uninstall, ErrNotInstalled)
	step("install", Install, nil)
	want(Status{Installed: true, Enabled: true})
	step("install again", Install, nil)
	o.StateDir = `C:\somewhere else`
	step("install otherwise", Install, nil)
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\ipguard`, registry.QUERY_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	const command = `C:\run\ipguard.exe service run --state-dir "C:\somewhere else"`
	if got, _, err := k.GetStringValue("ImagePath"); got != command || err != nil {
		t.Errorf("the command is %q, error %v", got, err)
	}
	want(Status{Installed: true, Enabled: true})
	step("start what is no service", Start, ErrStart)
	step("stop what does not run", Stop, nil)
	step("uninstall", Uninstall, nil)
	want(Status{})
	o.Exe = `\\server\share\x.exe`
	step("install from the network", Install, ErrProgram)
}
