package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Desktop is a screen of its own (Xvfb) and a system of its own for one account, in which browsers open real windows.
// Programs started in it see private copies of /etc and of whatever else was asked for: what they write there never
// reaches the machine's own folders. The home, /tmp, the network and the processes are the machine's.
type Desktop struct {
	User    User
	Display string // ":7"

	dir    string // everybody may enter it, nobody but root write to it
	ns     string // the mount namespace, as the kernel names it
	holder int    // a process that keeps the namespace
	bus    int    // the message bus
}

// NewDesktop makes a desktop for an account that exists already. The folders private (each absolute; those that do not
// exist are made, empty, for as long as the desktop lives) are copied and replaced besides /etc. When the test ends, every
// process of the desktop is killed, the copies are removed, and the test fails if the machine's own folders changed.
// It needs root, Xvfb (xvfb), unshare and nsenter (util-linux).
func NewDesktop(t testing.TB, user User, private ...string) *Desktop {
	t.Helper()
	dir, err := os.MkdirTemp("", "ipgt-desktop-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &Desktop{User: user, dir: dir}
	folders := append([]string{"/etc"}, private...)
	for _, folder := range private {
		madeFor(t, folder)
	}
	before := make([]string, len(folders))
	for i, folder := range folders {
		if before[i], err = fingerprint(folder); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for i, folder := range folders {
			if after, err := fingerprint(folder); err != nil || after != before[i] {
				t.Errorf("browsertest: the machine's own %s changed (%v)", folder, err)
			}
		}
	})
	d.hold(t, folders)
	d.screen(t)
	d.LogIn(t)
	return d
}

// madeFor makes a folder that the machine does not have, so that something can be mounted on it.
func madeFor(t testing.TB, folder string) {
	t.Helper()
	if err := os.Mkdir(folder, 0o755); err == nil {
		t.Cleanup(func() { os.Remove(folder) })
	} else if !os.IsExist(err) {
		t.Fatal(err)
	}
}

// hold makes the namespace, with a process in it that ends when the test's own process does.
func (d *Desktop) hold(t testing.TB, folders []string) {
	t.Helper()
	script := "set -e\n"
	for i, folder := range folders {
		private := filepath.Join(d.dir, strconv.Itoa(i))
		copyFolder(t, folder, private)
		script += "mount --bind '" + private + "' '" + folder + "'\n"
	}
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", script+"echo held; exec cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := new(tail)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatalf("browsertest: making a mount namespace (install util-linux): %v", err)
	}
	d.holder = cmd.Process.Pid
	t.Cleanup(func() {
		d.end(t)
		in.Close()
		cmd.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("browsertest: making a mount namespace: %s", said)
	}
	own, _ := os.Readlink("/proc/self/ns/mnt")
	if d.ns, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", d.holder)); err != nil || d.ns == own {
		t.Fatalf("browsertest: no mount namespace of its own: %v", err)
	}
}

// copyFolder tries again when a file went while it was copied: other tests make and remove accounts.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	for try := 0; ; try++ {
		out, err := exec.Command("cp", "-a", "--", from, to).CombinedOutput()
		if err == nil {
			return
		}
		if os.RemoveAll(to); try == 5 {
			t.Fatalf("browsertest: copying %s: %v: %s", from, err, out)
		}
	}
}

