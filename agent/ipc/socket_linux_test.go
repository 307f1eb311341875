package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser/browsertest"
)

// The kernel says who asks: two real accounts on a real socket.
func TestIdentity(t *testing.T) {
	mine, others := browsertest.NewUser(t), browsertest.NewUser(t)
	f := &fake{account: strconv.Itoa(int(mine.UID))}
	path := up(t, f)
	const no = "the service answers: not_permitted"
	for _, c := range []struct {
		user browsertest.User
		want map[string]string
	}{
		{others, map[string]string{"status": "ok", "check": "ok", "stop": no, "reload": no, "wipe": no,
			"hold": no, "refuse": no, "held": no, "back": no, "stow": no}},
		{mine, map[string]string{"status": "ok", "check": "ok", "stop": "ok", "reload": no, "wipe": "ok",
			"hold": "ok", "refuse": "ok", "held": "ok", "back": "ok", "stow": "ok"}},
	} {
		cmd := as(t, c.user, "ask", path)
		done := make(chan struct{})
		go func() {
			defer close(done)
			said := 0 // of the wipe, then of the stow
			for t.Context().Err() == nil && c.user == mine && said < 2 {
				if f.following() > 0 {
					f.say([]Message{report(), stowReport()}[said])
					said++
				}
				time.Sleep(time.Millisecond)
			}
		}()
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		<-done
		got := map[string]string{}
		if err := json.Unmarshal(out, &got); err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%v, %s", err, cmp.Diff(c.want, got))
		}
	}
	for _, who := range f.callers {
		if who.Account != f.account || who.Admin || who.PID <= 1 {
			t.Errorf("the backend heard of %+v", who)
		}
	}
	admin := Dial(path)
	defer admin.Close()
	if err := admin.Reload(t.Context()); err != nil || f.reloads != 1 || !f.callers[len(f.callers)-1].Admin {
		t.Errorf("an administrator may not reload: %v", err)
	}
}

func TestSubordinateIDsShareAPurse(t *testing.T) {
	if purse(1001) == purse(1002) {
		t.Error("two accounts share")
	}
	if purse(100_000) != purse(165_535) || purse(100_000) == purse(165_536) {
		t.Error("a range of subordinate ids is not one share")
	}
}

// A socket that a dead service left is replaced; a living service is not.
func TestStaleAndLiveSockets(t *testing.T) {
	path := place(t)
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: fs.ModeSocket | 0o666, filepath.Dir(path): fs.ModeDir | 0o755} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("mode %v, want %v (%v)", info.Mode(), want, err)
		}
	}
	if _, err := Listen(path); !errors.Is(err, ErrRunning) {
		t.Errorf("a second service: %v", err)
	}
	first.inner.Close() // as a crash would: the socket stays
	if _, err := Dial(path).Status(t.Context(), ""); !errors.Is(err, ErrNoService) {
		t.Errorf("asking a dead service: %v", err)
	}
	second, err := Listen(path)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	second.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
	if _, err := Dial(path).Status(t.Context(), ""); !errors.Is(err, ErrNoService) {
		t.Errorf("asking where there is no socket: %v", err)
	}
}

func TestUnsafePlaces(t *testing.T) {
	u := browsertest.NewUser(t)
	for name, prepare := range map[string]func(path string) error{
		"folder of another account": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.Chown(filepath.Dir(path), int(u.UID), int(u.GID)))
		},
		"folder that everybody can write": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.Chmod(filepath.Dir(path), 0o1777))
		},
		"link": func(path string) error { return os.Symlink(t.TempDir(), filepath.Dir(path)) },
		"folder above": func(path string) error {
			return os.Chmod(filepath.Dir(filepath.Dir(path)), 0o777)
		},
		"file in its place": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600))
		},
		"FIFO in its place": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o755), syscall.Mkfifo(path, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := place(t)
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			l, err := Listen(path)
			if !errors.Is(err, ErrUnsafe) {
				t.Errorf("got %v", err)
			}
			if err == nil {
				l.Close()
			} else if strings.Contains(err.Error(), "/") {
				t.Errorf("the error has a path: %v", err)
			}
			if after, _ := os.Lstat(path); before != nil && (after == nil || !os.SameFile(before, after)) {
				t.Error("what was there is gone")
			}
		})
	}
}

// started waits for a helper to say that it listens.
func started(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the helper did not begin to listen")
	}
	return lines
}

// Somebody else's program in the place of the service is told nothing.
func TestForeignService(t *testing.T) {
	u := browsertest.NewUser(t)
	path := filepath.Join(u.Home, "s")
	if err := os.Chmod(u.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := started(t, as(t, u, "listen", path))
	if _, err := last(Dial(path).Wipe(t.Context(), request())); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v", err)
	}
	if lines.Scan(); lines.Text() != "0 bytes" {
		t.Errorf("it was sent %s", lines.Text())
	}
}

// A service that was stopped keeps nobody waiting, even when its queue is full.
func TestStoppedService(t *testing.T) {
	path := place(t)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", path)
	cmd.Env = append(os.Environ(), modeVariable+"=serve")
	started(t, cmd)
	kept := Dial(path)
	defer kept.Close()
	if _, err := kept.Status(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// The signal takes effect a little later: wait(2) says when.
	if _, err := syscall.Wait4(cmd.Process.Pid, nil, syscall.WUNTRACED, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for name, c := range map[string]*Client{"kept": kept, "fresh": Dial(path)} {
		all.Go(func() {
			if _, err := c.Status(ctx, ""); !errors.Is(err, ErrNotAnswering) {
				t.Errorf("on a %s connection: %v", name, err)
			}
		})
	}
	all.Wait()
	if _, err := Listen(path); !errors.Is(err, ErrRunning) {
		t.Errorf("listening beside it: %v", err)
	}
	for {
		c, err := net.Dial("unix", path)
		if err != nil {
			break
		}
		defer c.Close()
	}
	if _, err := Dial(path).Status(ctx, ""); !errors.Is(err, ErrNotAnswering) {
		t.Errorf("with a full queue: %v", err)
	}
	early, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Dial(path).Status(early, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller with less time: %v", err)
	}
}
