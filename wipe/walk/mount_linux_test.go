package walk

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// withMounts gives the test a mount namespace of its own: whatever happens, no mount is left behind on the machine.
func withMounts(t *testing.T) {
	t.Helper()
	asRoot(t)
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	must(t, unix.Unshare(unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

func mount(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	must(t, unix.Mount(source, target, kind, flags, data))
	t.Cleanup(func() { must(t, unix.Unmount(target, unix.MNT_DETACH)) })
}

func TestMountsAreNotEntered(t *testing.T) {
	withMounts(t)
	root, path, outside := tree(t)
	secret := put(t, "secret", outside, "secret")
	dir := func(name string) string {
		p := filepath.Join(path, canary+name)
		must(t, os.Mkdir(p, 0o700))
		return p
	}
	mount(t, outside, dir("bind"), "", unix.MS_BIND, "")
	mount(t, "none", dir("tmpfs"), "tmpfs", 0, "size=64k")
	mount(t, path, dir("itself"), "", unix.MS_BIND, "") // the same file system, even the same tree
	upper := filepath.Join(outside, "upper")
	must(t, os.MkdirAll(filepath.Join(upper, "work"), 0o700))
	must(t, os.MkdirAll(filepath.Join(upper, "up"), 0o700))
	mount(t, "none", dir("overlay"), "tmpfs", 0, "size=1m") // overlay needs another file system above than an overlay
	must(t, os.Mkdir(filepath.Join(path, canary+"overlay", "u"), 0o700))
	must(t, os.Mkdir(filepath.Join(path, canary+"overlay", "w"), 0o700))
	over := filepath.Join(path, canary+"overlay")
	mount(t, "none", over, "overlay", 0, "lowerdir="+filepath.Join(outside, "upper", "up")+",upperdir="+over+"/u,workdir="+over+"/w")

	self, err := root.Info()
	must(t, err)
	for _, name := range []string{"bind", "tmpfs", "itself", "overlay"} {
		_, err = root.Enter(canary + name)
		refused(t, err, ErrMount)
		info, err := root.Stat(canary + name)
		if err != nil || info.Mount == self.Mount {
			t.Errorf("%s: nothing shows that it is a mount: %+v, %v", name, info, err)
		}
		refused(t, root.Remove(canary+name, Directory), ErrInUse)
		refused(t, root.Unlock(canary+name), ErrMount)
	}

	put(t, "below", path, canary+"file")
	mount(t, secret, filepath.Join(path, canary+"file"), "", unix.MS_BIND, "")
	_, _, err = root.OpenFile(canary + "file")
	refused(t, err, ErrMount)
	refused(t, root.Remove(canary+"file", File), ErrInUse)
	to, err := Open(outside)
	must(t, err)
	defer to.Close()
	refused(t, root.Rename(canary+"file", to, "x"), ErrInUse)
	inside, err := Open(filepath.Join(path, canary+"tmpfs"))
	must(t, err)
	defer inside.Close()
	put(t, "", path, "plain")
	refused(t, root.Rename("plain", inside, "x"), ErrXDev)
	holds(t, secret, "secret")
}

// A FUSE server that never answers is what a frozen sshfs or a hostile program looks like.
func TestHungFileSystem(t *testing.T) {
	withMounts(t)
	root, path, _ := tree(t)
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("needs /dev/fuse (modprobe fuse): %v", err)
	}
	server := os.NewFile(uintptr(fd), "fuse")
	// Closing it ends every request that waits. The steps are made in this thread, which alone sees the mount.
	hang := time.AfterFunc(10*time.Second, func() { server.Close(); t.Error("a step hangs") })
	defer func() { hang.Stop(); server.Close() }()
	point := filepath.Join(path, canary)
	must(t, os.Mkdir(point, 0o700))
	mount(t, "hung", point, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd))
	self, err := root.Info()
	must(t, err)
	_, err = root.Enter(canary)
	refused(t, err, ErrMount)
	refused(t, root.Unlock(canary), ErrMount)
	if info, err := root.Stat(canary); err != nil || info.Mount == self.Mount {
		t.Errorf("%+v, %v", info, err)
	}
	refused(t, root.Remove(canary, Directory), ErrInUse)
}

// By default a FUSE file system answers only the account that mounted it, so that not even root may describe it.
func TestClosedFileSystem(t *testing.T) {
	withMounts(t)
	root, path, _ := tree(t)
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("needs /dev/fuse (modprobe fuse): %v", err)
	}
	defer unix.Close(fd)
	point := filepath.Join(path, canary)
	must(t, os.Mkdir(point, 0o700))
	mount(t, "closed", point, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=65534,group_id=65534", fd))
	_, err = root.Stat(canary)
	refused(t, err, ErrMount)
	_, err = root.Enter(canary)
	refused(t, err, ErrMount)
	refused(t, root.Remove(canary, Directory), ErrInUse)
}
