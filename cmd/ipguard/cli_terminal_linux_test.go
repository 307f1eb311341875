package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program that runs on a terminal of its own.
type terminal struct {
	testing.TB
	cmd    *exec.Cmd
	master *os.File
	done   chan struct{} // everything that it wrote was read

	mu  sync.Mutex
	out bytes.Buffer
}

// onTerminal starts ipguard on a new terminal, in English, with the further environment.
func (l *laptop) onTerminal(env []string, args ...string) *terminal {
	l.Helper()
	master, slave := openTerminal(l)
	defer slave.Close()
	cmd := exec.Command(os.Getenv(programEnv), append(args, "--state-dir", l.state)...)
	cmd.Env = append(os.Environ(), append([]string{"LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=", "DISPLAY=", "WAYLAND_DISPLAY=", "TERM=xterm", "NO_COLOR=", "ACCESSIBLE="}, env...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	term := &terminal{TB: l, cmd: cmd, master: master, done: make(chan struct{})}
	go term.read()
	l.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		master.Close()
		<-term.done
	})
	return term
}

func openTerminal(t testing.TB) (master, slave *os.File) {
	t.Helper()
	// Not blocking, so that reading from it can be ended.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "master")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		t.Fatal(errno)
	}
	return master, os.NewFile(peer, "terminal")
}

