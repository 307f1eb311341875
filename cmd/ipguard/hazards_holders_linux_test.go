package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// holder starts a program of root that holds a file open as descriptor 3 and does something with it until the test or the
// returned function ends it.
func (g *ground) holder(path, script string) (end func()) {
	g.Helper()
	ready := filepath.Join(g.TempDir(), "ready")
	cmd := exec.Command("bash", "-c", `exec 3<>"$0"; cp "$0" "$1.copy"; : > "$1"; `+script, path, ready)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g.must(cmd.Start())
	end = sync.OnceFunc(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	g.Cleanup(end)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			return end
		} else if time.Now().After(deadline) {
			g.Fatal("the program that holds a file does not start")
		}
	}
}

// What a program of root holds open and writes to is never told as gone, however it writes.
func TestHazardHolders(t *testing.T) {
	for _, discard := range []bool{false, true} {
		o := hdd()
		o.Discard = discard
		g := newGround(t, o, nil)
		for _, tt := range []struct{ name, script string }{
			{"appends", `while :; do echo more >> /proc/self/fd/3; done`},
			{"writes again what was there", `while :; do dd if="$1.copy" of=/proc/self/fd/3 bs=1M conv=notrunc status=none; done`},
			{"writes when all names are gone", `while [ "$(stat -L -c %h /proc/self/fd/3)" != 0 ]; do sleep .001; done
				dd if="$1.copy" of=/proc/self/fd/3 bs=1M conv=notrunc status=none; sleep 1000`},
		} {
			end := g.holder(g.trace("held", 200_000), tt.script)
			g.settle()
			r := g.notBack("held_open")
			_, over := r.rows("erased", "overwritten", "")
			_, gone := r.rows("erased", "discarded", "")
			if over > 0 && tt.name != "writes when all names are gone" || gone > 0 {
				t.Errorf("discard %v: somebody %s, and %d bytes are told as overwritten, %d as discarded\n%s", discard, tt.name, over, gone, r.out)
			}
			if r := g.status(exitNotClean); r.answer.State != "residue" {
				t.Errorf("state %q", r.answer.State)
			}
			end()
			g.back()
		}
	}
}

// A running program cannot be written to. It goes, and what that is worth is told.
func TestHazardRunningProgram(t *testing.T) {
	g := newGround(t, hdd(), nil)
	sleep, err := exec.LookPath("sleep")
	g.must(err)
	program := filepath.Join(g.dir("tools"), "program")
	g.tool("cp", sleep, program)
	cmd := exec.Command(program, "1000")
	g.must(cmd.Start())
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	r := g.notBack("held_open")
	g.claims(r, "unlinked", "in_use", 1)
	if _, err := os.Lstat(program); err == nil {
		t.Error("the program is still there")
	}
	g.must(cmd.Process.Kill())
	cmd.Wait()
	g.back()
}
