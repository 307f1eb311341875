package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/agent/state"
)

// A record that is damaged, cut off, gone or of another time is never taken for a clean one: the service wipes when it
// starts with the machine.
func TestServiceWithADamagedRecord(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	file := filepath.Join(l.state, "accounts", l.id(), "state")
	good, err := os.ReadFile(file)
	l.must(err)
	bit := bytes.Clone(good)
	bit[20] ^= 1
	for name, make := range map[string]func() error{
		"garbage":      func() error { return os.WriteFile(file, []byte("garbage"), 0o644) },
		"empty":        func() error { return os.WriteFile(file, nil, 0o644) },
		"gone":         func() error { return nil },
		"one bit":      func() error { return os.WriteFile(file, bit, 0o644) },
		"a folder":     func() error { return os.Mkdir(file, 0o755) },
		"a link":       func() error { return os.Symlink("/etc/passwd", file) },
		"clean, a lie": func() error { return os.WriteFile(file, good, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			l := &laptop{TB: t, user: l.user, state: l.state}
			l.as(`mkdir -p ~/Downloads; echo canary >~/Downloads/canary.pdf; echo canary >~/.canary`)
			os.RemoveAll(file)
			l.must(make())
			os.RemoveAll(filepath.Join(l.state, "run")) // as if the machine had started
			d := l.serve()
			d.eventually("the wipe has ended", func() bool {
				s, err := d.ask()
				return err == nil && s.State != state.Wiping && s.State != state.InUse
			})
			if found := l.traces("canary"); len(found) > 0 {
				t.Errorf("left: %q", found)
			}
			if name != "a folder" && name != "a link" {
				l.status(exitDone)
			} else if r := l.ipguard("status"); r.answer.State == string(state.Clean) {
				t.Error("clean was said although it cannot be written down")
			}
			d.end()
			os.RemoveAll(file)
			l.wipe(exitDone)
		})
	}
}

// A state folder that cannot be written, or is full: the wipe happens, and nobody says clean.
func TestServiceWithoutRoomForItsState(t *testing.T) {
	l := newLaptop(t)
	l.privateMounts()
	l.enroll()
	d := l.serve()
	l.as(`mkdir -p ~/Downloads; echo canary >~/Downloads/canary.pdf`)
	d.eventually("the session is noticed", func() bool { return l.record() == state.InUse })
	l.must(unix.Mount(l.state, l.state, "", unix.MS_BIND, ""))
	l.must(unix.Mount("", l.state, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	r := l.ipguard("wipe", "--yes")
	if r.code != exitIncomplete || !r.answer.Unsaved {
		t.Errorf("exit %d, unsaved %v\n%s%s", r.code, r.answer.Unsaved, r.out, r.err)
	}
	if found := l.traces("canary"); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	if got := l.record(); got == state.Clean {
		t.Error("clean is written")
	}
	if s, err := d.ask(); err != nil || s.State == state.Clean {
		t.Errorf("the service says %s, %v", s.State, err)
	}
	l.must(unix.Unmount(l.state, unix.MNT_DETACH))
	l.wipe(exitDone)
	l.status(exitDone)
}
