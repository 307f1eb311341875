package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	library "github.com/kardianos/service"
)

// fake stands for the library and systemd: it writes the file as the library does, half first.
type fake struct {
	file, text string
	fails      string // the call that fails
	hangs      string // the call that never returns before free is closed
	free       chan struct{}
	calls      []string
	now        library.Status
	statusErr  error
}

func (f *fake) call(name string) error {
	f.calls = append(f.calls, name)
	if f.hangs == name {
		<-f.free
	}
	if f.fails == name {
		return errors.New("\"systemctl\" failed: /etc/systemd/system/secret")
	}
	return nil
}

func (f *fake) Install() error {
	if _, err := os.Stat(f.file); err == nil {
		return errors.New("Init already exists: " + f.file)
	}
	if err := os.WriteFile(f.file, nil, 0o600); err != nil {
		return err
	}
	if err := f.call("install"); err != nil {
		return err
	}
	return os.WriteFile(f.file, []byte(f.text), 0o600)
}

func (f *fake) Uninstall() error {
	if err := f.call("uninstall"); err != nil {
		return err
	}
	return os.Remove(f.file)
}
func (f *fake) Start() error { return f.call("start") }
func (f *fake) Stop() error  { return f.call("stop") }
func (f *fake) Status() (library.Status, error) {
	if err := f.call("status"); err != nil {
		return library.StatusUnknown, err
	}
	return f.now, f.statusErr
}

func newFake(t *testing.T) (*definition, *fake) {
	t.Helper()
	dir := t.TempDir()
	text := "# " + mark + "\nnew"
	f := &fake{file: filepath.Join(dir, "ipguard.service"), text: text, free: make(chan struct{})}
	d := &definition{
		path: f.file, vendor: []string{filepath.Join(dir, "vendor")}, rest: []string{filepath.Join(dir, "link"), filepath.Join(dir, "runtime")}, text: text,
		admin: true, enabled: func() bool { return true }, change: f, control: f,
	}
	return d, f
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// content lists the files beside the unit with what is in them.
func content(t *testing.T, d *definition) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(d.path))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(d.path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	return files
}

