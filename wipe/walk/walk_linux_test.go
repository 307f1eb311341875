package walk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func asRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("needs root: run the tests with sudo")
	}
}

// Nothing but a regular file is opened, not even for a moment: inotify would tell.
func TestOpenFileOpensNothingElse(t *testing.T) {
	asRoot(t)
	root, path, outside := tree(t)
	must(t, unix.Mkfifo(filepath.Join(path, canary+" fifo"), 0o600))
	must(t, unix.Mknod(filepath.Join(path, canary+" null"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))))
	must(t, unix.Mknod(filepath.Join(path, canary+" disk"), unix.S_IFBLK|0o600, int(unix.Mkdev(7, 255))))
	must(t, os.Mkdir(filepath.Join(path, canary+" dir"), 0o700))
	put(t, "x", path, canary+" file")
	must(t, os.Symlink(put(t, "secret", outside, "secret"), filepath.Join(path, canary+" link")))
	watch, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	must(t, err)
	defer unix.Close(watch)
	opened := func() bool {
		n, err := unix.Read(watch, make([]byte, 4096))
		if err != nil && err != unix.EAGAIN {
			t.Fatal(err)
		}
		return n > 0
	}
	for _, dir := range []string{path, outside} {
		_, err = unix.InotifyAddWatch(watch, dir, unix.IN_OPEN)
		must(t, err)
	}
	for name, want := range map[string]error{"fifo": ErrSpecial, "null": ErrSpecial, "disk": ErrSpecial, "dir": ErrSpecial, "link": ErrLink} {
		_, _, err := root.OpenFile(canary + " " + name)
		refused(t, err, want)
		if opened() {
			t.Errorf("%s was opened", name)
		}
	}
	f, _, err := root.OpenFile(canary + " file")
	must(t, err)
	f.Close()
	if !opened() {
		t.Error("inotify says nothing about a file that was opened: the test proves nothing")
	}
}

// flagged makes a tree on a file system with inode flags.
func flagged(t *testing.T) (*Dir, string) {
	t.Helper()
	root, path, outside := tree(t)
	if setFlags(path, 0) == nil {
		return root, path
	}
	image, point := filepath.Join(outside, "image"), filepath.Join(outside, "ext4")
	must(t, os.Mkdir(point, 0o700))
	for _, c := range [][]string{{"truncate", "-s", "8M", image}, {"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, point}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s (install e2fsprogs, mount)", c[0], err, out)
		}
	}
	t.Cleanup(func() { must(t, exec.Command("umount", point).Run()) })
	d, err := Open(point)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	return d, point
}

func setFlags(path string, flags int) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	old, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		return err
	}
	return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, int(old)|flags)
}

func TestImmutableAndAppendOnly(t *testing.T) {
	asRoot(t)
	root, path := flagged(t)
	for _, flags := range []int{flagImmutable, flagAppendOnly, flagImmutable | flagAppendOnly} {
		put(t, "x", path, canary)
		must(t, os.Mkdir(filepath.Join(path, "dir"), 0o000))
		put(t, "x", path, "dir", canary)
		must(t, setFlags(filepath.Join(path, "dir", canary), flags))
		must(t, setFlags(filepath.Join(path, "dir"), flags))
		must(t, setFlags(filepath.Join(path, canary), flags))

		refused(t, root.Remove(canary, File), ErrDenied)
		must(t, root.Unlock(canary))
		must(t, root.Remove(canary, File))

		must(t, root.Unlock("dir"))
		sub, err := root.Enter("dir")
		must(t, err)
		refused(t, sub.Remove(canary, File), ErrDenied)
		must(t, setFlags(filepath.Join(path, "dir"), flags))
		must(t, sub.Unlock(""))
		must(t, sub.Unlock(canary))
		must(t, sub.Remove(canary, File))
		must(t, sub.Close())
		must(t, root.Remove("dir", Directory))
	}
}

