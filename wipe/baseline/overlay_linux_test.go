package baseline_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// owner is an id that is nobody's here.
const owner = 47123

// The kept copies are a plain tree: mounted with ids mapped from root to the account, as the lower layer of an overlay,
// they show the account its own files, with content, modes and links, and what it writes stays out of them.
func TestCopiesAsLowerLayer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("mounting needs root; run the tests with sudo")
	}
	home := t.TempDir()
	for _, f := range []struct {
		rel  string
		mode os.FileMode
	}{{".bashrc", 0o644}, {"bin/tool", 0o755}, {"private/key", 0o600}} {
		path := filepath.Join(home, f.rel)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(f.rel), f.mode), os.Chmod(path, f.mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("bin/tool", filepath.Join(home, "link")), chownAll(home)); err != nil {
		t.Fatal(err)
	}
	copies := capture(t, home)
	lower := mapped(t, copies)
	merged := overlay(t, lower)

	for rel, mode := range map[string]os.FileMode{".bashrc": 0o644, "bin/tool": 0o755, "private/key": 0o600, "bin": os.ModeDir | 0o750} {
		info, err := os.Lstat(filepath.Join(merged, rel))
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		if st.Uid != owner || st.Gid != owner || info.Mode() != mode {
			t.Errorf("%s is %v of %d:%d, want %v of the account", rel, info.Mode(), st.Uid, st.Gid, mode)
		}
		if kept, err := os.Lstat(filepath.Join(copies, rel)); err != nil || kept.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("the kept copy of %s is not root's: %v", rel, err)
		}
	}
	script := `test "$(cat private/key)" = private/key; test "$(cat link)" = bin/tool; echo more >> .bashrc; rm bin/tool; echo new > private/new`
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir = merged
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner, Gid: owner}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the account cannot use the overlay: %v\n%s", err, out)
	}
	for rel, want := range map[string]string{".bashrc": ".bashrc", "bin/tool": "bin/tool", "private/new": ""} {
		if got, err := os.ReadFile(filepath.Join(copies, rel)); string(got) != want || (want == "") != os.IsNotExist(err) {
			t.Errorf("the kept copy of %s changed to %q, %v", rel, got, err)
		}
	}
}

func chownAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, owner, owner))
	})
}

// capture captures the home and returns the folder of the copies, opened up for the overlay as a mounter would.
func capture(t *testing.T, home string) string {
	t.Helper()
	s := baseline.Store{Dir: filepath.Join(t.TempDir(), "baseline")}
	v, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	root, err := walk.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	c := baseline.Capture{Root: root, Match: catalog.NewClassifier(nil, "linux", nil, home).Root(), MaxFiles: 100, MaxBytes: 1 << 20}
	if err := c.Run(context.Background(), v.Manifest("home"), v.Copies("home")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(v); err != nil {
		t.Fatal(err)
	}
	return v.Copies("home")
}

// mapped mounts dir elsewhere with root's files shown as the account's.
func mapped(t *testing.T, dir string) string {
	t.Helper()
	space := idSpace(t)
	defer space.Close()
	fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		t.Fatalf("open_tree: %v", err)
	}
	defer unix.Close(fd)
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP | unix.MOUNT_ATTR_RDONLY, Userns_fd: uint64(space.Fd())}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attr); err != nil {
		t.Fatalf("mount_setattr: %v", err)
	}
	at := t.TempDir()
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		t.Fatalf("move_mount: %v", err)
	}
	t.Cleanup(func() { unmount(t, at) })
	return at
}

// idSpace makes a user name space in which root is the account: what an idmapped mount takes its mapping from.
func idSpace(t *testing.T) *os.File {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: owner, Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids}
	if err := cmd.Start(); err != nil {
		t.Fatalf("making a user name space: %v", err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	f, err := os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/ns/user")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// overlay mounts an overlay over lower with a fresh upper layer, and makes its root the account's.
func overlay(t *testing.T, lower string) string {
	t.Helper()
	// A file system of its own: an overlay's upper layer cannot lie on another overlay, as it does in containers.
	dir, err := os.MkdirTemp("", "ipgt-overlay-") // t.TempDir is closed to the account
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unmount(t, dir) })
	upper, work, merged := filepath.Join(dir, "upper"), filepath.Join(dir, "work"), filepath.Join(dir, "merged")
	err = errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755), os.Mkdir(merged, 0o755), os.Chown(upper, owner, owner))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("overlay", merged, "overlay", 0, "lowerdir="+lower+",upperdir="+upper+",workdir="+work); err != nil {
		t.Fatalf("mounting an overlay: %v", err)
	}
	t.Cleanup(func() { unmount(t, merged) })
	return merged
}

func unmount(t *testing.T, at string) {
	if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
		t.Errorf("unmounting: %v", err)
	}
}
