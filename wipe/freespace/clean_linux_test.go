package freespace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/freespace"
)

const mib = 1 << 20

// childFolder names the environment variable that turns the test binary into a program that cleans and is killed.
const childFolder = "IPGUARD_TEST_FREESPACE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		killedWhileCleaning(dir)
	}
	os.Exit(m.Run())
}

// killedWhileCleaning ends in the middle, as a power cut or the kernel would end it.
func killedWhileCleaning(dir string) {
	_, err := freespace.Clean(context.Background(), dir, freespace.Options{Reserve: 64 * mib}, func(p freespace.Progress) {
		fmt.Println(p.Position, p.Written)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	})
	fmt.Println("not killed:", err)
	os.Exit(1)
}

func TestNothingDeletedStays(t *testing.T) {
	const files = 400
	for _, c := range []struct {
		kind, size string
		options    []string
		left       int64 // bytes of free space that may stay as they were
	}{
		{kind: "ext4", size: "400M"},
		{kind: "xfs", size: "400M", left: 400 * mib / 50},
	} {
		t.Run(c.kind, func(t *testing.T) {
			d := newDisk(t, c.kind, c.size, c.options...)
			d.session(files)
			before := d.free()
			least := d.leastFree()
			const reserve = 64 * mib
			r, err := freespace.Clean(t.Context(), d.dir, freespace.Options{Reserve: reserve}, nil)
			sampled := least()
			d.must(err)
			if r.Reason != freespace.Completed || r.Position != 0 || r.Failed != 0 || r.Left > c.left || r.Written < r.Free-c.left-mib {
				t.Errorf("result %+v", r)
			}
			if sampled < reserve-2*mib || sampled > reserve+16*mib {
				t.Errorf("others found at least %d bytes free, want about %d", sampled, reserve)
			}
			churned, err := freespace.Churn(t.Context(), d.home(), freespace.ChurnOptions{})
			d.must(err)
			if churned.Reason != freespace.Completed || churned.Bytes < churned.Wanted || churned.Wanted == 0 {
				t.Errorf("churn %+v", churned)
			}
			d.near(d.free(), before)
			d.nothingAdded("home")
			d.keptIntact(files)
			d.sync()
			found := d.scan()
			if c.kind == "xfs" && r.Left > 0 { // what xfs keeps for itself, and no more than what is told
				if n := int64(found["content mark"] + found["tiny mark"]); n*sectorBytes > r.Left {
					t.Errorf("%d marks, more than the %d bytes told", n, r.Left)
				}
				delete(found, "content mark")
				delete(found, "tiny mark")
			}
			if len(found) > 0 {
				t.Errorf("still on the medium: %v", found)
			}
			d.check()
		})
	}
}

// What the other tests call gone must be there without cleaning.
func TestDeletingLeavesAll(t *testing.T) {
	d := newDisk(t, "xfs", "400M")
	d.session(100)
	if found := d.scan(); len(found) != len(marks()) {
		t.Errorf("marks found after deleting: %v, want all of %q", found, marks())
	}
}

// Churn alone clears names, attributes and tiny files from the metadata of btrfs; file data is Clean's.
func TestChurnBtrfs(t *testing.T) {
	d := newDisk(t, "btrfs", "512M")
	d.session(400)
	r, err := freespace.Churn(t.Context(), d.home(), freespace.ChurnOptions{})
	d.must(err)
	if r.Bytes == 0 {
		t.Errorf("churn %+v", r)
	}
	d.nothingAdded("home")
	cleaned, err := freespace.Clean(t.Context(), d.dir, freespace.Options{Reserve: 16 * mib}, nil)
	d.must(err)
	if cleaned.Reason != freespace.Completed || cleaned.Left == 0 {
		t.Errorf("result %+v, want a rest that is told", cleaned)
	}
	d.keptIntact(400)
	found := d.scan()
	delete(found, "content mark") // in the reserve
	if len(found) > 0 {
		t.Errorf("still on the medium: %v", found)
	}
	d.check()
}

func TestKilledInTheMiddle(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs"} {
		t.Run(kind, func(t *testing.T) {
			d := newDisk(t, kind, "1G")
			before := d.free()
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childFolder+"="+d.dir)
			out, err := child.Output()
			if !killed(err) {
				t.Fatalf("ended with %v: %s", err, out)
			}
			var position, written int64
			if _, err := fmt.Sscan(string(out), &position, &written); err != nil || position == 0 || written < 64*mib {
				t.Fatalf("position %d, %d bytes written: %v", position, written, err)
			}
			d.nothingAdded()
			for range 100 { // xfs frees in the background
				if d.free() >= before-mib {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			d.near(d.free(), before)

			d.sync()
			start := d.wrote()
			r, err := freespace.Clean(t.Context(), d.dir, freespace.Options{Reserve: 64 * mib, Position: position}, nil)
			d.must(err)
			device := d.wrote() - start
			if r.Reason != freespace.Completed || r.Skipped < written-64*mib || r.Skipped+r.Written > r.Free+mib {
				t.Errorf("result %+v after a first part of %d bytes", r, written)
			}
			if device > r.Written+r.Written/16+8*mib {
				t.Errorf("the device was given %d bytes for %d of free space", device, r.Written)
			}
			d.near(d.free(), before)
		})
	}
}

