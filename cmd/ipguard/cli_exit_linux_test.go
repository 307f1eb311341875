package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/browser/browsertest"
)

// plain runs the program as root the way people do: in English, without --json, and with nobody to answer.
func (l *laptop) plain(args ...string) result {
	l.Helper()
	cmd := exec.Command(os.Getenv(programEnv), append(args, "--state-dir", l.state)...)
	cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
	return l.run(cmd)
}

// accountDir is where the account's state is kept.
func (l *laptop) accountDir() string {
	return filepath.Join(l.state, "accounts", strconv.Itoa(int(l.user.UID)))
}

func TestExitCodes(t *testing.T) {
	l := newLaptop(t)
	name := l.user.Name
	check := func(want int, word string, args ...string) {
		t.Helper()
		r := l.ipguard(args...)
		if r.code != want || r.answer.Error != word && r.answer.Refusal != word {
			t.Errorf("%v: exit %d, error %q; want %d and %q\n%s%s", args, r.code, r.answer.Error, want, word, r.out, r.err)
		}
		if p := l.plain(args...); p.code != want || word != "" && strings.TrimSpace(p.out+p.err) == "" {
			t.Errorf("%v: exit %d with %q, want %d and a sentence", args, p.code, p.out+p.err, want)
		}
	}
	check(exitDone, "", "version")
	check(exitRefused, "none_enrolled", "status")
	check(exitRefused, "none_enrolled", "wipe", "--yes")
	check(exitNotClean, "", "status", "--account", name)
	check(exitRefused, "not_enrolled", "wipe", "--yes", "--account", name)
	check(exitRefused, "not_enrolled", "wipe", "--dry-run", "--account", name)
	check(exitRefused, "system_account", "enroll", "--yes", "--account", "daemon")
	check(exitRefused, "system_account", "enroll", "--yes", "--account", "root")
	check(exitUsage, "unknown_account", "status", "--account", "nosuchaccount")
	check(exitUsage, "unknown_account", "wipe", "--yes", "--account", "nosuchaccount")
	check(exitUsage, "unknown_account", "enroll", "--yes", "--account", "../etc")
	check(exitUsage, "usage", "wipe", "--account", name)
	check(exitUsage, "usage", "enroll", "--account", name)
	check(exitUsage, "usage", "wipe", "--documents=keep")
	if left, err := os.ReadDir(l.state); err == nil && len(left) > 0 {
		t.Errorf("refused commands left %d things in the state folder", len(left))
	}
	l.enroll()
	check(exitDone, "", "status")
	check(exitDone, "", "wipe", "--dry-run")
	check(exitDone, "", "wipe", "--yes")
	l.as("echo x > unknown")
	check(exitNotClean, "", "status")
	check(exitDone, "", "wipe", "--dry-run")
	protect(t, l.path("unknown"))
	l.as("mkdir -p sub; echo x > sub/x")
	check(exitDone, "", "wipe", "--documents=hold")
	other := &laptop{TB: t, user: browsertest.NewUser(t), state: l.state}
	check(exitRefused, "not_enrolled", "wipe", "--yes", "--account", other.user.Name)
	for _, args := range [][]string{{"status", "--account", name}, {"wipe", "--yes", "--account", name}, {"wipe", "--dry-run", "--account", name}, {"enroll", "--yes", "--account", name}} {
		if r := other.ipguardAs(args...); r.code != exitNotPermitted || r.answer.Error != "not_permitted" {
			t.Errorf("as another account, %v: exit %d, error %q; want 5 and not_permitted", args, r.code, r.answer.Error)
		}
	}
	other.enroll()
	check(exitUsage, "several_accounts", "status")
	if err := os.Chmod(l.state, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"wipe", "--yes"}, {"enroll", "--yes"}} {
		check(exitError, "unsafe_state", append(args, "--account", name)...)
	}
}

// protect makes a file immutable for as long as the test runs.
func protect(t *testing.T, path string) {
	t.Helper()
	flags(t, path, immutable, 0)
	t.Cleanup(func() {
		if _, err := os.Lstat(path); err == nil {
			flags(t, path, 0, immutable)
		}
	})
}

// A state folder that belongs to an ordinary account is that account's to change.
func TestStateFolderOfAnotherIsRefused(t *testing.T) {
	l := newLaptop(t)
	if err := os.Mkdir(l.state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(l.state, int(l.user.UID), int(l.user.GID)); err != nil {
		t.Fatal(err)
	}
	if r := l.ipguard("enroll", "--yes", "--account", l.user.Name); r.code != exitError || r.answer.Error != "unsafe_state" {
		t.Errorf("exit %d, error %q; want 1 and unsafe_state", r.code, r.answer.Error)
	}
}

// A wipe that is interrupted says so, leaves no word of clean behind, and the next one finishes it.
func TestInterruptedWipe(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			l := newLaptop(t)
			l.enroll()
			l.as("echo x > unknown")
			stubborn := l.start(`trap "" TERM; while :; do sleep 0.2; done`) // the wipe waits for it, before it erases
			cmd := exec.Command(os.Getenv(programEnv), l.args([]string{"wipe", "--yes"})...)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			last := ""
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if last = lines.Text(); strings.Contains(last, "close_applications") {
					time.Sleep(300 * time.Millisecond)
					if err := cmd.Process.Signal(sig); err != nil {
						t.Fatal(err)
					}
				}
			}
			cmd.Wait()
			var answer answerJSON
			if err := json.Unmarshal([]byte(last), &answer); err != nil || answer.Error != "interrupted" || cmd.ProcessState.ExitCode() != exitInterrupted {
				t.Errorf("exit %d, last line %q; want 130 and interrupted", cmd.ProcessState.ExitCode(), last)
			}
			if s := l.status(exitNotClean); !s.answer.Interrupted || s.answer.State != "in_use" {
				t.Errorf("state %q, interrupted %v", s.answer.State, s.answer.Interrupted)
			}
			syscall.Kill(-stubborn.Process.Pid, syscall.SIGKILL) // it need not hold up the second one
			l.wipe(exitDone)
			if s := l.status(exitDone); s.answer.Interrupted {
				t.Error("the wipe still counts as interrupted")
			}
		})
	}
}