func TestXattrsComeBack(t *testing.T) {
	asRoot(t)
	root, path := flagged(t)
	file := put(t, "x", path, canary)
	acl := "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\xfe\xff\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff" +
		"\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"
	want := []Xattr{
		{"system.posix_acl_access", []byte(acl)}, {"user.b", []byte("\x00\xff")}, {"user.empty", []byte{}},
	}
	must(t, unix.Setxattr(file, "user.planted", []byte(canary), 0))
	must(t, unix.Setxattr(file, "trusted.system", []byte("stays"), 0))
	f, _, err := root.OpenFile(canary)
	must(t, err)
	defer f.Close()
	must(t, ApplyFile(f, Attr{Mode: 0o640, UID: 65534, GID: 65534, MTime: 1e18, Xattrs: want}))
	got, err := FileXattrs(f)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}
	info, err := root.Stat(canary)
	if err != nil || info.Mode != 0o640 || info.UID != 65534 || info.GID != 65534 || info.MTime != 1e18 {
		t.Errorf("%+v, %v", info, err)
	}
	if n, err := unix.Getxattr(file, "trusted.system", nil); err != nil || n != 5 {
		t.Errorf("an attribute of the system was touched: %d, %v", n, err)
	}
	must(t, root.Apply(Attr{Mode: 0o711, Xattrs: []Xattr{{"user.dir", []byte("x")}}}))
	if got, err := root.Xattrs(); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	must(t, root.Apply(Attr{Mode: 0o711}))
	if got, err := root.Xattrs(); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestUnprivileged runs itself again as another account in a tree of that account.
func TestUnprivileged(t *testing.T) {
	const uid = 65534
	if path := os.Getenv("WALK_TEST_TREE"); path != "" {
		asAccount(t, path)
		return
	}
	asRoot(t)
	_, path, _ := tree(t)
	must(t, os.Chmod(filepath.Dir(path), 0o755))
	must(t, os.MkdirAll(filepath.Join(path, canary+" closed"), 0o700))
	put(t, "x", path, canary+" closed", "inner")
	put(t, "x", path, canary+" file")
	for _, p := range []string{path, filepath.Join(path, canary+" closed"), filepath.Join(path, canary+" closed", "inner"),
		filepath.Join(path, canary+" file")} {
		must(t, os.Lchown(p, uid, uid))
	}
	must(t, os.Chmod(filepath.Join(path, canary+" closed"), 0))
	must(t, os.Chmod(filepath.Join(path, canary+" file"), 0))
	must(t, os.Mkdir(filepath.Join(path, canary+" foreign"), 0o700))
	put(t, "x", path, canary+" foreign", "inner")
	put(t, "x", path, canary+" foreign file")

	// The test binary lies in a folder that other accounts cannot enter.
	c := exec.Command("/proc/self/exe", "-test.run=^TestUnprivileged$", "-test.v")
	c.Dir = "/"
	c.Env = []string{"WALK_TEST_TREE=" + path, "TMPDIR=/nonexistent"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestUnprivileged") {
		t.Fatalf("%v\n%s", err, out)
	}
	left, err := os.ReadDir(path)
	if err != nil || len(left) != 1 || left[0].Name() != canary+" foreign" {
		t.Errorf("left: %v, %v", left, err)
	}
	holds(t, filepath.Join(path, canary+" foreign", "inner"), "x")
}

func asAccount(t *testing.T, path string) {
	root, err := Open(path)
	must(t, err)
	defer root.Close()
	_, err = root.Enter(canary + " closed")
	refused(t, err, ErrDenied)
	must(t, root.Unlock(canary+" closed"))
	sub, err := root.Enter(canary + " closed")
	must(t, err)
	must(t, sub.Remove("inner", File))
	must(t, sub.Close())
	must(t, root.Remove(canary+" closed", Directory))

	_, _, err = root.OpenFile(canary + " file")
	refused(t, err, ErrDenied)
	must(t, root.Unlock(canary+" file"))
	must(t, root.Remove(canary+" file", File))

	must(t, root.Remove(canary+" foreign file", File)) // the directory is the account's
	_, err = root.Enter(canary + " foreign")
	refused(t, err, ErrDenied)
	refused(t, root.Unlock(canary+" foreign"), nil)
	_, err = root.Enter(canary + " foreign")
	refused(t, err, ErrDenied)
	refused(t, root.Remove(canary+" foreign", Directory), ErrNotEmpty)
	refused(t, root.Apply(Attr{Mode: 0o700, UID: 0, GID: 0}), ErrDenied)
}

