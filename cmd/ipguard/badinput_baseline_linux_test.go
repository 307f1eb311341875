package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A damaged baseline never makes a laptop clean, never makes a wipe guess what is the laptop's, and never stops it from
// erasing what certainly is not; the way out is said, and works.
func TestDamagedBaseline(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	store := filepath.Join(l.accountDir(), "baseline")
	for _, c := range []struct {
		name string
		harm func(now string) error
		all  bool // nothing is known about what belongs to the laptop
	}{
		{"manifest flipped", func(now string) error { return flip(filepath.Join(now, "home.manifest"), 100) }, true},
		{"manifest gone", func(now string) error { return os.Remove(filepath.Join(now, "home.manifest")) }, true},
		{"info.json cut", func(now string) error { return os.Truncate(filepath.Join(now, "info.json"), 20) }, true},
		{"pointer empty", func(string) error { return os.Truncate(filepath.Join(store, "current"), 0) }, true},
		{"pointer gone", func(string) error { return os.Remove(filepath.Join(store, "current")) }, true},
		{"one copy flipped", func(now string) error { return flip(filepath.Join(now, "home", ".bashrc"), 3) }, false},
		{"one copy gone", func(now string) error { return os.Remove(filepath.Join(now, "home", ".bashrc")) }, false},
		{"all copies gone", func(now string) error { return os.RemoveAll(filepath.Join(now, "home")) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			older := filepath.Join(store, l.version(t))
			l.enroll()
			now := filepath.Join(store, l.version(t))
			if err := c.harm(now); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, older)
			l.as(`mkdir -p Downloads .mozilla/firefox; echo x > Downloads/form.pdf; echo ls > .bash_history; echo x > unknown; echo evil >> .bashrc; echo x > /tmp/$USER-left`)
			held := l.ipguard("status").answer.Held.Count
			r := l.wipe(exitIncomplete, "--documents=hold")
			if !r.has("residual", "baseline_corrupt") {
				t.Errorf("the reason is missing:\n%s", r.out)
			}
			if got := r.answer.Held.Count - held; got != 1 {
				t.Errorf("%d more documents are held, want the download", got)
			}
			exists(t, false, l.path("Downloads/form.pdf"), l.path(".bash_history"), "/tmp/"+l.user.Name+"-left")
			exists(t, c.all, l.path("unknown"))
			exists(t, true, l.path(".bashrc"), l.path(".profile"))
			same(t, older, before)
			if s := l.status(exitNotClean); s.answer.State == "clean" {
				t.Error("clean was said")
			}
			p := l.plain("wipe", "--yes")
			if p.code != exitIncomplete || !strings.Contains(p.out, "enrolled again") || strings.Contains(p.out, "✔") {
				t.Errorf("exit %d, and the way out is missing:\n%s%s", p.code, p.out, p.err)
			}
			if p := l.plain("status"); c.all && !strings.Contains(p.out, "enrolled again") {
				t.Errorf("status does not say why:\n%s", p.out)
			}
			if p := l.plain("enroll", "--yes", "--account", l.user.Name, "--refresh", ".bashrc"); p.code == exitDone {
				t.Errorf("a damaged baseline was refreshed:\n%s", p.out)
			}
			l.as(`rm -f unknown; cp /etc/skel/.bashrc .bashrc`)
			l.enroll()
			l.status(exitDone)
		})
	}
}

// version is the version of the baseline that is in force.
func (l *laptop) version(t *testing.T) string {
	t.Helper()
	name, err := os.ReadFile(filepath.Join(l.accountDir(), "baseline", "current"))
	if err != nil {
		t.Fatal(err)
	}
	return string(name)
}

// flip changes one bit of a file.
func flip(path string, at int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at >= len(data) {
		return errors.New("too short")
	}
	data[at] ^= 1
	return os.WriteFile(path, data, 0o644)
}

// A folder named like a manifest in the place from which an administrator types the command is nobody's baseline.
func TestDamagedBaselineIsNotLookedForElsewhere(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	store := filepath.Join(l.accountDir(), "baseline")
	trap := t.TempDir()
	manifest, err := os.ReadFile(filepath.Join(store, "1", "home.manifest"))
	if err := errors.Join(err, os.WriteFile(filepath.Join(trap, "home.manifest"), manifest, 0o644), os.Remove(filepath.Join(store, "1", "info.json"))); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, trap)
	t.Chdir(trap)
	l.as("echo x > unknown")
	l.wipe(exitIncomplete)
	exists(t, true, l.path("unknown"))
	same(t, trap, before)
}

// A record that cannot be trusted is not believed, and the next wipe writes a new one.
func TestDamagedRecord(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	file := filepath.Join(l.accountDir(), "state")
	for name, harm := range map[string]func() error{
		"cut":   func() error { return os.Truncate(file, 100) },
		"zeros": func() error { return os.WriteFile(file, make([]byte, 8192), 0o644) },
		"gone":  func() error { return os.Remove(file) },
		"a folder": func() error {
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o755))
		},
	} {
		l.status(exitDone)
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if s := l.status(exitNotClean); s.answer.State == "clean" {
			t.Errorf("%s: clean was said", name)
		}
		if p := l.plain("status"); !strings.Contains(p.out, "sudo ipguard wipe") {
			t.Errorf("%s: the way out is missing:\n%s", name, p.out)
		}
		if name == "a folder" {
			l.wipe(exitIncomplete)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		l.wipe(exitDone)
	}
}
