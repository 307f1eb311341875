package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser/browsertest"
	"ipguard/wipe/erase/disktest"
)

// TestMain builds the program once: what these tests run is the program itself, as its users do.
func TestMain(m *testing.M) {
	disktest.Serve()
	if socket := os.Getenv(floodEnv); socket != "" {
		flood(socket)
	}
	os.Exit(withProgram(m))
}

// programPath is where the program under test lies; set once before any test.
const programEnv = "IPGUARD_TEST_PROGRAM"

func withProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ipgt-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// Accounts made by the tests run it too.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	program := filepath.Join(dir, "ipguard")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n%s", err, out)
		return 1
	}
	os.Setenv(programEnv, program)
	return m.Run()
}

// laptop is a real account and a state folder of its own.
type laptop struct {
	testing.TB
	user  browsertest.User
	state string
}

// newLaptop makes an account that nobody has used.
func newLaptop(t testing.TB) *laptop {
	t.Helper()
	return &laptop{TB: t, user: browsertest.NewUser(t), state: stateDir(t)}
}

// stateDir makes a folder for state that the account can look into, as /var/lib/ipguard is.
func stateDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ipgt-state-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "state")
}

// result is what one run of the program gave.
type result struct {
	code   int
	out    string
	err    string
	answer answerJSON // the last line, when it is JSON
}

// answerJSON has the fields of all answers.
type answerJSON struct {
	reportJSON
	State       string `json:"state"`
	Error       string `json:"error"`
	Interrupted bool   `json:"interrupted"`
	Admin       bool   `json:"admin"`
}

// ipguard runs the program as root.
func (l *laptop) ipguard(args ...string) result {
	l.Helper()
	cmd := exec.Command(os.Getenv(programEnv), l.args(args)...)
	cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
	return l.run(cmd)
}

// ipguardAs runs the program as the account.
func (l *laptop) ipguardAs(args ...string) result {
	l.Helper()
	return l.run(l.user.Command(context.Background(), os.Getenv(programEnv), l.args(args)...))
}

func (l *laptop) args(args []string) []string {
	return append([]string{args[0], "--json", "--state-dir", l.state}, args[1:]...)
}

func (l *laptop) run(cmd *exec.Cmd) result {
	l.Helper()
	var r result
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.Fatal(err)
	}
	r.code, r.out, r.err = cmd.ProcessState.ExitCode(), out.String(), errs.String()
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if last := lines[len(lines)-1]; strings.HasPrefix(last, "{") {
		if err := json.Unmarshal([]byte(last), &r.answer); err != nil {
			l.Fatalf("the last line is not JSON: %v\n%s", err, last)
		}
	}
	return r
}

// as runs a shell script as the account, in its home, and waits for it.
func (l *laptop) as(script string) {
	l.Helper()
	out, err := l.user.Command(context.Background(), "bash", "-euc", script).CombinedOutput()
	if err != nil {
		l.Fatalf("script of the account: %v\n%s", err, out)
	}
}

// start starts a shell script as the account and leaves it running until the test ends.
func (l *laptop) start(script string) *exec.Cmd {
	l.Helper()
	cmd := l.user.Command(context.Background(), "bash", "-c", script)
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	return cmd
}

// enroll enrolls the account and fails the test if that fails.
func (l *laptop) enroll(args ...string) result {
	l.Helper()
	r := l.ipguard(append([]string{"enroll", "--account", l.user.Name, "--yes"}, args...)...)
	if r.code != exitDone {
		l.Fatalf("enroll: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if os.Getenv(throughEnv) != "" {
		l.serve()
	}
	return r
}

// throughEnv has the service do every wipe of these tests, where it is set: what the command can do by itself must go as
// well through the service.
const throughEnv = "IPGUARD_TEST_SERVICE"

// wipe wipes without keeping documents and fails the test if the exit code is not the one wanted.
func (l *laptop) wipe(want int, args ...string) result {
	l.Helper()
	r := l.ipguard(append([]string{"wipe", "--account", l.user.Name, "--yes"}, args...)...)
	if r.code != want {
		l.Fatalf("wipe: exit %d, want %d\n%s%s", r.code, want, r.out, r.err)
	}
	return r
}

// status asks for the status and fails the test if the exit code is not the one wanted.
func (l *laptop) status(want int) result {
	l.Helper()
	r := l.ipguard("status", "--account", l.user.Name)
	if r.code != want {
		l.Fatalf("status: exit %d, want %d\n%s%s", r.code, want, r.out, r.err)
	}
	return r
}

// has says whether the answer has a row with this outcome and code.
func (r result) has(outcome, code string) bool {
	for _, a := range r.answer.Artifacts {
		if a.Outcome == outcome && a.Code == code {
			return true
		}
	}
	return false
}

// path returns the place of a path of the home.
func (l *laptop) path(rel string) string { return filepath.Join(l.user.Home, rel) }

// snapshot describes everything below a folder: type, mode, owner, size, time, content, link target.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		what := fmt.Sprintf("%v %d:%d %v", info.Mode(), st.Uid, st.Gid, info.ModTime().UTC().Format(time.RFC3339Nano))
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %d %x", info.Size(), content[:min(len(content), 4096)])
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " -> " + target
		}
		rel, _ := filepath.Rel(dir, path)
		all[rel] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// same fails the test if a folder is not as the snapshot says.
func same(t testing.TB, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, snapshot(t, dir)); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}
