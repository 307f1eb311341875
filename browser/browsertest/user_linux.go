package browsertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// User is an ordinary account that was made for one test and is removed with everything that it left.
type User struct {
	Name     string // ipgt and digits
	UID, GID uint32
	Home     string // absolute, without symbolic links, below a fresh folder that everybody can enter
}

// NewUser makes an account with useradd: a group of its own, no password, no other group, the files of /etc/skel in a
// home of mode 0700. When the test ends, its processes are killed and the account, its home and its files in the
// folders that everybody can write to are removed. It fails the test when it cannot: it needs root.
func NewUser(t testing.TB) User {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("browsertest: making an account needs root; run the tests with sudo")
	}
	dir, err := os.MkdirTemp("", "ipgt-home-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	u := User{Name: fmt.Sprintf("ipgt%09d", rand.IntN(1e9)), Home: filepath.Join(dir, "home")}
	// A random id: the next free one would soon be another test's again, with what that one left to it.
	out, err := exec.Command("useradd", "--create-home", "--home-dir", u.Home, "--key", "HOME_MODE=0700", "--user-group",
		"--uid", strconv.Itoa(20000+rand.IntN(30000)), "--shell", "/bin/bash", "--no-log-init", u.Name).CombinedOutput()
	if err != nil {
		t.Fatalf("browsertest: useradd (install passwd): %v: %s", err, out)
	}
	t.Cleanup(func() { u.remove(t) })
	acc, err := user.Lookup(u.Name)
	if err != nil {
		t.Fatal(err)
	}
	u.UID, u.GID = number(t, acc.Uid), number(t, acc.Gid)
	return u
}

func number(t testing.TB, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		t.Fatalf("browsertest: unexpected id %q", s)
	}
	return uint32(n)
}

// Command returns a command that will run as the account, in its home, in a process group of its own and with nothing of
// the test's environment but PATH. Ending ctx kills the whole group.
func (u User) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = u.Home
	cmd.Env = []string{
		"HOME=" + u.Home, "USER=" + u.Name, "LOGNAME=" + u.Name, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=/usr/local/bin:/usr/bin:/bin",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:    true,
		Credential: &syscall.Credential{Uid: u.UID, Gid: u.GID},
	}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// Processes returns the ids of the account's processes, zombies left out.
func (u User) Processes() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if uid, alive := owner(pid); alive && uid == u.UID {
			pids = append(pids, pid)
		}
	}
	return pids
}

// remove ends what runs as the account and takes away what it left.
func (u User) remove(t testing.TB) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		pids := u.Processes()
		if len(pids) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("browsertest: %d processes of the account could not be ended", len(pids))
			break
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	// A browser that was killed leaves its sockets in /tmp; the next account may get the same id, and must not own them.
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/run/lock", os.TempDir()} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				continue
			}
			if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == u.UID {
				os.RemoveAll(filepath.Join(dir, e.Name()))
			}
		}
	}
	if out, err := exec.Command("userdel", u.Name).CombinedOutput(); err != nil {
		t.Errorf("browsertest: userdel: %v: %s", err, out)
	}
}
