package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A file that was removed lives on while a program has it open. A program of the account is ended; one of root is not,
// and then nobody may say that the traces are gone.
func TestHostileHolders(t *testing.T) {
	tr := newTrial(t)
	ours := tr.start(`echo trace > held; exec 3< held 4<> kept/f0; cd Templates; exec sleep 1000`)
	tr.awaits("held")
	tr.back()
	if ours.Process.Signal(nil) == nil && alive(ours.Process.Pid) {
		t.Error("a program of the account still runs")
	}
	theirs, err := os.Open(tr.file("held by root", "trace"))
	tr.must(err)
	kept, err := os.Open(tr.path("kept/f1"))
	tr.must(err)
	tr.as(`echo more >> kept/f1`)
	tr.notBack("held_open")
	same(t, tr.user.Home, tr.home)
	if r := tr.status(exitNotClean); r.answer.State != "residue" {
		t.Errorf("state %q", r.answer.State)
	}
	theirs.Close()
	kept.Close()
	tr.back()
	tr.status(exitDone)
}

// Programs of the account that keep writing, and do not go when they are asked to, are ended before anything is erased.
func TestHostileWriter(t *testing.T) {
	tr := newTrial(t)
	tr.start(`trap '' TERM; (trap '' TERM; while :; do echo trace > kept/child$RANDOM; done) &
		while :; do echo trace > trace$RANDOM; echo trace >> .bashrc; mkdir -p kept/deep/d$RANDOM; done`)
	tr.awaits("kept/deep/d*")
	tr.back()
	if pids := tr.user.Processes(); len(pids) > 0 {
		t.Errorf("%d programs of the account still run", len(pids))
	}
	tr.status(exitDone)
}

// A program of root that keeps writing is not ended; while it writes the word clean is never said.
func TestHostileRootWriter(t *testing.T) {
	tr := newTrial(t)
	for _, tt := range []struct{ name, code, script string }{
		{"new files", "remains", `while :; do i=$((i+1)); mkdir -p d$((i%9)) && echo trace > d$((i%9))/t$i; done 2>/dev/null`},
		{"a file of the baseline", "changed", `while :; do echo trace >> .bashrc; done`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr.in(t)
			cmd := exec.Command("bash", "-c", tt.script)
			cmd.Dir = tr.user.Home
			tr.must(cmd.Start())
			defer func() { cmd.Process.Kill(); cmd.Wait() }()
			for range 3 {
				tr.notBack(tt.code)
				tr.status(exitNotClean)
			}
			tr.must(cmd.Process.Kill())
			cmd.Wait()
			tr.back()
			tr.status(exitDone)
		})
	}
}

// awaits waits until a name that matches the pattern is there.
func (tr *trial) awaits(pattern string) {
	tr.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if found, _ := filepath.Glob(tr.path(pattern)); len(found) > 0 {
			return
		}
	}
	tr.Fatalf("%s does not come", pattern)
}

// alive says whether a process is there and is not only waiting to be asked how it ended.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && len(text) > 0
}
