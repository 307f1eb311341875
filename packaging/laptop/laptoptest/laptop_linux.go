package laptoptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options choose what is not as usual. The zero value is a laptop with two processors, 1024 MiB and a disk that reads as
// zeros where blocks were discarded.
type Options struct {
	Packages      []string // Debian packages that it has besides
	MemoryMiB     int
	KeepDiscarded bool // the disk ignores discards, as a hard disk does
	USB           bool // it has a USB socket; its kernel is a larger one, and so its base is another
}

// Laptop is one virtual laptop. Whatever goes wrong with the machine itself fails the test at once.
type Laptop struct {
	t      testing.TB
	script string
	name   string
	work   string // where the bases and the machines are
	env    []string
}

// rigFailed is the exit status of the script's own failures.
const rigFailed = 125

// patience bounds every order to a machine; the slowest is the first, which makes the base.
const patience = 10 * time.Minute

// New makes a laptop and turns it on; the first on a machine makes the base that all are copies of, which takes a minute
// and needs the network. It is destroyed when the test ends, and when the test has failed its last words are logged first.
func New(t testing.TB, o Options) *Laptop {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("laptoptest: a virtual laptop needs root; run packaging/test as root")
	}
	work := os.Getenv("LAPTOP_WORK")
	if work == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		work = filepath.Join(cache, "ipguard-laptop")
	}
	l := &Laptop{t: t, script: script(t), work: work}
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	l.sweep()
	l.own()
	l.env = append(os.Environ(), "LAPTOP_WORK="+work, "LAPTOP_NAME="+l.name)
	if o.MemoryMiB > 0 {
		l.env = append(l.env, fmt.Sprintf("LAPTOP_MEM=%d", o.MemoryMiB))
	}
	if o.KeepDiscarded {
		l.env = append(l.env, "LAPTOP_DISCARD=ignore")
	}
	if o.USB {
		l.env = append(l.env, "LAPTOP_USB=1", "LAPTOP_KERNEL=linux-image-amd64")
	}
	t.Cleanup(func() { l.end(t) })
	t.Logf("laptop: %s", l.order(append([]string{"up"}, o.Packages...)...))
	return l
}

// script finds the script from the folder of whatever package is tested.
func script(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "packaging", "laptop", "laptop")
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("laptoptest: run the tests in the source tree, whose packaging/laptop they need")
		}
	}
}

// own gives the machine a name and a lock that lives as long as this process.
func (l *Laptop) own() {
	f, err := os.CreateTemp(l.work, "test-*.lock")
	if err != nil {
		l.t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		l.t.Fatal(err)
	}
	l.name = strings.TrimSuffix(filepath.Base(f.Name()), ".lock")
	l.t.Cleanup(func() {
		os.Remove(f.Name())
		f.Close()
	})
}

// sweep destroys the machines of tests that were killed.
func (l *Laptop) sweep() {
	locks, _ := filepath.Glob(filepath.Join(l.work, "test-*.lock"))
	for _, lock := range locks {
		f, err := os.Open(lock)
		if err != nil {
			continue
		}
		// A lock that was made a moment ago may not have been taken yet.
		info, err := f.Stat()
		if err == nil && time.Since(info.ModTime()) > time.Minute && syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			dead := &Laptop{t: l.t, script: l.script, work: l.work, name: strings.TrimSuffix(filepath.Base(lock), ".lock")}
			dead.env = append(os.Environ(), "LAPTOP_WORK="+l.work, "LAPTOP_NAME="+dead.name)
			dead.order("destroy")
			os.Remove(lock)
		}
		f.Close()
	}
}

// For is the same laptop for a subtest.
func (l *Laptop) For(t testing.TB) *Laptop {
	same := *l
	same.t = t
	return &same
}

// end destroys the machine. What a failed test would like to know of it is logged before.
func (l *Laptop) end(t testing.TB) {
	if t.Failed() {
		if out, _, code := l.try(nil, l.env, "run", "sh", "-c",
			"journalctl --no-pager -b -n 80 -o short-monotonic | cut -c-300"); code == 0 {
			t.Logf("the end of the laptop's journal:\n%s", out)
		} else if text, err := os.ReadFile(filepath.Join(l.work, "vm-"+l.name, "console.log")); err == nil {
			t.Logf("the end of the laptop's console:\n%s", text[max(0, len(text)-4000):])
		}
	}
	if _, errs, code := l.try(nil, l.env, "destroy"); code != 0 {
		t.Errorf("destroying the laptop: %s", errs)
	}
}

// try runs the script once, whatever comes of it.
func (l *Laptop) try(stdin []byte, env []string, args ...string) (out, errs []byte, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.script, args...)
	cmd.Env, cmd.Stdin = env, bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// qemu stays, and must not be waited for.
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		code = rigFailed
		fmt.Fprintln(&stderr, err)
	}
	return stdout.Bytes(), stderr.Bytes(), code
}

// order gives the script an order that must succeed, and returns its answer.
func (l *Laptop) order(args ...string) string {
	l.t.Helper()
	out, errs, code := l.try(nil, l.env, args...)
	if code != 0 {
		l.t.Fatalf("laptop %s: exit status %d: %s", args[0], code, errs)
	}
	return strings.TrimSpace(string(out))
}
