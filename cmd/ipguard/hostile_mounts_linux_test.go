package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What an administrator or the desktop mounted in a home is not the account's: it stays mounted and as it is, wherever it
// lies, and the rest is wiped.
func TestHostileMounts(t *testing.T) {
	tr := newTrial(t)
	for _, tt := range []struct {
		name, point string
		mount       func(tr *trial, point string)
	}{
		{"bind", "stray/bind", bindOutside},
		{"bind over a folder of the baseline", "kept/deep", bindOutside},
		{"bind over a name with a line break", "a b\nc\t\\d/bind", bindOutside},
		{"the home in itself", "stray/self", func(tr *trial, p string) { tr.mount(tr.user.Home, p, "", unix.MS_BIND, "") }},
		{"overlay", "stray/overlay", overlay},
		{"memory", "stray/tmpfs", func(tr *trial, p string) { tr.mount("none", p, "tmpfs", 0, "size=1m") }},
		{"stick", "media/Stick of a person", stick},
		{"stick over a folder of the baseline", "Templates", stick},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr.in(t).privateMounts()
			point := tr.dir(tt.point)
			tt.mount(tr, point)
			content := snapshot(t, point)
			tr.file("trace", "trace")
			for _, args := range [][]string{nil, {"--documents", "hold"}} {
				if tt.name == "the home in itself" {
					content = nil // wiped by its other name
				}
				r := tr.wipe(exitDone, args...)
				if !r.has("skipped", "mount") {
					t.Errorf("the mount is not told:\n%s", r.out)
				}
				if !mounted(t, point) {
					t.Fatal("the mount is gone")
				}
				if content != nil {
					same(t, point, content)
				}
				if _, err := os.Lstat(tr.path("trace")); err == nil {
					t.Error("the home was not wiped")
				}
				same(t, tr.outside, tr.world)
			}
			tr.status(exitDone)
			tr.must(unix.Unmount(point, 0))
			tr.back()
		})
	}
}

func bindOutside(tr *trial, point string) { tr.mount(tr.outside, point, "", unix.MS_BIND, "") }

func overlay(tr *trial, point string) {
	scratch := tr.TempDir()
	tr.mount("none", scratch, "tmpfs", 0, "size=1m")
	for _, d := range []string{"up", "work"} {
		tr.must(os.Mkdir(filepath.Join(scratch, d), 0o755))
	}
	tr.mount("none", point, "overlay", 0, "lowerdir="+tr.outside+",upperdir="+scratch+"/up,workdir="+scratch+"/work")
	tr.must(os.WriteFile(filepath.Join(point, "upper"), []byte("upper"), 0o644))
}

// stick is a medium of a person, with files that the account owns.
func stick(tr *trial, point string) {
	tr.disk(point, "8M", "ext4")
	tr.must(os.Mkdir(filepath.Join(point, ".Trash-1000"), 0o700))
	tr.must(os.WriteFile(filepath.Join(point, "CV.odt"), []byte("of a person"), 0o644))
	for _, name := range []string{"", "CV.odt", ".Trash-1000"} {
		tr.must(os.Chown(filepath.Join(point, name), int(tr.user.UID), int(tr.user.GID)))
	}
}

// A file that something is mounted over cannot be taken away; what is mounted stays.
func TestHostileMountOverAFile(t *testing.T) {
	tr := newTrial(t)
	tr.privateMounts()
	secret := filepath.Join(tr.outside, "secret")
	for _, name := range []string{"stray", ".bashrc"} {
		if name == "stray" {
			tr.file(name, "trace")
		}
		tr.mount(secret, tr.path(name), "", unix.MS_BIND, "")
	}
	if r := tr.wipe(exitDone); !r.has("skipped", "mount") {
		t.Errorf("the mount is not told:\n%s", r.out)
	}
	same(t, tr.outside, tr.world)
	for _, name := range []string{"stray", ".bashrc"} {
		if !mounted(t, tr.path(name)) {
			t.Errorf("the mount over %s is gone", name)
		}
		tr.must(unix.Unmount(tr.path(name), 0))
	}
	tr.back()
}

// hung mounts a FUSE file system whose server never answers. Whoever waits for it is freed after a while, and then the
// test has failed.
func (tr *trial) hung(point string, uid, gid uint32) {
	tr.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		tr.Fatalf("needs /dev/fuse (modprobe fuse): %v", err)
	}
	server := os.NewFile(uintptr(fd), "fuse")
	t := tr.TB
	timer := time.AfterFunc(30*time.Second, func() { server.Close(); t.Error("somebody waits for the hung file system") })
	tr.Cleanup(func() { timer.Stop(); server.Close() })
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, uid, gid)
	if uid == 0 {
		data += ",allow_other"
	}
	tr.mount("hung", point, "fuse", 0, data)
}