// read collects what the program writes; the end of the program is an error of the terminal.
func (t *terminal) read() {
	defer close(t.done)
	buf := make([]byte, 4096)
	for {
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.out.Write(buf[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (t *terminal) written() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.String()
}

// expect waits until the program has written something.
func (t *terminal) expect(want string) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !strings.Contains(flat(t.written()), want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q was not written:\n%q", want, t.written())
		}
	}
}

// flat takes the line ends out of a text, which stand where a terminal has no more room.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// kind types what a person would.
func (t *terminal) kind(keys string) {
	t.Helper()
	if _, err := t.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// end waits for the program's end and returns everything that it wrote.
func (t *terminal) end(want int) string {
	t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { t.cmd.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := t.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	<-t.done
	if code := t.cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("exit %d, want %d:\n%s", code, want, t.written())
	}
	return t.written()
}

// The questions of a guided end, in English; without a screen nobody can look at windows.
const (
	askServices  = "signed out everywhere:"
	askSaved     = "close the programs. Enter = done:"
	askDocuments = "set the others aside for 30 minutes:"
	askSheet     = "Enter = no:"
	askYes       = "Enter to stop"
)

const evilName = "\x1b]0;title\x07\x1b[2Jevil\u202efdp.odt"

// On a terminal nothing happens before a clear yes: not on Enter, not on Ctrl-C, not on Ctrl-D, and not on a hint of a yes.
func TestTerminalNothingIsDestroyedWithoutYes(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir -p Documents; echo private > Documents/Letter.odt; echo x > unknown`)
	if err := os.WriteFile(l.path("Documents/"+evilName), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, l.user.Home)
	enter := func(asked ...string) (steps [][2]string) {
		for _, q := range asked {
			steps = append(steps, [2]string{q, "\n"})
		}
		return steps
	}
	toDocuments := enter(askServices, askSaved)
	toYes := enter(askServices, askSaved, askDocuments, askSheet)
	refused := append(slices.Clone(toDocuments), [2]string{askDocuments, "3\n"}, [2]string{"0 = back:", "\n"}, [2]string{askSheet, "\n"})
	for _, c := range []struct {
		name  string
		typed [][2]string // what is waited for, and what is typed then
	}{
		{"Enter alone", append(slices.Clone(toYes), [2]string{askYes, "\n"})},
		{"erase, then Enter", append(slices.Clone(refused), [2]string{askYes, "\n"})},
		{"hold, then no", append(slices.Clone(toYes), [2]string{askYes, "no\n"})},
		{"Ctrl-C at the services", [][2]string{{askServices, "\x03"}}},
		{"Ctrl-C while saving", append(enter(askServices), [2]string{askSaved, "\x03"})},
		{"Ctrl-C at the documents", append(slices.Clone(toDocuments), [2]string{askDocuments, "\x03"})},
		{"Ctrl-C at the sheet", append(enter(askServices, askSaved, askDocuments), [2]string{askSheet, "\x03"})},
		{"Ctrl-C at the last question", append(slices.Clone(refused), [2]string{askYes, "\x03"})},
		{"Ctrl-D", [][2]string{{askServices, "\x04"}}},
		{"Ctrl-D at the last question", append(slices.Clone(toYes), [2]string{askYes, "\x04"})},
		{"yes without Enter, then Ctrl-D twice", append(slices.Clone(toYes), [2]string{askYes, "yes\x04\x04"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := l.onTerminal(nil, "wipe", "--account", l.user.Name)
			for _, step := range c.typed {
				term.expect(step[0])
				term.kind(step[1])
			}
			out := term.end(exitInterrupted)
			if strings.Contains(flat(out), askDocuments) && !strings.Contains(out, "Letter.odt") || strings.Contains(out, "\x1b") || strings.Contains(out, "\u202e") {
				t.Errorf("the documents are not listed, or not harmlessly:\n%q", out)
			}
			same(t, l.user.Home, before)
			if s := l.status(exitNotClean); s.answer.Held.Count != 0 {
				t.Errorf("%d documents are held", s.answer.Held.Count)
			}
		})
	}
}

// The answers do what they say.
func TestTerminalAnswers(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	for _, c := range []struct {
		name, answer string
		args         []string
		held         int
	}{
		{"Enter holds", "\n", nil, 1},
		{"3 erases", "3\n", nil, 0},
		{"--documents=refuse is not asked again", "", []string{"--documents=refuse"}, 0},
		{"--documents=hold is not asked again", "", []string{"--documents=hold"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.as(`mkdir -p Documents; echo private > Documents/Letter.odt`)
			before := l.status(exitNotClean).answer.Held.Count
			term := l.onTerminal(nil, append([]string{"wipe", "--account", l.user.Name}, c.args...)...)
			if c.answer != "" {
				for _, q := range []string{askServices, askSaved} {
					term.expect(q)
					term.kind("\n")
				}
				term.expect(askDocuments)
				term.kind(c.answer)
				term.expect(askSheet)
				term.kind("\n")
			}
			term.expect(askYes)
			term.kind("yes\n")
			if out := term.end(exitDone); !strings.Contains(out, "Ready.") {
				t.Errorf("the answer is missing:\n%s", out)
			}
			if got := l.status(exitDone).answer.Held.Count - before; got != c.held {
				t.Errorf("%d more documents are held, want %d", got, c.held)
			}
		})
	}
}

// Where lines cannot be written over, or a person cannot see them change, they are only appended.
func TestTerminalPlain(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	for _, c := range []struct {
		env   string
		plain bool
	}{{"TERM=xterm", false}, {"NO_COLOR=1", true}, {"TERM=dumb", true}, {"ACCESSIBLE=1", true}} {
		t.Run(c.env, func(t *testing.T) {
			l.as(`for i in $(seq 600); do echo x > f$i; done`)
			out := l.onTerminal([]string{c.env}, "wipe", "--yes", "--account", l.user.Name).end(exitDone)
			rewritten := strings.Contains(strings.ReplaceAll(out, "\r\n", "\n"), "\r")
			if strings.Contains(out, "\x1b") || rewritten == c.plain {
				t.Errorf("plain output: want %v\n%q", c.plain, out)
			}
			if c.plain && !strings.Contains(out, "Reading everything again") {
				t.Errorf("the phases are not told:\n%s", out)
			}
		})
	}
}

// What would belong to the laptop is shown before it does, and Enter is no yes.
func TestTerminalEnroll(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p Downloads .mozilla/firefox/x.default; echo x > Downloads/form.pdf; echo x > strange`)
	for _, c := range []struct {
		typed string
		code  int
		state int
	}{{"\n", exitInterrupted, exitNotClean}, {"\x03", exitInterrupted, exitNotClean}, {"nope\n", exitInterrupted, exitNotClean}, {"YES\n", exitDone, exitNotClean}} {
		term := l.onTerminal(nil, "enroll", "--account", l.user.Name)
		term.expect("Type yes to enroll:")
		term.kind(c.typed)
		if c.code == exitDone {
			term.expect("Enter = later:")
			term.kind("\n")
		}
		out := term.end(c.code)
		for _, want := range []string{"downloads: Downloads", "of an unknown kind"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q: %q is missing:\n%s", c.typed, want, out)
			}
		}
		want := "not_enrolled"
		if c.code == exitDone {
			want = "in_use"
		}
		if s := l.status(c.state); s.answer.State != want {
			t.Errorf("%q: state %q, want %q", c.typed, s.answer.State, want)
		}
	}
}

// A wipe ends the account's programs, and the terminal that it runs on may be one of them: it goes on without it. A
// question that is lost that way is answered with no.
func TestTerminalClosed(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as("echo x > unknown")
	asked := l.onTerminal(nil, "wipe", "--account", l.user.Name)
	asked.expect(askServices)
	asked.hangUp(exitInterrupted)
	exists(t, true, l.path("unknown"))
	l.start(`trap "" TERM; while :; do sleep 0.2; done`) // the wipe waits for it
	begun := l.onTerminal(nil, "wipe", "--yes", "--account", l.user.Name)
	begun.expect("Closing programs")
	begun.hangUp(exitDone)
	l.status(exitDone)
}

// hangUp closes the terminal as its window would, and waits for the program's end.
func (t *terminal) hangUp(want int) {
	t.Helper()
	// A file that is being read closes only when the reading ends.
	if err := t.master.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	<-t.done
	if err := t.master.Close(); err != nil {
		t.Fatal(err)
	}
	t.end(want)
}
