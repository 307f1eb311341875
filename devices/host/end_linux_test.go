package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func none(t *testing.T, p person) {
	t.Helper()
	if left := p.processes(t); len(left) > 0 {
		t.Fatalf("%d still run: %v", len(left), left)
	}
}

func TestEndAsksFirst(t *testing.T) {
	p := newPerson(t)
	p.sh(t, `trap 'echo saved >saved; exit 0' TERM; echo ready; while :; do sleep 0.1; done`)
	stopped := p.sh(t, `trap 'echo saved >saved2; exit 0' TERM; echo ready; while :; do sleep 0.1; done`)
	if err := unix.Kill(stopped.Process.Pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	ended, left, err := New("linux").End(t.Context(), p.UID, nil, 20*time.Second)
	if err != nil || ended < 2 || len(left) > 0 {
		t.Fatalf("%d ended, %v left: %v", ended, left, err)
	}
	if time.Since(begin) > 10*time.Second {
		t.Error("the grace was waited for though nothing was left")
	}
	for _, name := range []string{"saved", "saved2"} {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err != nil {
			t.Error("a program was not left the time to save")
		}
	}
	none(t, p)
}

func TestEndKillsWhatDoesNotListen(t *testing.T) {
	p := newPerson(t)
	p.sh(t, `trap '' TERM HUP INT; echo ready; while :; do sleep 0.1; done`)
	p.start(t, []string{"IPGUARD_TEST_ROLE=leaderless"}, p.program(t))
	for wait := 0; ; wait++ { // until its first thread has gone
		zombie := false
		for _, e := range p.processes(t) {
			if r, ok := New("linux").read(e.PID); ok && r.state == 'Z' {
				zombie = true
			}
		}
		if zombie {
			break
		}
		if wait > 200 {
			t.Fatal("the program without its first thread is not seen")
		}
		time.Sleep(20 * time.Millisecond)
	}
	ended, left, err := New("linux").End(t.Context(), p.UID, nil, 200*time.Millisecond)
	if err != nil || ended < 2 || len(left) > 0 {
		t.Fatalf("%d ended, %v left: %v", ended, left, err)
	}
	none(t, p)
}

// Programs that pass from process to process faster than a list can be read must not win.
func TestEndWinsAgainstForkStorms(t *testing.T) {
	// Each goes on only while the file is there and the kernel limits it: else it would outlive a test that crashes.
	const safe = `trap '' TERM; grep -Eq "^Max processes +([0-9]{3}|1500) " /proc/self/limits || exit 1; `
	storms := map[string]string{
		"growing": safe + `f() { [ -e go ] || exit; f & f & sleep 0.01; f; }; echo ready; f 2>/dev/null`,
		"passing": safe + `c() { [ -e go ] || exit; c & }; echo ready; exec >/dev/null 2>&1; for i in 1 2; do c & done`,
	}
	for name, script := range storms {
		t.Run(name, func(t *testing.T) {
			p, other := newPerson(t), newPerson(t)
			if name == "passing" {
				p.limit = 1500 // few run, but the ended ones count as well until they are taken note of
			}
			kept := p.sh(t, "echo ready; exec sleep 600")
			bystander := other.sh(t, "echo ready; exec sleep 600")
			if err := os.WriteFile(filepath.Join(p.dir, "go"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Remove(filepath.Join(p.dir, "go")) })
			parent := p.start(t, []string{"IPGUARD_TEST_ROLE=reaper", "IPGUARD_TEST_SCRIPT=" + script}, p.program(t))
			time.Sleep(100 * time.Millisecond)
			keep := func(q Process) bool { return q.PID == kept.Process.Pid || q.PID == parent.Process.Pid }
			begin := time.Now()
			ended, left, err := New("linux").End(t.Context(), p.UID, keep, 50*time.Millisecond)
			t.Logf("%d ended in %v", ended, time.Since(begin))
			if err != nil || len(left) > 0 || ended == 0 {
				t.Fatalf("%d ended, %d left: %v", ended, len(left), err)
			}
			time.Sleep(200 * time.Millisecond)
			if now := slices.DeleteFunc(p.processes(t), keep); len(now) > 0 {
				t.Errorf("more than the kept ones run: %v", now)
			}
			if s, ok := New("linux").read(kept.Process.Pid); !ok || s.state == 'T' {
				t.Error("the kept process was left stopped")
			}
			if s, ok := New("linux").read(bystander.Process.Pid); !ok || s.state != 'S' {
				t.Error("a process of another account was touched")
			}
		})
	}
}

// Freezing the whole account must work by itself, and let what is kept go on.
func TestFreezeStopsTheAccountAndNobodyElse(t *testing.T) {
	p, other := newPerson(t), newPerson(t)
	mine := p.sh(t, "echo ready; exec sleep 600")
	theirs := other.sh(t, "echo ready; exec sleep 600")
	h := New("linux")
	e := &ending{h: h, owner: h.owner(p.UID)}
	if !e.freeze(t.Context()) {
		t.Fatal("this test needs root")
	}
	time.Sleep(50 * time.Millisecond) // a signal is heard when the process next runs
	if s, ok := h.read(mine.Process.Pid); !ok || s.state != 'T' {
		t.Errorf("the account goes on: %c", s.state)
	}
	if s, ok := h.read(theirs.Process.Pid); !ok || s.state != 'S' {
		t.Errorf("another account was stopped: %c", s.state)
	}
}

func TestEndCountsZombiesAsEnded(t *testing.T) {
	p := newPerson(t)
	p.sh(t, "(exit 0) & echo ready; exec sleep 600")
	time.Sleep(100 * time.Millisecond)
	keep := func(q Process) bool { return q.Name == "sleep" }
	ended, left, err := New("linux").End(t.Context(), p.UID, keep, 0)
	if err != nil || ended != 0 || len(left) != 0 {
		t.Errorf("%d ended, %v left: %v", ended, left, err)
	}
}

func TestSignalMissesARecycledNumber(t *testing.T) {
	p := newPerson(t)
	cmd := p.sh(t, "echo ready; exec sleep 600")
	h := New("linux")
	now, ok := h.read(cmd.Process.Pid)
	if !ok {
		t.Fatal("it has gone")
	}
	e := &ending{h: h, owner: h.owner(p.UID)}
	e.signal(Process{PID: now.pid, Started: now.started - 1}, unix.SIGKILL)
	stranger := &ending{h: h, owner: owner{uid: p.UID + 1}}
	stranger.signal(Process{PID: now.pid, Started: now.started}, unix.SIGKILL)
	time.Sleep(50 * time.Millisecond)
	if again, ok := h.read(now.pid); !ok || !again.running() {
		t.Fatal("another process than the listed one was hit")
	}
}

// A container of the account runs under uids that are only lent to it.
func TestLentUIDsAreTheAccounts(t *testing.T) {
	p := newPerson(t)
	etc := t.TempDir()
	if err := os.WriteFile(filepath.Join(etc, "subuid"), []byte(p.Name+":700000:1000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lent := person{Account: Account{UID: 700007, GID: 700007}, dir: "/", limit: 150}
	cmd := lent.sh(t, "echo ready; exec sleep 600")
	h := &Host{goos: "linux", proc: "/proc", etc: etc}
	ended, left, err := h.End(t.Context(), p.UID, nil, 100*time.Millisecond)
	if err != nil || ended != 1 || len(left) > 0 {
		t.Errorf("%d ended, %v left: %v", ended, left, err)
		_ = cmd.Process.Kill()
	}
}

func TestEndRefusesAndStops(t *testing.T) {
	if _, _, err := New("linux").End(t.Context(), 0, func(Process) bool { return true }, 0); !errors.Is(err, ErrRefused) {
		t.Fatalf("uid 0: %v", err)
	}
	p := newPerson(t)
	p.sh(t, `trap '' TERM; echo ready; while :; do sleep 0.1; done`)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, left, err := New("linux").End(ctx, p.UID, nil, time.Minute)
	if !errors.Is(err, context.DeadlineExceeded) || len(left) == 0 {
		t.Errorf("%v left: %v", left, err)
	}
}
