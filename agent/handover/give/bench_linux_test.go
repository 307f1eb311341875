package give

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/disktest"
)

// BenchmarkAgainstCp copies and verifies, and has cp, sync and cmp do so, in turn on the same file system. The metric ratio is
// their time divided by ours; cp's comparison reads from the cache, ours from the medium ("medium" drops the cache for it, too).
func BenchmarkAgainstCp(b *testing.B) {
	for _, c := range []struct {
		name    string
		n, size int
	}{{"small", 3000, 30 << 10}, {"mixed", 200, 1 << 20}, {"big", 1, 400 << 20}} {
		for _, cold := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/medium=%v", c.name, cold), func(b *testing.B) { against(b, c.n, c.size, cold) })
		}
	}
}

func against(b *testing.B, n, size int, cold bool) {
	src := b.TempDir()
	var items []Item
	for i := range n {
		name := fmt.Sprintf("scan %d.pdf", i)
		file := filepath.Join(src, name)
		if err := os.WriteFile(file, content(uint64(i), size), 0o600); err != nil {
			b.Fatal(err)
		}
		items = append(items, Item{name, int64(size), func() (io.ReadCloser, error) { return os.Open(file) }})
	}
	unix.Sync()
	dir := benchMount(b)
	var ours, theirs time.Duration
	for b.Loop() {
		at := time.Now()
		r, err := Copy(context.Background(), Target{Dir: dir}, "ours", items, nil)
		ours += time.Since(at)
		if err != nil || !r.Complete() {
			b.Fatal(codes(r), err)
		}
		to := filepath.Join(dir, "theirs")
		theirs += shell(b, `cp -r "$1" "$2" && sync -f "$2"`, src, to)
		if cold {
			forget(b, to)
		}
		theirs += shell(b, `diff -r "$1" "$2"`, src, to)
		if err := os.RemoveAll(filepath.Join(dir, "ours")); err != nil {
			b.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "theirs")); err != nil {
			b.Fatal(err)
		}
		unix.Sync()
	}
	b.ReportMetric(float64(theirs)/float64(ours), "ratio")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ours-ms")
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "cp-ms")
}

// shell runs a script and says how long it took. diff does for many files what cmp does for one.
func shell(b *testing.B, script string, args ...string) time.Duration {
	at := time.Now()
	if out, err := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return time.Since(at)
}

// forget drops the files of a folder from the cache.
func forget(b *testing.B, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		if _, proved := fresh(f, wayDropped); !proved {
			b.Fatal("still in the cache")
		}
		f.Close()
	}
}

func benchMount(b *testing.B) string {
	// In memory, so that nobody else's work on the machine's disk is measured.
	f, err := os.CreateTemp("/dev/shm", "give-bench-*")
	if err == nil {
		name := f.Name()
		b.Cleanup(func() { os.Remove(name) })
		err = f.Truncate(1 << 30)
	}
	if err != nil {
		b.Fatal(err)
	}
	name := f.Name()
	f.Close()
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", name).CombinedOutput(); err != nil {
		b.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	device, detach, err := disktest.AttachImage(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := detach(); err != nil {
			b.Error(err)
		}
	})
	dir := b.TempDir()
	if err := disktest.MountImage(device, dir, "ext4", ""); err != nil {
		b.Fatal(err)
	}
	return dir
}
