package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	Serve()
	os.Exit(m.Run())
}

const mib = 1 << 20

// fsKinds are the file systems that are tried, with the command that makes each.
func fsKinds() map[string][]string {
	return map[string][]string{
		"ext4":  {"mkfs.ext4", "-q", "-F"},
		"xfs":   {"mkfs.xfs", "-q", "-f"},
		"btrfs": {"mkfs.btrfs", "-q", "-f"},
	}
}

// newDisk makes an attached disk that is given back at the end of the test, and looks that it was.
func newDisk(t *testing.T, size int64, o Options) *Disk {
	t.Helper()
	d, err := New(t.TempDir(), size, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		device := d.Device()
		if err := d.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		// By folder: the device may already be somebody else's.
		if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || bytes.Contains(mounts, []byte(filepath.Dir(d.dir)+"/")) {
			t.Errorf("a mount is left, %v", err)
		}
		if (&loop{device: device, file: filepath.Join(mountDir(d.dir), diskName)}).ours() {
			t.Error("the loop device is left")
		}
		if err := unix.Unmount(mountDir(d.dir), 0); !errors.Is(err, unix.EINVAL) {
			t.Errorf("the FUSE mount is left: %v", err)
		}
	})
	if _, err := d.Attach(); err != nil {
		t.Fatal(err)
	}
	return d
}

// format makes a file system on a disk and mounts it.
func format(t *testing.T, d *Disk, fstype, data string) string {
	t.Helper()
	args := append(fsKinds()[fstype], d.Device())
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s (e2fsprogs, xfsprogs and btrfs-progs are needed): %v\n%s", args[0], err, out)
	}
	dir := t.TempDir()
	if err := d.Mount(dir, fstype, data); err != nil {
		t.Fatal(err)
	}
	return dir
}

// content is the same bytes for the same name, recognizable in each sector.
func content(name string, size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "disktest-%s-%08d|", name, i)
	}
	return b.Bytes()[:size]
}

// put writes a file and gives the first error that writing or making it safe met.
func put(dir, name string, p []byte, sync bool) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncfs(t *testing.T, dir string) error {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

// dropCache makes the next read of a file come from the disk.
func dropCache(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was synced before the power went is there after it, at any moment, in order or torn; the rest may be missing, the file
// system may not.
func TestPowerCut(t *testing.T) {
	for fstype := range fsKinds() {
		t.Run(fstype, func(t *testing.T) {
			size := int64(320 * mib) // the least that mkfs.xfs accepts is 300 MiB
			d := newDisk(t, size, Options{})
			dir := format(t, d, fstype, "")
			must(t, syncfs(t, dir))
			base := filepath.Join(t.TempDir(), "base")
			must(t, d.Record(base))
			var safe []int // safe[i] is the length of the log when file i was safe
			for i := range 6 {
				must(t, put(dir, fmt.Sprint("f", i), content(fmt.Sprint(i), 700_000+i), i%2 == 0))
				if i%2 != 0 {
					must(t, syncfs(t, dir))
				}
				safe = append(safe, d.Cuts())
				must(t, put(dir, fmt.Sprint("loose", i), content("loose", 50_000), false))
			}
			must(t, d.Detach())
			must(t, d.Stop())
			cuts := d.Cuts()
			sameAsLog(t, d, base)
			r := rand.New(rand.NewPCG(1, 2))
			for _, cut := range []struct {
				upto int
				seed uint64
			}{{cuts, 0}, {safe[2], 0}, {safe[2], 1}, {safe[4] - 1, 2}, {r.IntN(cuts), 0}, {r.IntN(cuts), 3}, {r.IntN(cuts), 4}} {
				checkCut(t, d, base, fstype, cut.upto, cut.seed, safe)
			}
			t.Logf("%d operations", cuts)
		})
	}
}

// sameAsLog looks that the log has all that happened: replayed to its end it is the disk.
func sameAsLog(t *testing.T, d *Disk, base string) {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "all")
	must(t, d.Replay(base, d.Cuts(), 0, dst))
	defer os.Remove(dst)
	if out, err := exec.Command("cmp", dst, d.Image()).CombinedOutput(); err != nil {
		t.Errorf("the disk is not what its log says: %v\n%s", err, out)
	}
}

func checkCut(t *testing.T, d *Disk, base, fstype string, upto int, seed uint64, safe []int) {
	t.Helper()
	dst := filepath.Join(t.TempDir(), "cut")
	must(t, d.Replay(base, upto, seed, dst))
	defer os.Remove(dst)
	device, detach, err := AttachImage(dst)
	must(t, err)
	defer func() {
		if err := detach(); err != nil {
			t.Errorf("detaching: %v", err)
		}
	}()
	dir := t.TempDir()
	if err := MountImage(device, dir, fstype, ""); err != nil {
		t.Errorf("cut after %d, seed %d: %v", upto, seed, err)
		return
	}
	for i, at := range safe {
		if upto < at {
			continue
		}
		got, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("f", i)))
		if err != nil || !bytes.Equal(got, content(fmt.Sprint(i), 700_000+i)) {
			t.Errorf("cut after %d, seed %d: file %d, safe since %d, is damaged: %v", upto, seed, i, at, bare(err))
		}
	}
}

