package state

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestMain lets the test program hold a lock as a process of its own.
func TestMain(m *testing.M) {
	if dir := os.Getenv("IPGUARD_TEST_HOLD_LOCK"); dir != "" {
		d, err := Open(dir)
		if err != nil {
			os.Exit(2)
		}
		a, err := d.Account("1000")
		if err != nil {
			os.Exit(2)
		}
		if _, err := a.Lock(context.Background()); err != nil {
			os.Exit(3)
		}
		os.Stdout.WriteString("locked\n")
		time.Sleep(time.Minute)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test needs root")
	}
}

func TestLockExcludesAnotherProcessUntilItIsKilled(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "IPGUARD_TEST_HOLD_LOCK="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatal(line, err)
	}
	a := account(t, dir)
	a.wait = waiting{most: 200 * time.Millisecond, step: 10 * time.Millisecond}
	if _, err := a.Lock(t.Context()); !errors.Is(err, ErrLocked) {
		t.Fatalf("two processes hold the lock: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	a.wait.most = 10 * time.Second
	unlock, err := a.Lock(t.Context())
	if err != nil {
		t.Fatalf("the lock outlived its holder: %v", err)
	}
	a.wait.most = 50 * time.Millisecond
	if _, err := a.Lock(t.Context()); !errors.Is(err, ErrLocked) {
		t.Fatalf("the same process holds the lock twice: %v", err)
	}
	unlock()
	unlock()
	unlock, err = a.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestLockWaitsNoLongerThanItsContext(t *testing.T) {
	a := account(t, t.TempDir())
	unlock, err := a.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := a.Lock(ctx); !errors.Is(err, ErrLocked) || time.Since(begin) > 2*time.Second {
		t.Fatalf("%v after %v", err, time.Since(begin))
	}
}

// tmpfs mounts a small file system in memory.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes until no byte is left.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, unix.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Sync()
}

func fullDisk(t *testing.T, dir string) {
	t.Helper()
	a := account(t, filepath.Join(dir, "state"))
	save(t, a, before)
	fill(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "one-more"), make([]byte, 1<<16), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	for i := range 20 {
		r := after
		r.Erased = i
		save(t, a, r)
		if got, err := a.Load(); err != nil || !cmp.Equal(r, got) {
			t.Fatalf("%v, %v", got, err)
		}
	}
	if unlock, err := a.Lock(t.Context()); err == nil { // taken while there was room, or an empty file fits
		unlock()
	} else if !errors.Is(err, ErrUnwritable) {
		t.Fatal(err)
	}
	other, err := (&Dir{path: filepath.Join(dir, "state")}).Account("2000")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(before); !errors.Is(err, ErrUnwritable) {
		t.Fatalf("a first record on a full disk: %v", err)
	}
	if _, err := other.Load(); !errors.Is(err, ErrNone) {
		t.Fatalf("half a record was left: %v", err)
	}
}

func TestFullTmpfs(t *testing.T) { fullDisk(t, tmpfs(t, "size=2m,mode=0755")) }

// The file systems of real laptops behave differently when full, above all one that never writes in place.
func TestFullDisks(t *testing.T) {
	needRoot(t)
	for kind, size := range map[string]int64{"ext4": 16 << 20, "btrfs": 128 << 20} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			image, point := filepath.Join(dir, "image"), filepath.Join(dir, "point")
			f, err := os.Create(image)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Truncate(size), f.Close(), os.Mkdir(point, 0o755)); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("mkfs."+kind, "-q", image).CombinedOutput(); err != nil {
				t.Fatalf("install e2fsprogs and btrfs-progs: %v %s", err, out)
			}
			if out, err := exec.Command("mount", "-o", "loop", image, point).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			t.Cleanup(func() {
				if out, err := exec.Command("umount", point).CombinedOutput(); err != nil {
					t.Errorf("%v %s", err, out)
				}
			})
			fullDisk(t, point)
		})
	}
}

func TestReadOnlyDisk(t *testing.T) {
	dir := tmpfs(t, "size=2m,mode=0755")
	a := account(t, filepath.Join(dir, "state"))
	save(t, a, before)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := a.Save(after); !errors.Is(err, ErrUnwritable) {
		t.Fatalf("%v", err)
	}
	if _, err := a.Lock(t.Context()); !errors.Is(err, ErrUnwritable) {
		t.Fatalf("%v", err)
	}
	if got, err := a.Load(); err != nil || !cmp.Equal(before, got) {
		t.Fatalf("%v, %v", got, err)
	}
}

// The account shows its own status, and cannot write itself clean, replace the record, or hold the lock for ever.
func TestTheAccountReadsAndCannotWrite(t *testing.T) {
	needRoot(t)
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	old := unix.Umask(0)
	defer unix.Umask(old)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a := account(t, dir)
	unlock, err := a.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	save(t, a, before)
	as := func(script string) error {
		cmd := exec.Command("/bin/sh", "-c", script)
		cmd.Dir = a.Path()
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd.Run()
	}
	if err := as("cat state >/dev/null"); err != nil {
		t.Errorf("it cannot read: %v", err)
	}
	for _, script := range []string{"echo >>state", "mv state state2", "rm -f state", "echo >x", "mkdir ../2000", "cat lock", "mv ../../accounts ../../x"} {
		if err := as(script); err == nil {
			t.Errorf("it can do: %s", script)
		}
	}
	if got, err := a.Load(); err != nil || !cmp.Equal(before, got) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOpenRefusesADirectoryOfOthers(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []os.FileMode{0o777, 0o775, 0o777 | os.ModeSticky} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

func TestALinkInPlaceOfTheRecordIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	a := account(t, dir)
	save(t, a, before)
	target := filepath.Join(dir, "target")
	if err := errors.Join(os.Rename(a.stateFile(), target), os.Symlink(target, a.stateFile())); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Load(); !errors.Is(err, ErrUnreadable) {
		t.Errorf("%v", err)
	}
	if err := a.Save(after); !errors.Is(err, ErrUnwritable) {
		t.Errorf("%v", err)
	}
}