// Somebody swaps a directory, and a file, with a link to the outside while they are entered and opened.
func TestSwappedUnderTheWalk(t *testing.T) {
	root, path, outside := tree(t)
	must(t, os.Mkdir(filepath.Join(path, "dir"), 0o700))
	must(t, os.Symlink(outside, filepath.Join(path, "dirlink")))
	put(t, "inside", path, "file")
	must(t, os.Symlink(put(t, "secret", outside, "secret"), filepath.Join(path, "filelink")))
	far, err := os.Lstat(outside)
	must(t, err)
	farFile, err := os.Lstat(filepath.Join(outside, "secret"))
	must(t, err)
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			err := unix.Renameat2(root.fd, "dir", root.fd, "dirlink", unix.RENAME_EXCHANGE)
			err = errors.Join(err, unix.Renameat2(root.fd, "file", root.fd, "filelink", unix.RENAME_EXCHANGE))
			if err != nil {
				stopped <- err
				return
			}
		}
	}()
	entered, refusals, escapes := 0, 0, 0
	count := func(err error, info Info, outside os.FileInfo) {
		switch {
		case err == nil && info.Inode == outside.Sys().(*syscall.Stat_t).Ino:
			escapes++
		case err == nil:
			entered++
		case errors.Is(err, ErrNotDir): // it was a link when it was entered and a directory when asked why not
			refusals++
		default:
			refused(t, err, ErrLink)
			refusals++
		}
	}
	const tries = 100_000
	for i := 0; i < tries && escapes == 0 && !t.Failed(); i++ {
		if i%4 == 0 {
			f, info, err := root.OpenFile("file")
			if err == nil {
				f.Close()
			}
			count(err, info, farFile)
			continue
		}
		sub, err := root.Enter("dir")
		var info Info
		if err == nil {
			info, err = sub.Info()
			must(t, err)
			if _, e := sub.Stat("secret"); e == nil {
				escapes++
			}
			sub.Close()
		}
		count(err, info, far)
	}
	close(stop)
	must(t, <-stopped)
	t.Logf("%d entered, %d refused, %d escaped", entered, refusals, escapes)
	if escapes > 0 || entered < tries/100 || refusals < tries/100 {
		t.Errorf("%d entered, %d refused, %d escaped", entered, refusals, escapes)
	}
}

func TestDeepTree(t *testing.T) {
	root, _, _ := tree(t)
	// Deeper than a path can be long, with two directories open at a time.
	const levels = 300
	name := canary + strings.Repeat("d", 200)
	at, err := root.reopened()
	must(t, err)
	var chain []string
	for range levels {
		must(t, at.Mkdir(name))
		sub, err := at.Enter(name)
		must(t, err)
		must(t, at.Close())
		at, chain = sub, append(chain, name)
	}
	must(t, at.Close())
	for len(chain) > 0 {
		at, err := root.reopened()
		must(t, err)
		for _, name := range chain[:len(chain)-1] {
			sub, err := at.Enter(name)
			must(t, err)
			must(t, at.Close())
			at = sub
		}
		must(t, at.Remove(chain[len(chain)-1], Directory))
		must(t, at.Close())
		chain = chain[:len(chain)-1]
	}
	if names := all(t, root, 10); len(slices.Compact(names)) != 0 {
		t.Errorf("%d entries left", len(names))
	}
}

// reopened is the same directory with a position of its own.
func (d *Dir) reopened() (*Dir, error) {
	fd, err := unix.Openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return newDir(fd)
}

// A duplicate stands for the same directory whatever becomes of the name and of the original, and no child inherits it.
func TestDuplicate(t *testing.T) {
	root, path, _ := tree(t)
	must(t, os.Mkdir(filepath.Join(path, canary), 0o700))
	sub, err := root.Enter(canary)
	must(t, err)
	want, err := sub.Info()
	must(t, err)
	f, err := sub.Duplicate()
	must(t, err)
	defer f.Close()
	must(t, sub.Close())
	must(t, os.Rename(filepath.Join(path, canary), filepath.Join(path, canary+"2")))
	got, err := stat(int(f.Fd()), "")
	must(t, err)
	if !got.Same(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("a program that is started inherits it: %#x, %v", flags, err)
	}
	_, err = sub.Duplicate()
	silent(t, err)
	if err == nil {
		t.Error("a closed directory was duplicated")
	}
}
