package host

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	rng "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test program play parts that a shell cannot.
func TestMain(m *testing.M) {
	switch os.Getenv("IPGUARD_TEST_ROLE") {
	case "leaderless":
		leaderless()
	case "mapped":
		mapped()
	case "reaper":
		reaper()
	case "jailed":
		if err := unix.Chroot("."); err != nil {
			os.Exit(2)
		}
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Hour)
	case "asker":
		asker()
	default:
		os.Exit(m.Run())
	}
}

// leaderless ends its first thread and lives on, which looks like a zombie.
func leaderless() {
	os.Stdout.WriteString("ready\n")
	for {
		go func() {
			runtime.LockOSThread()
			if unix.Gettid() == os.Getpid() {
				syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
			}
			time.Sleep(time.Hour)
		}()
		time.Sleep(time.Millisecond)
		if s, ok := New("linux").read(os.Getpid()); ok && s.state == 'Z' {
			break
		}
	}
	os.Stdout.WriteString("leaderless\n")
	time.Sleep(time.Hour)
}

// mapped keeps a deleted file in memory only, without a descriptor.
func mapped() {
	f, err := os.Create(os.Getenv("IPGUARD_TEST_FILE"))
	if err == nil {
		err = f.Truncate(4096)
	}
	if err == nil {
		_, err = unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
	}
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		os.Exit(2)
	}
	os.Stdout.WriteString("ready\n")
	time.Sleep(time.Hour)
}

// reaper runs a script and takes note of the end of all that comes from it, as the first process of a laptop does at once.
func reaper() {
	err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	cmd := exec.Command("/bin/sh", "-c", os.Getenv("IPGUARD_TEST_SCRIPT"))
	cmd.Stdout = os.Stdout
	if err = errors.Join(err, cmd.Start()); err != nil {
		os.Exit(2)
	}
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); errors.Is(err, unix.ECHILD) {
			time.Sleep(time.Hour)
		}
	}
}

// asker asks for held files as an ordinary account.
func asker() {
	_, err := New("linux").HeldOpen(context.Background(), []string{"/tmp"}, nil)
	if errors.Is(err, ErrPartial) {
		os.Stdout.WriteString("partial\n")
	}
}

// person is an account made for one test.
type person struct {
	Account
	dir string // a folder of its own
	// limit is the most processes that the kernel lets the person have, so that no test can exhaust the machine.
	limit int
}

func newPerson(t *testing.T) person {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
	dir, err := os.MkdirTemp("", "host")
	if err != nil {
		t.Fatal(err)
	}
	name := "ipgtest" + strings.ToLower(rand.Text()[:8])
	// Not the next free uid, which another test may be using without an entry.
	uid := strconv.Itoa(50000 + rng.IntN(9000))
	if out, err := exec.Command("useradd", "-u", uid, "-M", "-d", filepath.Join(dir, "home"), "-s", "/bin/sh", name).CombinedOutput(); err != nil {
		t.Fatalf("install passwd: %v %s", err, out)
	}
	h := New("linux")
	t.Cleanup(func() {
		if out, err := exec.Command("userdel", name).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
		_ = os.RemoveAll(dir)
	})
	home := filepath.Join(dir, "home")
	if err := errors.Join(os.Mkdir(home, 0o700), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	a, err := h.LookupAccount(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, int(a.UID), int(a.GID)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, left, err := h.End(context.Background(), a.UID, nil, 0)
		if err != nil || len(left) > 0 {
			t.Errorf("%d processes are left: %v", len(left), err)
		}
	})
	return person{Account: a, dir: home, limit: 150}
}

// start runs a program as the person, with a limit on processes that it cannot raise, and on its time, and waits for
// the line "ready".
func (p person) start(t *testing.T, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("prlimit", append([]string{"--nproc=" + strconv.Itoa(p.limit), "--cpu=60", name}, args...)...)
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.UID, Gid: p.GID}, Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, r); _ = cmd.Wait() }()
	return cmd
}

func (p person) sh(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	return p.start(t, nil, "/bin/sh", "-c", script)
}

// program copies the test program to where the person can run it.
func (p person) program(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(p.dir, "program")
	if err := errors.Join(os.WriteFile(name, text, 0o755), os.Chmod(name, 0o755)); err != nil {
		t.Fatal(err)
	}
	return name
}

func (p person) processes(t *testing.T) []Process {
	t.Helper()
	all, err := New("linux").Processes(t.Context(), p.UID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLookupAccount(t *testing.T) {
	p := newPerson(t)
	if p.ID == "" || p.UID == 0 || p.Admin || p.Home != p.dir || !slices.Contains(p.GIDs, p.GID) {
		t.Errorf("%+v", p.Account)
	}
	byID, err := New("linux").LookupID(p.ID)
	if err != nil || byID.Name != p.Name {
		t.Errorf("%v %v", byID, err)
	}
	_, err = New("linux").LookupAccount("nobody-of-this-name")
	if !errors.Is(err, ErrNoAccount) || strings.Contains(err.Error(), "nobody-of") {
		t.Errorf("%v", err)
	}
	if out, err := exec.Command("usermod", "-aG", "disk", p.Name).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if a, err := New("linux").LookupAccount(p.Name); err != nil || !a.Admin {
		t.Errorf("a member of a group that can become root is not said to be an administrator: %v %v", a.Groups, err)
	}
}

func TestProcessesAndTheirPrograms(t *testing.T) {
	p := newPerson(t)
	if got := p.processes(t); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	system := p.sh(t, "echo ready; exec sleep 600")
	shadowed := filepath.Join(p.dir, "sleep")
	copied := exec.Command("cp", "/bin/sleep", shadowed)
	if out, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	// Root-owned, but in a folder that the person owns.
	own := p.sh(t, "echo ready; exec ./sleep 600")
	// In a mount table of its own, where the person's program stands at a path of the system.
	hidden := p.sh(t, "mount --version >/dev/null && echo ready; exec unshare -Urm sh -c 'mount --bind ./sleep /bin/true && exec /bin/true 600'")
	time.Sleep(300 * time.Millisecond)
	got := map[int]Process{}
	for _, q := range p.processes(t) {
		got[q.PID] = q
	}
	if q := got[system.Process.Pid]; !q.RootOwnedExe || q.Name != "sleep" || q.Started == 0 || q.Parent != os.Getpid() {
		t.Errorf("a program of the system: %+v", q)
	}
	if q := got[own.Process.Pid]; q.RootOwnedExe || q.Exe != shadowed {
		t.Errorf("a program in a folder of the person: %+v", q)
	}
	if q := got[hidden.Process.Pid]; q.PID == 0 || q.RootOwnedExe || !strings.HasSuffix(q.Exe, "/bin/true") {
		t.Errorf("a program under a false path: %+v", q)
	}
	if a := New("linux").Ancestors(system.Process.Pid); len(a) < 2 || a[0] != os.Getpid() || a[len(a)-1] != 1 {
		t.Errorf("%v", a)
	}
}

func TestStartSelf(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	c, err := StartSelf(ctx, "/bin/sh", []string{"-c", "echo ready; exec sleep 600"}, nil, w)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	if unix.Kill(c.PID(), 0) != nil {
		t.Error("it does not run")
	}
	c.Kill()
	if unix.Kill(c.PID(), 0) == nil {
		t.Error("it still runs")
	}
	if _, err := StartSelf(ctx, "/no/such/canary", nil, nil, nil); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}