func TestLimits(t *testing.T) {
	d := newDisk(t, "ext4", "2G")
	before := d.free()
	o := freespace.Options{Reserve: 64 * mib, MaxBytes: 40 * mib}
	r, err := freespace.Clean(t.Context(), d.dir, o, nil)
	d.must(err)
	if r.Reason != freespace.BytesDone || r.Written != o.MaxBytes || r.Position == 0 || r.Left < 1<<30 {
		t.Errorf("with a limit of bytes: %+v", r)
	}
	o.Position = r.Position
	again, err := freespace.Clean(t.Context(), d.dir, o, nil)
	d.must(err)
	if again.Reason != freespace.BytesDone || again.Position <= r.Position || again.Skipped < r.Written-mib {
		t.Errorf("the next part: %+v after %+v", again, r)
	}

	start := time.Now()
	r, err = freespace.Clean(t.Context(), d.dir, freespace.Options{Reserve: 64 * mib, Time: 150 * time.Millisecond}, nil)
	d.must(err)
	if took := time.Since(start); r.Reason != freespace.TimeUp || took > 2*time.Second {
		t.Errorf("with a limit of time: %+v after %v", r, took)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var told freespace.Progress
	r, err = freespace.Clean(ctx, d.dir, freespace.Options{Reserve: 64 * mib}, func(p freespace.Progress) {
		told = p
		start = time.Now()
		cancel()
	})
	if took := time.Since(start); !errors.Is(err, context.Canceled) || r.Reason != freespace.Canceled || took > 2*time.Second ||
		r.Position != told.Position || r.Written != told.Written || told.Total < 1<<30 {
		t.Errorf("canceled: %+v, %v after %v; told %+v", r, err, took, told)
	}
	if _, err := freespace.Churn(ctx, d.dir, freespace.ChurnOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("churn, canceled: %v", err)
	}
	d.near(d.free(), before)
	d.nothingAdded()
}

// Who needs space gets it: more than the reserve, while the filler holds all the rest.
func TestOthersNeedSpace(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			d := newDisk(t, kind, "1G")
			before := d.free()
			const reserve = 64 * mib
			var failed error
			once := false
			r, err := freespace.Clean(t.Context(), d.dir, freespace.Options{Reserve: reserve, MaxBytes: 400 * mib}, func(freespace.Progress) {
				if !once {
					once, failed = true, writeSlowly(filepath.Join(d.dir, "other"), 3*reserve)
				}
			})
			d.must(err)
			if failed != nil {
				t.Errorf("another program: %v", failed)
			}
			if r.Reason != freespace.NeedsSpace {
				t.Errorf("result %+v", r)
			}
			d.near(d.free(), before-3*reserve)
			d.nothingAdded("other")
		})
	}
}

// writeSlowly writes a file at the speed of a download on a fast line.
func writeSlowly(name string, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for range n / mib {
		if _, err := f.Write(bytes.Repeat([]byte{1}, mib)); err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return f.Sync()
}

func TestNotSupported(t *testing.T) {
	d := newDisk(t, "ext4", "64M")
	memory := t.TempDir()
	d.must(unix.Mount("", memory, "tmpfs", 0, "size=64m"))
	defer unix.Unmount(memory, unix.MNT_DETACH)
	if r, err := freespace.Clean(t.Context(), memory, freespace.Options{}, nil); !errors.Is(err, freespace.ErrUnsupported) {
		t.Errorf("in memory: %+v, %v", r, err)
	}
	if _, err := freespace.Churn(t.Context(), memory, freespace.ChurnOptions{}); !errors.Is(err, freespace.ErrUnsupported) {
		t.Errorf("churn in memory: %v", err)
	}
	// A volume that has no more than the reserve is left alone.
	r, err := freespace.Clean(t.Context(), d.dir, freespace.Options{}, nil)
	if err != nil || r.Reason != freespace.NeedsSpace || r.Written != 0 {
		t.Errorf("a small volume: %+v, %v", r, err)
	}
	missing := filepath.Join(d.dir, "missing")
	if _, err := freespace.Clean(t.Context(), missing, freespace.Options{}, nil); err == nil || strings.Contains(err.Error(), "missing") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
