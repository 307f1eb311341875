package desktop_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipguard/browser/browsertest"
	"ipguard/devices/desktop"
)

// screenOf lets the test's own process look at a desktop.
func screenOf(t *testing.T, d *browsertest.Desktop) *desktop.Screen {
	t.Helper()
	env := map[string]string{}
	for _, v := range d.Command(t.Context(), "true").Env {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	t.Setenv("XAUTHORITY", env["XAUTHORITY"]) // read by the library
	return desktop.New(func(name string) string { return env[name] })
}

func none(desktop.Window) bool { return false }

// A program that nobody has to answer closes; a letter that was never saved is asked about, and its program stays however
// long that takes.
func TestProgramsAreAskedToClose(t *testing.T) {
	user := browsertest.NewUser(t)
	d := browsertest.NewDesktop(t, user)
	s := screenOf(t, d)
	d.Program(t, "terminal", "xterm", "-fa", "Monospace", "-T", "terminal", "-e", "sleep", "300")
	d.Writer(t, "Dear Mrs Example")
	seen, err := s.Windows(t.Context())
	if err != nil || len(seen) != 2 {
		t.Fatalf("%d windows, %v: %+v", len(seen), err, seen)
	}
	kept, err := s.AskToClose(t.Context(), func(desktop.Window) bool { return true })
	if err != nil || kept != 0 {
		t.Errorf("%d were asked, %v; all are to be kept", kept, err)
	}
	if asked, err := s.AskToClose(t.Context(), none); err != nil || asked != 2 {
		t.Errorf("%d were asked, %v", asked, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	asking := 0
	err = s.Wait(ctx, none, func(left, n int) {
		if asking = n; n > 0 && left == 2 { // the letter and its question: the terminal has gone
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || asking != 1 {
		t.Fatalf("%d ask, %v", asking, err)
	}
	if again, err := s.AskToClose(t.Context(), none); err != nil || again != 0 {
		t.Errorf("%d more were asked while one asks, %v", again, err)
	}
	d.AnswerSave(t, "letter")
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx, none, func(int, int) {}); err != nil {
		t.Errorf("after the answer: %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(user.Home, "letter.odt")); len(found) != 1 {
		t.Errorf("saved: %d", len(found))
	}
}

func TestNoScreen(t *testing.T) {
	env := map[string]string{}
	s := func() error {
		_, err := desktop.New(func(n string) string { return env[n] }).Windows(t.Context())
		return err
	}
	if err := s(); !errors.Is(err, desktop.ErrNoScreen) {
		t.Errorf("without a screen: %v", err)
	}
	env["DISPLAY"], env["WAYLAND_DISPLAY"] = ":0", "wayland-0"
	if err := s(); !errors.Is(err, desktop.ErrWayland) {
		t.Errorf("under Wayland: %v", err)
	}
	env["WAYLAND_DISPLAY"], env["DISPLAY"] = "", ":987"
	if err := s(); !errors.Is(err, desktop.ErrNoScreen) {
		t.Errorf("a screen that is not there: %v", err)
	}
	// One that says nothing is left alone after a while.
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "X:9"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env["DISPLAY"] = filepath.Join(dir, "X") + ":9"
	if err := s(); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a screen that says nothing: %v", err)
	}
}