// The blocks of one file fail, those of its neighbors do not.
func TestBadBlocks(t *testing.T) {
	for fstype := range fsKinds() {
		t.Run(fstype, func(t *testing.T) {
			d := newDisk(t, 320*mib, Options{})
			// On btrfs a file that is overwritten moves, except where copying on write is off.
			data := map[string]string{"btrfs": "nodatacow"}[fstype]
			dir := format(t, d, fstype, data)
			names := []string{"before", "bad", "after"}
			for _, n := range names {
				must(t, put(dir, n, content(n, mib), true))
			}
			bad := filepath.Join(dir, "bad")
			ranges, err := d.Where([]byte("disktest-bad-"))
			must(t, err)
			if fstype != "btrfs" {
				var known []Range
				known, err = Extents(bad)
				if fmt.Sprint(known) != fmt.Sprint(ranges) {
					t.Errorf("extents %v, found on the medium %v", known, ranges)
				}
			}
			if err != nil || len(ranges) == 0 {
				t.Fatalf("the file has no extents: %v", err)
			}
			for _, r := range ranges {
				must(t, d.FailWrites(r.From, r.To))
				must(t, d.FailReads(r.From, r.To))
			}
			dropCache(t, bad)
			if _, err := os.ReadFile(bad); !errors.Is(err, unix.EIO) {
				t.Errorf("reading the bad file: %v, want EIO", err)
			}
			for _, n := range names {
				err := put(dir, n, content("new"+n, mib), true)
				if isBad := n == "bad"; errors.Is(err, unix.EIO) != isBad || err != nil != isBad {
					t.Errorf("writing %s: %v", n, err)
				}
			}
			must(t, d.Heal())
			for _, n := range []string{"before", "after"} {
				dropCache(t, filepath.Join(dir, n))
				if got, err := os.ReadFile(filepath.Join(dir, n)); err != nil || !bytes.Equal(got, content("new"+n, mib)) {
					t.Errorf("%s is damaged: %v", n, bare(err))
				}
			}
			left, err := d.Where([]byte("disktest-bad-"))
			must(t, err)
			if fmt.Sprint(left) != fmt.Sprint(ranges) {
				t.Errorf("bad blocks were written: %v of %v are as before", left, ranges)
			}
		})
	}
}

// syncfs must hear of blocks that could not be written, since an eraser of many files asks only it.
func TestSyncfsHearsOfBadBlocks(t *testing.T) {
	d := newDisk(t, 64*mib, Options{})
	dir := format(t, d, "ext4", "")
	must(t, put(dir, "bad", content("bad", mib), true))
	ranges, err := Extents(filepath.Join(dir, "bad"))
	must(t, err)
	held, err := os.Open(dir)
	must(t, err)
	defer held.Close()
	must(t, d.FailWrites(ranges[0].From, ranges[0].From+1))
	must(t, put(dir, "bad", content("new", mib), false))
	if err := unix.Syncfs(int(held.Fd())); !errors.Is(err, unix.EIO) {
		t.Errorf("syncfs: %v, want EIO", err)
	}
}

// A disk at the end of its life: some operations more, then no change at all, and reads go on.
func TestFailAfter(t *testing.T) {
	d := newDisk(t, 64*mib, Options{})
	dir := format(t, d, "ext4", "errors=remount-ro")
	must(t, put(dir, "old", content("old", mib), true))
	before, err := d.order(order{Do: "fail after", Operations: 1}) // FailAfter, with the count of that moment
	must(t, err)
	if err := put(dir, "new", content("new", 4*mib), true); err == nil {
		t.Error("writing to a dead disk succeeded")
	}
	after, err := d.Count()
	must(t, err)
	good := after.Writes + after.Flushes + after.Discards - after.Failed - (before.Writes + before.Flushes + before.Discards - before.Failed)
	if good != 1 {
		t.Errorf("%d operations succeeded, want 1", good)
	}
	dropCache(t, filepath.Join(dir, "old"))
	if got, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || !bytes.Equal(got, content("old", mib)) {
		t.Errorf("reading from a dead disk: %v", bare(err))
	}
}
