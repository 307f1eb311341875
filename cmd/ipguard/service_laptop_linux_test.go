package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ipguard/agent/ipc"
	"ipguard/agent/state"
)

// daemonOf is the service of a laptop, run in the foreground: no service manager runs where the tests do.
type daemonOf struct {
	*laptop
	cmd *exec.Cmd
	log *lockedBuffer
}

// lockedBuffer is written to by the program while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts the service and waits until it answers. The log is that of all its runs.
func (l *laptop) serve() *daemonOf {
	l.Helper()
	d := &daemonOf{laptop: l, log: &lockedBuffer{}}
	d.begin()
	l.Cleanup(func() {
		d.kill()
		if l.Failed() {
			l.Logf("the service said:\n%s", d.log)
		}
	})
	return d
}

// begin starts the service again after it was killed or has ended.
func (d *daemonOf) begin() {
	d.Helper()
	d.cmd = exec.Command(os.Getenv(programEnv), "service", "run", "--state-dir", d.state)
	d.cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8")
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	// A new session, so that nothing that is meant for the test's group reaches it.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := d.cmd.Start(); err != nil {
		d.Fatal(err)
	}
	// Before it knows how the account stands nobody can sign in, so nobody does here.
	d.eventually("the service knows how the account stands", func() bool {
		s, err := d.ask()
		return err == nil && s.State != state.Unknown
	})
}

// ask asks the service what it knows.
func (d *daemonOf) ask() (ipc.Status, error) {
	c := ipc.Dial(d.socket())
	defer c.Close()
	return c.Status(context.Background(), d.id())
}

func (d *daemonOf) socket() string { return filepath.Join(d.state, "run", "socket") }

// kill kills the service as the power would.
func (d *daemonOf) kill() {
	if d.cmd.ProcessState == nil {
		d.cmd.Process.Kill()
		d.cmd.Wait()
	}
}

// end asks the service to end and returns its exit code.
func (d *daemonOf) end() int {
	d.Helper()
	d.cmd.Process.Signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if err := d.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		d.Fatal(err)
	}
	return d.cmd.ProcessState.ExitCode()
}

// eventually waits until something has come about; what never does fails the test.
func (l *laptop) eventually(what string, ok func() bool) {
	l.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); {
		if time.Now().After(end) {
			l.Fatalf("it never came about: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// record is what the state file says.
func (l *laptop) record() state.State {
	l.Helper()
	dir, err := state.Open(l.state)
	if err != nil {
		l.Fatal(err)
	}
	acct, err := dir.Account(l.id())
	if err != nil {
		l.Fatal(err)
	}
	rec, err := acct.Load()
	if err != nil {
		return state.Unknown
	}
	return rec.State
}

// traces looks for a word in the contents and names of everything in the home: a reading that shares nothing with the
// program.
func (l *laptop) traces(word string) (found []string) {
	l.Helper()
	out, err := exec.Command("grep", "-raslF", "--", word, l.user.Home).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.Fatal(err)
	}
	found = strings.Fields(string(out))
	names, err := exec.Command("find", l.user.Home, "-name", "*"+word+"*").Output()
	if err != nil {
		l.Fatal(err)
	}
	return append(found, strings.Fields(string(names))...)
}

// The service is used when it is there: by root, by the account, by a stranger who may only look, and it is done without
// when it is not.
func TestServiceAndCommand(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	plant := func() {
		l.as(`mkdir -p ~/Downloads; echo canary-letter >~/Downloads/letter.pdf; echo canary >~/.config-canary`)
	}
	plant()
	if r := l.ipguardAs("wipe", "--yes"); r.code != exitIncomplete && r.code != exitDone {
		t.Errorf("without the service the account's own wipe: exit %d\n%s", r.code, r.out)
	}
	d := l.serve()
	plant()
	d.eventually("the service notices the download", func() bool {
		s, err := d.ask()
		return err == nil && s.State == state.InUse && s.New["downloads"] == 1 && s.Watched > 0
	})
	if got := l.record(); got != state.InUse {
		t.Errorf("on the disk the state is %s, want in_use", got)
	}
	if r := l.ipguardAs("wipe", "--yes", "--documents=hold"); r.code == exitDone && r.answer.Held.Count != 1 {
		t.Errorf("%+v", r.answer.Held)
	}
	// Its file lies where others could write, so that it is ended like any program of the account. The wipe goes on.
	d.eventually("the wipe ends", func() bool { return l.record() == state.Clean })
	if found := l.traces("canary"); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	r := l.status(exitDone)
	if !strings.Contains(r.out, `"answers":true`) || !strings.Contains(r.out, `"last_day":"20`) {
		t.Errorf("status does not speak of the service:\n%s", r.out)
	}
	plant()
	if r := l.wipe(exitDone); r.answer.Totals.Erased < 2 {
		t.Errorf("root's wipe by the service: %+v", r.answer.Totals)
	}
	stranger := newLaptop(t)
	stranger.state = l.state
	if r := stranger.ipguardAs("status", "--account", l.user.Name); r.code != exitDone || r.answer.State != string(state.Clean) {
		t.Errorf("a stranger's status: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := stranger.ipguardAs("wipe", "--yes", "--account", l.user.Name); r.code != exitNotPermitted {
		t.Errorf("a stranger's wipe: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if code := d.end(); code != exitDone {
		t.Errorf("the service ended with %d", code)
	}
	if strings.Contains(d.log.String(), l.user.Name) || strings.Contains(d.log.String(), "canary") || strings.Contains(d.log.String(), "/") {
		t.Errorf("the log names somebody or something:\n%s", d.log)
	}
	plant()
	l.wipe(exitDone) // without it
}

// id is the account's number as the program writes it.
func (l *laptop) id() string { return strconv.FormatUint(uint64(l.user.UID), 10) }