// Processes returns the ids of the processes that were started in the desktop, with all that they started.
func (d *Desktop) Processes() []int {
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == d.holder {
			continue
		}
		if ns, err := os.Readlink("/proc/" + e.Name() + "/ns/mnt"); err == nil && ns == d.ns {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Kill ends all that was started in the desktop at once, its screen too, as a power cut does.
func (d *Desktop) Kill(t testing.TB) {
	t.Helper()
	d.end(t)
}

// end kills what was started in the desktop.
func (d *Desktop) end(t testing.TB) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		pids := d.Processes()
		if d.ns == "" || len(pids) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("browsertest: %d processes of the desktop could not be ended", len(pids))
			return
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Path returns where the test itself finds a file as the desktop's programs see it.
func (d *Desktop) Path(path string) string { return fmt.Sprintf("/proc/%d/root%s", d.holder, path) }

// Write writes a file as root, with the folders above it, for all to read: a policy, say.
func (d *Desktop) Write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(d.Path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Path(path), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Root returns a command that will run as root in the desktop, in a process group of its own. Ending ctx kills the group.
func (d *Desktop) Root(ctx context.Context, name string, args ...string) *exec.Cmd {
	return d.command(ctx, nil, "/", name, args)
}

// Command returns a command that will run as the account, on the desktop's screen, with nothing of the test's environment
// but PATH; otherwise as User.Command. It keeps its process id: no program stands between it and the test.
func (d *Desktop) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	ids := []string{"--setgid", fmt.Sprint(d.User.GID), "--setuid", fmt.Sprint(d.User.UID)} // drops root's other groups too
	cmd := d.command(ctx, ids, d.User.Home, name, args)
	cmd.Env = append(d.User.Command(ctx, name).Env, "DISPLAY="+d.Display, "XAUTHORITY="+d.authority(),
		// A folder and a bus of the account's own, as a session manager makes: Firefox hands links over on the bus.
		"XDG_RUNTIME_DIR="+filepath.Join(d.dir, "run"), "XDG_CURRENT_DESKTOP=X-Generic", "NO_AT_BRIDGE=1",
		"DBUS_SESSION_BUS_ADDRESS="+d.address())
	return cmd
}

func (d *Desktop) command(ctx context.Context, ids []string, dir, name string, args []string) *exec.Cmd {
	all := slices.Concat([]string{fmt.Sprintf("--mount=/proc/%d/ns/mnt", d.holder)}, ids,
		[]string{"--", "env", "--chdir=" + dir, "--", name}, args)
	cmd := exec.CommandContext(ctx, "nsenter", all...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err == syscall.ESRCH {
			return os.ErrProcessDone
		} else {
			return err
		}
	}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func (d *Desktop) authority() string { return filepath.Join(d.dir, "Xauthority") }

// screen starts the X server, on the first number that is free, for those who know its secret.
func (d *Desktop) screen(t testing.TB) {
	t.Helper()
	d.own(t, d.authority(), xauthority())
	number, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer number.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-auth", d.authority(), "-nolisten", "tcp", "-screen", "0", "1280x900x24")
	cmd.ExtraFiles = []*os.File{theirs}
	said := new(tail)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("browsertest: starting a screen (install xvfb): %v", err)
	}
	theirs.Close()
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() { // asked to end it takes its socket and its lock away
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	number.SetReadDeadline(time.Now().Add(20 * time.Second))
	text, err := io.ReadAll(number)
	if err != nil || len(text) == 0 {
		t.Fatalf("browsertest: starting a screen: %v: %s", err, said)
	}
	d.Display = ":" + strings.TrimSpace(string(text))
	// A window manager gives windows the keyboard; as root, so that nothing of it is the account's.
	manager := d.Root(context.Background(), "openbox", "--sm-disable")
	manager.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + d.dir, "LANG=C.UTF-8", "DISPLAY=" + d.Display, "XAUTHORITY=" + d.authority()}
	if err := manager.Start(); err != nil {
		t.Fatalf("browsertest: managing windows (install openbox): %v", err)
	}
	t.Cleanup(func() {
		d.end(t)
		manager.Wait()
	})
	// A window that opens before it manages windows may never be seen.
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ready := d.Root(context.Background(), "xdotool", "get_desktop")
		ready.Env = manager.Env
		if ready.Run() == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("browsertest: nothing manages windows (install openbox, xdotool)")
		}
	}
}

// own writes a file that only the account may read. It belongs to root: whoever ends the account's sessions and removes what it
// has may do so here too, and the screen stays.
func (d *Desktop) own(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 0, int(d.User.GID)); err != nil {
		t.Fatal(err)
	}
}

func (d *Desktop) address() string { return "unix:path=" + filepath.Join(d.dir, "run", "bus") }

// LogIn makes what a session manager makes for the account: a folder, and a message bus. The desktop begins with it; it is for
// when all that the account has was ended and removed.
func (d *Desktop) LogIn(t testing.TB) {
	t.Helper()
	run := filepath.Join(d.dir, "run")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(run, "bus")) // the socket of a bus that was ended
	if err := os.Chown(run, int(d.User.UID), int(d.User.GID)); err != nil {
		t.Fatal(err)
	}
	d.messages(t)
}

// messages starts the account's message bus.
func (d *Desktop) messages(t testing.TB) {
	t.Helper()
	cmd := d.Command(context.Background(), "dbus-daemon", "--session", "--address="+d.address(), "--nofork", "--nopidfile",
		"--nosyslog", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("browsertest: starting a message bus: %v", err)
	}
	d.bus = cmd.Process.Pid
	t.Cleanup(func() {
		d.end(t)
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("browsertest: starting a message bus (install dbus-daemon): %q, %v", line, err)
	}
}