func TestInstall(t *testing.T) {
	const unit = "ipguard.service"
	ours := "# " + mark + "\n"
	for _, c := range []struct {
		name   string
		before string // the file; "-" for none
		change func(*definition, *fake)
		want   error
		after  map[string]string
		calls  []string
	}{
		{"fresh", "-", nil, nil, map[string]string{unit: ours + "new"}, []string{"install"}},
		{"the same again", ours + "new", nil, nil, map[string]string{unit: ours + "new"}, nil},
		{"the same, not enabled", ours + "new", func(d *definition, _ *fake) { d.enabled = func() bool { return false } }, nil,
			map[string]string{unit: ours + "new"}, []string{"install"}},
		{"other options", ours + "old", nil, nil, map[string]string{unit: ours + "new"}, []string{"install"}},
		{"an empty file of a failed install", "", nil, nil, map[string]string{unit: ours + "new"}, []string{"install"}},
		{"somebody else's", "[Service]\n", nil, ErrAlreadyInstalled, map[string]string{unit: "[Service]\n"}, nil},
		{"a package's", "-", func(d *definition, _ *fake) { d.vendor = []string{filepath.Dir(d.path)} }, ErrAlreadyInstalled, map[string]string{}, nil},
		{"no administrator", "-", func(d *definition, _ *fake) { d.admin = false }, ErrNotAdmin, map[string]string{}, nil},
		{"a program that is not fit", "-", func(d *definition, _ *fake) { d.unfit = ErrProgram }, ErrProgram, map[string]string{}, nil},
		{"fails", "-", func(_ *definition, f *fake) { f.fails = "install" }, ErrManager, map[string]string{}, []string{"install"}},
		{"fails over an old one", ours + "old", func(_ *definition, f *fake) { f.fails = "install" }, ErrManager,
			map[string]string{unit: ours + "old"}, []string{"install"}},
		{"writes something else", "-", func(_ *definition, f *fake) { f.text = "rendered wrongly" }, ErrManager, map[string]string{}, []string{"install"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, f := newFake(t)
			if c.before != "-" {
				write(t, d.path, c.before)
			}
			if c.change != nil {
				c.change(d, f)
			}
			err := d.install(t.Context())
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if diff := cmp.Diff(c.after, content(t, d)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if !slices.Equal(f.calls, c.calls) {
				t.Errorf("calls %q, want %q", f.calls, c.calls)
			}
			if info, err := os.Stat(d.path); c.want == nil && (err != nil || info.Mode().Perm() != 0o644) {
				t.Errorf("mode of the unit: %v, error %v", info.Mode(), err)
			}
		})
	}
}

// A unit that was masked is a link to /dev/null: an administrator does not want the service.
func TestInstallLeavesAMaskedUnit(t *testing.T) {
	d, _ := newFake(t)
	if err := os.Symlink("/dev/null", d.path); err != nil {
		t.Fatal(err)
	}
	if err := d.install(t.Context()); err != ErrAlreadyInstalled {
		t.Errorf("error %v, want %v", err, ErrAlreadyInstalled)
	}
	if target, err := os.Readlink(d.path); target != "/dev/null" {
		t.Errorf("the link now leads to %q, error %v", target, err)
	}
}

func TestUninstallLeavesNothing(t *testing.T) {
	for _, fails := range []string{"", "uninstall"} {
		d, f := newFake(t)
		if err := d.install(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Symlink(d.path, d.rest[0]), os.Mkdir(d.rest[1], 0o755)); err != nil {
			t.Fatal(err)
		}
		write(t, d.path+".old", "of an installation that was interrupted")
		f.fails = fails
		err := d.uninstall(t.Context())
		if wrong := fails != ""; wrong != errors.Is(err, ErrManager) {
			t.Errorf("error %v although %q failed", err, fails)
		}
		if got := content(t, d); len(got) > 0 {
			t.Errorf("left behind: %v", got)
		}
		if want := []string{"install", "stop", "uninstall"}; !slices.Equal(f.calls, want) {
			t.Errorf("calls %q, want %q", f.calls, want)
		}
	}
}

func TestControl(t *testing.T) {
	d, f := newFake(t)
	for name, do := range map[string]func(context.Context) error{"start": d.start, "stop": d.stop, "uninstall": d.uninstall} {
		if err := do(t.Context()); err != ErrNotInstalled {
			t.Errorf("%s without a service: error %v", name, err)
		}
	}
	if s, err := d.status(t.Context()); s != (Status{}) || err != nil {
		t.Errorf("status without a service: %v, error %v", s, err)
	}
	write(t, d.path, d.text)
	f.fails = "start"
	if err := d.start(t.Context()); err != ErrStart {
		t.Errorf("a start that fails: error %v", err)
	}
	f.fails = "stop"
	if err := d.uninstall(t.Context()); err != ErrStop || d.look() != same {
		t.Errorf("a service that does not stop was removed, error %v", err)
	}
	f.fails = ""
	for _, c := range []struct {
		now  library.Status
		err  error
		want Status
	}{
		{library.StatusRunning, nil, Status{Installed: true, Enabled: true, Running: true}},
		{library.StatusStopped, nil, Status{Installed: true, Enabled: true}},
		{library.StatusUnknown, library.ErrNotInstalled, Status{Installed: true, Enabled: true}}, // on its way down
		{library.StatusUnknown, errors.New("service in failed state"), Status{Installed: true, Enabled: true, Failed: true}},
	} {
		f.now, f.statusErr = c.now, c.err
		if got, err := d.status(t.Context()); got != c.want || err != nil {
			t.Errorf("status %+v, error %v, want %+v", got, err, c.want)
		}
	}
	d.admin = false
	for name, do := range map[string]func(context.Context) error{"start": d.start, "stop": d.stop, "uninstall": d.uninstall} {
		if err := do(t.Context()); err != ErrNotAdmin {
			t.Errorf("%s by an ordinary user: error %v", name, err)
		}
	}
	if got, err := d.status(t.Context()); !got.Installed || err != nil {
		t.Errorf("status for an ordinary user: %+v, error %v", got, err)
	}
}

// systemctl can hang: nobody must wait for ever.
func TestAManagerThatHangs(t *testing.T) {
	for _, c := range []struct {
		name string
		call func(*definition, context.Context) error
		most time.Duration
	}{
		{"install", (*definition).install, changeLimit},
		{"start", (*definition).start, startLimit},
		{"stop", (*definition).stop, stopLimit},
		{"status", func(d *definition, ctx context.Context) error { _, err := d.status(ctx); return err }, askLimit},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, f := newFake(t)
			f.free = make(chan struct{})
			if c.name != "install" {
				write(t, d.path, d.text)
			}
			f.hangs = c.name
			began := time.Now()
			if err := c.call(d, t.Context()); !errors.Is(err, ErrTimeout) || time.Since(began) != c.most {
				t.Errorf("%s: error %v after %v", c.name, err, time.Since(began))
			}
			close(f.free)
			synctest.Wait() // it ends late, and the folder goes with the test
		})
	}
}

