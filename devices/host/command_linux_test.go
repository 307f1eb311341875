package host

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (p person) commands(t *testing.T) []Command {
	t.Helper()
	all, err := New("linux").Commands(t.Context(), p.UID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func only(t *testing.T, all []Command, pid int) Command {
	t.Helper()
	i := slices.IndexFunc(all, func(c Command) bool { return c.PID == pid })
	if i < 0 {
		t.Fatalf("the process is not among %d", len(all))
	}
	return all[i]
}

func TestCommands(t *testing.T) {
	p := newPerson(t)
	const wait = "echo ready; sleep 3600 & wait"
	for _, c := range []struct {
		name string
		args []string
		want func([]string) []string // what is expected of the arguments behind "-c wait"
		cut  bool
	}{
		{"plain", []string{"--user-data-dir=/tmp/x", ""}, func(a []string) []string { return a }, false},
		{"lines and bytes", []string{"two\nlines", "caf\xe9", "\xff\xfe", "-P"}, func(a []string) []string { return a }, false},
		{"huge", []string{strings.Repeat("a", 100<<10), "b"}, func([]string) []string { return nil }, true},
		{"many", slices.Repeat([]string{"x"}, 30_000), func([]string) []string { return nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := time.Now()
			cmd := p.start(t, nil, "/bin/sh", append([]string{"-c", wait}, c.args...)...)
			after := time.Now()
			got := only(t, p.commands(t), cmd.Process.Pid)
			size := 0
			for _, a := range got.Arguments {
				size += len(a) + 1
			}
			if got.Cut != c.cut || size > maxArguments+1 {
				t.Errorf("cut %v, %d bytes", got.Cut, size)
			}
			if !c.cut {
				if diff := cmp.Diff(append([]string{"/bin/sh", "-c", wait}, c.want(c.args)...), got.Arguments); diff != "" {
					t.Error(diff)
				}
			}
			if got.Started.Before(before.Add(-2*tick)) || got.Started.After(after.Add(tick)) {
				t.Errorf("started %v, not between %v and %v", got.Started, before, after)
			}
			if got.OwnMounts || got.Parent != os.Getpid() || !strings.HasPrefix(got.Exe, "/") {
				t.Errorf("mounts %v, parent %d, program %q", got.OwnMounts, got.Parent, got.Exe)
			}
		})
	}
}

// A file that is written after a process began must look newer than it, and older than the next process.
func TestCommandsAgainstFiles(t *testing.T) {
	p := newPerson(t)
	file := filepath.Join(p.dir, "settings")
	first := p.sh(t, "echo ready; sleep 3600 & wait").Process.Pid
	time.Sleep(50 * time.Millisecond)
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	second := p.sh(t, "echo ready; sleep 3600 & wait").Process.Pid
	all := p.commands(t)
	if a, b := only(t, all, first).Started, only(t, all, second).Started; !a.Before(info.ModTime()) || !b.After(info.ModTime()) {
		t.Errorf("%v, file %v, %v", a, info.ModTime(), b)
	}
}

func TestCommandsSeeMountTables(t *testing.T) {
	p := newPerson(t)
	cmd := exec.Command("unshare", "--mount", "setpriv", "--reuid", p.ID, "--clear-groups", "--regid", p.ID,
		"/bin/sh", "-c", "echo ready; exec sleep 3600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("install util-linux: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if !only(t, p.commands(t), cmd.Process.Pid).OwnMounts {
		t.Error("a mount table of its own is not seen")
	}
}

// Processes that come and go while they are read are no error, and nobody gets another's arguments.
func TestCommandsOfTheDying(t *testing.T) {
	p := newPerson(t)
	p.sh(t, "echo ready; while :; do /bin/true one two; done")
	seen := 0
	for range 60 {
		for _, c := range p.commands(t) {
			seen++
			if len(c.Arguments) == 3 && strings.HasSuffix(c.Exe, "/true") && c.Arguments[1] != "one" {
				t.Errorf("arguments %q of %q", c.Arguments, c.Exe)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d", seen)
	}
}

func TestCommandsEndWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if all, err := New("linux").Commands(ctx, uint32(syscall.Getuid())); err == nil {
		t.Errorf("%d processes", len(all))
	}
}
