package freespace_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// disk is a file system of its own on an image, in a mount name space that ends with the test.
type disk struct {
	*testing.T
	kind, image, loop, dir string
}

func newDisk(t *testing.T, kind, size string, options ...string) *disk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("run as root: the test mounts images")
	}
	runtime.LockOSThread() // never unlocked: the thread, and its mounts, end with the test
	d := &disk{T: t, kind: kind, dir: t.TempDir()}
	d.must(unix.Unshare(unix.CLONE_NEWNS))
	d.must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	d.image = filepath.Join(t.TempDir(), "image")
	d.tool("truncate", "-s", size, d.image)
	d.tool("mkfs."+kind, "-q", d.image)
	d.loop = strings.TrimSpace(d.tool("losetup", "--find", "--show", d.image))
	t.Cleanup(func() {
		unix.Unmount(d.dir, unix.MNT_DETACH)
		exec.Command("losetup", "-d", d.loop).Run()
	})
	d.tool("mount", append(options, d.loop, d.dir)...)
	return d
}

func (d *disk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *disk) tool(name string, args ...string) string {
	d.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		d.Fatalf("%s: %v (install e2fsprogs, xfsprogs, btrfs-progs, mount)", name, err)
	}
	return string(out)
}

// free is the number of bytes that other programs find free.
func (d *disk) free() int64 {
	d.Helper()
	var s unix.Statfs_t
	d.must(unix.Statfs(d.dir, &s))
	return int64(s.Bavail) * s.Bsize
}

// leastFree watches free space until the function that it returns is called, which tells the least that was seen.
func (d *disk) leastFree() func() int64 {
	d.Helper()
	f, err := os.Open(d.dir) // the watch runs on a thread that does not see the mount
	d.must(err)
	stop, seen := make(chan struct{}), make(chan int64)
	least := d.free()
	go func() {
		defer f.Close()
		for {
			var s unix.Statfs_t
			if unix.Fstatfs(int(f.Fd()), &s) == nil {
				least = min(least, int64(s.Bavail)*s.Bsize)
			}
			select {
			case <-stop:
				seen <- least
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() int64 { close(stop); return <-seen }
}

// near fails unless two figures of free space are equal but for what the file system needs for itself.
func (d *disk) near(got, want int64) {
	d.Helper()
	if got < want-2<<20 || got > want+2<<20 {
		d.Errorf("%d bytes free, want about %d", got, want)
	}
}

// wrote is the number of bytes that the device was given.
func (d *disk) wrote() int64 {
	d.Helper()
	text, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(d.loop), "stat"))
	d.must(err)
	sectors, err := strconv.ParseInt(strings.Fields(string(text))[6], 10, 64)
	d.must(err)
	return sectors * 512
}

// nothingAdded fails if the volume has other entries than it is made with.
func (d *disk) nothingAdded(known ...string) {
	d.Helper()
	entries, err := os.ReadDir(d.dir)
	d.must(err)
	for _, e := range entries {
		if !strings.Contains(" lost+found "+strings.Join(known, " ")+" ", " "+e.Name()+" ") {
			d.Errorf("%q was left on the volume", e.Name())
		}
	}
}

const (
	sectorBytes = 512
	wanted      = "kept file's mark "
)

// marks are the kinds of marks of what was deleted.
func marks() []string { return []string{"content mark", "tiny mark", "name mark", "attribute mark"} }

// text is content with a mark in each sector.
func text(mark string, n int) []byte {
	sector := bytes.Repeat([]byte("."), sectorBytes)
	copy(sector, mark)
	return bytes.Repeat(sector, n/sectorBytes+1)[:n]
}

// home is the folder of the session; it stays.
func (d *disk) home() string { return filepath.Join(d.dir, "home") }

// session makes files and deletes them, and a folder of others that stay.
func (d *disk) session(files int) {
	d.Helper()
	must := d.must
	kept, gone := filepath.Join(d.home(), "kept"), filepath.Join(d.home(), "gone")
	must(os.MkdirAll(kept, 0o700))
	for i := range files {
		sub := filepath.Join(gone, strconv.Itoa(i%7))
		must(os.MkdirAll(sub, 0o700))
		if i%10 == 0 {
			must(os.WriteFile(filepath.Join(kept, strconv.Itoa(i)), text(wanted, i*777), 0o600))
		}
		name := filepath.Join(sub, fmt.Sprintf("name mark %d", i))
		content := text("content mark", 1000+i*300)
		if i%5 == 0 {
			content = text("tiny mark", 100)
		}
		must(os.WriteFile(name, content, 0o600))
		must(unix.Setxattr(name, "user.origin", []byte("attribute mark"), 0))
	}
	d.sync()
	must(os.RemoveAll(gone))
	d.sync()
	// xfs frees what was removed a little later, by itself; what is measured from here on must not move for that.
	for free := int64(-1); free != d.free(); time.Sleep(200 * time.Millisecond) {
		free = d.free()
	}
}

func (d *disk) sync() {
	d.Helper()
	f, err := os.Open(d.dir)
	d.must(err)
	defer f.Close()
	d.must(unix.Syncfs(int(f.Fd())))
	if d.kind == "ext4" { // empty the journal: not this package's matter
		const checkpoint, zero = 0x4004662b, 2
		d.must(unix.IoctlSetPointerInt(int(f.Fd()), checkpoint, zero))
	}
}

// keptIntact reads the files that stay.
func (d *disk) keptIntact(files int) {
	d.Helper()
	for i := 0; i < files; i += 10 {
		got, err := os.ReadFile(filepath.Join(d.home(), "kept", strconv.Itoa(i)))
		d.must(err)
		if !bytes.Equal(got, text(wanted, i*777)) {
			d.Errorf("kept file %d was changed", i)
		}
	}
}

// scan unmounts and counts the marks in the image.
func (d *disk) scan() map[string]int {
	d.Helper()
	d.must(unix.Unmount(d.dir, 0))
	d.tool("losetup", "-d", d.loop)
	raw, err := os.ReadFile(d.image)
	d.must(err)
	found := make(map[string]int)
	for _, m := range marks() {
		if n := bytes.Count(raw, []byte(m)); n > 0 {
			found[m] = n
		}
	}
	return found
}

// check lets the file system's own tool judge the image.
func (d *disk) check() {
	d.Helper()
	switch d.kind {
	case "ext4":
		d.tool("e2fsck", "-fn", d.image)
	case "xfs":
		d.tool("xfs_repair", "-n", d.image)
	case "btrfs":
		d.tool("btrfs", "check", d.image)
	}
}

// killed tells whether a program was ended by SIGKILL.
func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(interface{ Signaled() bool })
	return ok && status.Signaled()
}