// Without systemd nothing is written anywhere.
func TestNoSystemd(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if m, err := openSystemd(Options{Exe: exe}, filepath.Join(t.TempDir(), "none")); err != ErrNoManager || m != nil {
		t.Errorf("manager %v, error %v, want %v", m, err, ErrNoManager)
	}
	if _, err := os.Lstat("/run/systemd/system"); err == nil {
		return // the rest would install a real service
	}
	before, _ := filepath.Glob("/etc/*/*ipguard*")
	for name, do := range map[string]func(context.Context, Options) error{"install": Install, "uninstall": Uninstall, "start": Start, "stop": Stop} {
		if err := do(t.Context(), Options{Exe: exe}); err != ErrNoManager {
			t.Errorf("%s: error %v, want %v", name, err, ErrNoManager)
		}
	}
	if s, err := Ask(t.Context(), Options{Exe: exe}); s != (Status{}) || err != nil {
		t.Errorf("status %v, error %v", s, err)
	}
	after, _ := filepath.Glob("/etc/*/*ipguard*")
	if !slices.Equal(before, after) {
		t.Errorf("files appeared: %q, before %q", after, before)
	}
}

// A program file that others could replace would make them root.
func TestProgramFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test wants root: it looks at what root may run")
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "bin", "ipguard")
	if err := os.Mkdir(filepath.Dir(exe), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		mode, above os.FileMode
		uid, gid    int
		link        bool
		fit         bool
	}{
		{"root's", 0o755, 0o755, 0, 0, false, true},
		{"through a link", 0o755, 0o755, 0, 0, true, true},
		{"somebody's", 0o755, 0o755, 1000, 0, false, false},
		{"writable by a group", 0o775, 0o755, 0, 1000, false, false},
		{"writable by all", 0o757, 0o755, 0, 0, false, false},
		{"in a folder writable by all", 0o755, 0o777, 0, 0, false, false},
		{"in a sticky folder", 0o755, 0o777 | os.ModeSticky, 0, 0, false, true},
		{"not executable", 0o644, 0o755, 0, 0, false, false},
	} {
		_ = os.Remove(exe)
		write(t, exe, "")
		if err := errors.Join(os.Chown(exe, c.uid, c.gid), os.Chmod(exe, c.mode), os.Chmod(filepath.Dir(exe), c.above)); err != nil {
			t.Fatal(err)
		}
		name := exe
		if c.link {
			name = filepath.Join(dir, "link")
			if err := os.Symlink(exe, name); err != nil {
				t.Fatal(err)
			}
		}
		got, err := resolve(name)
		if (err == nil) != c.fit || c.fit && got != exe {
			t.Errorf("%s: %q, error %v, want it fit: %v", c.name, got, err, c.fit)
		}
	}
}