// A file system whose server hangs, and that an administrator mounted, is never asked: not over a stray folder, not over
// one that is read to learn where things lie, not by status, not while documents are looked for.
func TestHostileHungFUSE(t *testing.T) {
	tr := newTrial(t)
	tr.privateMounts()
	points := []string{tr.dir("stray/hung"), tr.path(".config"), tr.dir("Documents")}
	for _, p := range points {
		tr.hung(p, 0, 0)
	}
	tr.file("trace", "trace")
	tr.status(exitNotClean)
	for _, args := range [][]string{{"--documents", "hold"}, nil} {
		if r := tr.wipe(exitDone, args...); !r.has("skipped", "mount") {
			t.Errorf("the mount is not told:\n%s", r.out)
		}
	}
	tr.status(exitDone)
	if _, err := os.Lstat(tr.path("trace")); err == nil {
		t.Error("the home was not wiped")
	}
	for _, p := range points {
		if !mounted(t, p) {
			t.Error("the mount is gone")
		}
		tr.must(unix.Unmount(p, unix.MNT_DETACH))
	}
	tr.back()
}

// Another account's file system in a folder that all share answers not even root; it stays, and it is no reason to call
// this account unclean.
func TestHostileFUSEOfAnother(t *testing.T) {
	tr := newTrial(t)
	tr.privateMounts()
	point, err := os.MkdirTemp("", "ipgt-drive-")
	tr.must(err)
	t.Cleanup(func() { os.RemoveAll(point) })
	tr.must(os.Chown(point, 65534, 65534))
	tr.hung(point, 65534, 65534)
	if _, err := os.Lstat(point); !os.IsPermission(err) {
		t.Fatalf("the file system answers root: %v", err)
	}
	tr.file("trace", "trace")
	tr.back()
	tr.status(exitDone)
	if !mounted(t, point) {
		t.Error("the mount is gone")
	}
}

// What an account mounted itself goes away, so that nothing can hide below it.
func TestHostileOwnFUSE(t *testing.T) {
	tr := newTrial(t)
	tr.privateMounts()
	// Some machines keep the device from everybody; then this test's own name space does not.
	device := filepath.Join(t.TempDir(), "fuse")
	tr.must(unix.Mknod(device, unix.S_IFCHR, int(unix.Mkdev(10, 229))))
	tr.must(os.Chmod(device, 0o666))
	tr.mount(device, "/dev/fuse", "", unix.MS_BIND, "")
	for _, rel := range []string{"drive", "kept/deep", "a/b"} {
		point := tr.dir(rel)
		tr.file(rel+"/beneath", "trace")
		tr.fusermount(point)
		if !mounted(t, point) {
			t.Fatal("fusermount3 mounted nothing")
		}
	}
	tr.back()
	tr.status(exitDone)

	// Outside the home, too, where desktops have such mounts all the time.
	point, err := os.MkdirTemp("", "ipgt-drive-")
	tr.must(err)
	t.Cleanup(func() { os.RemoveAll(point) })
	tr.must(os.Chown(point, int(tr.user.UID), int(tr.user.GID)))
	tr.must(os.WriteFile(filepath.Join(point, "beneath"), []byte("trace"), 0o600))
	tr.must(os.Chown(filepath.Join(point, "beneath"), int(tr.user.UID), int(tr.user.GID)))
	tr.fusermount(point)
	tr.back()
	if _, err := os.Lstat(point); err == nil {
		t.Error("what the account had in a temporary folder, below a mount of its own, is still there")
	}
}

// fusermount mounts as the account does it, with a server that never answers and outlives the account's programs.
func (tr *trial) fusermount(point string) {
	tr.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	tr.must(err)
	defer unix.Close(pair[0])
	cmd := tr.user.Command(tr.Context(), "fusermount3", "-o", "fsname=drive", "--", point)
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(pair[1]), "socket")}
	cmd.Env = append(cmd.Env, "_FUSE_COMMFD="+strconv.Itoa(3))
	out, err := cmd.CombinedOutput()
	cmd.ExtraFiles[0].Close()
	if err != nil {
		tr.Fatalf("fusermount3 (install fuse3): %v %s", err, out)
	}
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(pair[0], make([]byte, 1), rights, unix.MSG_CMSG_CLOEXEC)
	tr.must(err)
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	tr.must(err)
	fds, err := unix.ParseUnixRights(&messages[0])
	tr.must(err)
	server := os.NewFile(uintptr(fds[0]), "fuse")
	t := tr.TB
	timer := time.AfterFunc(30*time.Second, func() { server.Close(); t.Error("somebody waits for the hung file system") })
	tr.Cleanup(func() { timer.Stop(); unix.Unmount(point, unix.MNT_DETACH); server.Close() })
}
