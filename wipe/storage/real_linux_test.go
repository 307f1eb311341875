package storage

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// privateMounts gives the test a mount name space of its own, so that no mount stays on the machine whatever happens. It
// holds for programs that the test starts, not for subtests.
func privateMounts(t *testing.T) {
	t.Helper()
	erasetest.Need(t, "losetup", "debugfs", "btrfs")
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	must(t, unix.Unshare(unix.CLONE_NEWNS))
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// mounted mounts something on a new folder.
func mounted(t *testing.T, source, kind string, flags uintptr, data string) string {
	t.Helper()
	target := folder(t)
	must(t, unix.Mount(source, target, kind, flags, data))
	t.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
	return target
}

// folder is a new folder under a path without links.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	return dir
}

// image is a new file system, and where it is mounted.
func image(t *testing.T, kind string, discard bool, mkfs ...string) (*erasetest.Image, string) {
	t.Helper()
	size := map[string]int64{"ext4": 64 << 20, "xfs": 320 << 20, "btrfs": 256 << 20}[kind]
	i := erasetest.NewImage(t, erasetest.Options{FS: kind, Bytes: size, Discard: discard, Mkfs: mkfs})
	return i, erasetest.MountImage(t, i)
}

// opened opens a volume until the test ends. Its cleanup runs before the one that unmounts.
func opened(t *testing.T, dir string) *Volume {
	t.Helper()
	v, err := Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, v.Close()) })
	return v
}

func detected(t *testing.T, dir string) Storage {
	t.Helper()
	st, err := Detect(dir)
	must(t, err)
	return st
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v %s", name, err, out)
	}
	return string(bytes.TrimSpace(out))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count says how often a marker is in the raw bytes of a file, as they are now.
func count(t *testing.T, path string, marker []byte) int {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	n, keep := 0, 0
	b := make([]byte, 1<<20)
	for {
		k, err := f.Read(b[keep:])
		n += bytes.Count(b[:keep+k], marker)
		if err == io.EOF {
			return n
		}
		must(t, err)
		// A marker may lie across two pieces; what is carried over is too short to hold a whole one.
		tail := min(len(marker)-1, keep+k)
		copy(b, b[keep+k-tail:keep+k])
		keep = tail
	}
}