// Only one run works on an account: another waits a little, and is then told.
func TestLocked(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as("echo x > unknown")
	before := snapshot(t, l.user.Home)
	lock, err := os.OpenFile(filepath.Join(l.accountDir(), "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	results := make(chan result)
	for _, args := range [][]string{{"wipe", "--yes"}, {"wipe", "--documents=hold"}, {"enroll", "--yes", "--account", l.user.Name}} {
		go func() { results <- l.ipguard(args...) }()
	}
	for range 3 {
		if r := <-results; r.code != exitError || r.answer.Error != "locked" {
			t.Errorf("exit %d, error %q; want 1 and locked\n%s", r.code, r.answer.Error, r.out)
		}
	}
	same(t, l.user.Home, before)
	l.status(exitNotClean) // looking needs no lock
	timer := time.AfterFunc(time.Second, func() { unix.Flock(int(lock.Fd()), unix.LOCK_UN) })
	defer timer.Stop()
	l.wipe(exitDone)
}

// Every line of --json parses, progress comes before the answer, and each has the name of its form.
func TestJSONLines(t *testing.T) {
	l := newLaptop(t)
	for _, c := range []struct {
		schema string
		args   []string
	}{
		{"ipguard.version/1", []string{"version"}},
		{"ipguard.status/1", []string{"status", "--account", l.user.Name}},
		{"ipguard.report/1", []string{"wipe", "--yes", "--account", l.user.Name}}, // refused
		{"ipguard.enrollment/1", []string{"enroll", "--yes", "--account", l.user.Name}},
		{"ipguard.plan/1", []string{"wipe", "--dry-run"}},
		{"ipguard.report/1", []string{"wipe", "--yes"}},
		{"ipguard.status/1", []string{"status"}},
		{"ipguard.error/1", []string{"status", "--account", "nosuchaccount"}},
		{"ipguard.error/1", []string{"wipe", "--nosuchflag"}},
		{"ipguard.error/1", []string{"status", "extra"}},
	} {
		r := l.ipguard(c.args...)
		lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
		for i, line := range lines {
			var v struct{ Schema string }
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Errorf("%v: %q: %v", c.args, line, err)
			}
			if last := i == len(lines)-1; last && v.Schema != c.schema || !last && v.Schema != "ipguard.progress/1" {
				t.Errorf("%v: line %d of %d is %q, want %q at the end and progress before", c.args, i+1, len(lines), v.Schema, c.schema)
			}
		}
	}
}

// The account itself can only work on what is its own, and is told so.
func TestAsTheAccount(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir -p Documents closed; echo x > Documents/letter.odt; echo x > closed/x; chmod 000 closed; echo x > unknown; echo evil >> .bashrc`)
	rootOwned := l.path("of-root")
	if err := os.MkdirAll(filepath.Join(rootOwned, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := l.ipguardAs("wipe", "--documents=hold")
	if r.code != exitIncomplete || !r.answer.Unsaved || !r.has("residual", "needs_root") {
		t.Errorf("exit %d, unsaved %v, needs_root %v\n%s", r.code, r.answer.Unsaved, r.has("residual", "needs_root"), r.out)
	}
	for rel, stays := range map[string]bool{"unknown": false, "closed": false, "Documents/letter.odt": true, ".bashrc": true, "of-root/sub": true} {
		if _, err := os.Lstat(l.path(rel)); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %v", rel, err, stays)
		}
	}
	cmd := l.user.Command(context.Background(), os.Getenv(programEnv), "wipe", "--yes", "--state-dir", l.state)
	if r := l.run(cmd); r.code != exitIncomplete || !strings.Contains(r.out, "sudo") {
		t.Errorf("exit %d, want 3 and the way out:\n%s%s", r.code, r.out, r.err)
	}
	if _, err := os.Lstat(l.path("Documents")); err == nil {
		t.Error("documents that were refused stayed")
	}
	if r := l.ipguardAs("status"); r.code != exitNotClean {
		t.Errorf("status: exit %d, want 10", r.code)
	}
	if r := l.ipguardAs("enroll", "--yes", "--account", l.user.Name); r.code != exitNotPermitted {
		t.Errorf("enroll: exit %d, want 5", r.code)
	}
	l.wipe(exitDone)
	l.status(exitDone)
}

// Whoever reads the output may go away: the wipe goes on to its end.
func TestWipeOutlivesItsReader(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	for _, args := range [][]string{l.args([]string{"wipe", "--yes"}), {"wipe", "--yes", "--state-dir", l.state}} {
		l.as("echo x > unknown")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		cmd := exec.Command(os.Getenv(programEnv), args...)
		cmd.Stdout, cmd.Stderr = write, write
		err = cmd.Run()
		write.Close()
		if err != nil {
			t.Errorf("the wipe ended with %v", err)
		}
		l.status(exitDone)
	}
}
