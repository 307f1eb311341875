//go:build linux || darwin

package walk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func wine() bool { return false }

func verbatim(path string) string { return path }

func systemNames() []string {
	return []string{canary + "\nline two\n", `C:\` + canary, "a\\..\\b", "*?", "\x01\x7f", strings.Repeat("\n", 255)}
}

func systemPaths(string) []string { return nil }

// A FIFO without a writer would block whoever opens it, and a socket or device can act on being opened.
func TestOpenFileRefusesSpecialFiles(t *testing.T) {
	root, path, _ := tree(t)
	must(t, unix.Mkfifo(filepath.Join(path, canary+" fifo"), 0o600))
	// A socket's own name has to be short: it is bound from within the folder.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	t.Chdir(path)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: canary + " socket"}))
	for _, name := range []string{canary + " fifo", canary + " socket"} {
		done := make(chan error, 1)
		go func() { _, _, err := root.OpenFile(name); done <- err }()
		select {
		case err := <-done:
			refused(t, err, ErrSpecial)
		case <-time.After(10 * time.Second):
			t.Fatal("OpenFile blocks")
		}
		_, err := root.Enter(name)
		refused(t, err, ErrNotDir)
		info, err := root.Stat(name)
		if err != nil || info.Type != Other || info.Size != 0 {
			t.Errorf("%+v, %v", info, err)
		}
		must(t, root.Unlock(name))
		must(t, root.Remove(name, Other))
		gone(t, filepath.Join(path, name))
	}
}

func TestLinksKeepOwnerAndTime(t *testing.T) {
	root, path, _ := tree(t)
	must(t, root.Symlink("/nowhere/"+canary, canary))
	const then = 1_000_000_000_123_456_789
	must(t, root.ApplyLink(canary, Attr{UID: uint32(os.Getuid()), GID: uint32(os.Getgid()), MTime: then}))
	info, err := root.Stat(canary)
	if err != nil || info.MTime != then || info.Type != Symlink {
		t.Errorf("%+v, %v", info, err)
	}
	refused(t, root.Symlink("x", canary), ErrExist)
	if to, err := os.Readlink(filepath.Join(path, canary)); err != nil || to != "/nowhere/"+canary {
		t.Errorf("%q, %v", to, err)
	}
}

func TestModesAreSetAsAsked(t *testing.T) {
	root, path, _ := tree(t)
	f, err := root.Create(canary)
	must(t, err)
	defer f.Close()
	info, err := root.Stat(canary)
	must(t, err)
	if info.Mode != 0o600 {
		t.Errorf("a new file has mode %o", info.Mode)
	}
	must(t, root.Mkdir("sub"))
	info, err = root.Stat("sub")
	must(t, err)
	if info.Mode != 0o700 {
		t.Errorf("a new directory has mode %o", info.Mode)
	}
	for _, mode := range []uint32{0o4755, 0o2640, 0, 0o1777} {
		must(t, ApplyFile(f, Attr{Mode: mode, UID: info.UID, GID: info.GID}))
		if info, err := os.Lstat(filepath.Join(path, canary)); err != nil || uint32(info.Mode().Perm()) != mode&0o777 {
			t.Errorf("%v, %v; want %o", info.Mode(), err, mode)
		}
		if info, err := root.Stat(canary); err != nil || info.Mode != mode {
			t.Errorf("%o, %v; want %o", info.Mode, err, mode)
		}
	}
}
