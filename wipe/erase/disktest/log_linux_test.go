package disktest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What fstrim gives back is in the log, and gone from the medium.
func TestDiscards(t *testing.T) {
	d := newDisk(t, 64*mib, Options{})
	dir := format(t, d, "ext4", "")
	must(t, put(dir, "gone", content("gone", 4*mib), true))
	must(t, d.Record(""))
	must(t, os.Remove(filepath.Join(dir, "gone")))
	must(t, syncfs(t, dir))
	if found, err := d.Where([]byte("disktest-gone-")); err != nil || len(found) == 0 {
		t.Fatalf("removing alone took the bytes away: %v %v", found, err)
	}
	if out, err := exec.Command("fstrim", dir).CombinedOutput(); err != nil {
		t.Fatalf("fstrim: %v\n%s", err, out)
	}
	if found, err := d.Where([]byte("disktest-gone-")); err != nil || len(found) > 0 {
		t.Errorf("the discard left %v %v", found, err)
	}
	ops, err := d.Ops()
	must(t, err)
	var discarded int64
	for _, op := range ops {
		if op.Kind == Discard {
			discarded += op.To - op.From
		}
	}
	if discarded < 4*mib {
		t.Errorf("%d bytes discarded in the log, want at least those of the file", discarded)
	}
}

// A disk without discard says so from the first moment, and its device number is not spoiled for the next.
func TestNoDiscard(t *testing.T) {
	d := newDisk(t, 64*mib, Options{NoDiscard: true})
	dir := format(t, d, "ext4", "")
	if got, err := d.loop.get("discard_max_bytes"); err != nil || got != "0" {
		t.Errorf("discard_max_bytes = %s, %v", got, err)
	}
	if err := exec.Command("fstrim", dir).Run(); err == nil {
		t.Error("fstrim succeeded on a disk that cannot discard")
	}
	c, err := d.Count()
	must(t, err)
	if c.BytesDiscarded != 0 {
		t.Errorf("%d bytes were discarded", c.BytesDiscarded)
	}
	must(t, d.Detach())
	d.opts.NoDiscard = false
	_, err = d.Attach()
	must(t, err)
	if got, err := d.loop.get("discard_max_bytes"); err != nil || got == "0" {
		t.Errorf("attached anew: discard_max_bytes = %s, %v", got, err)
	}
}

// Flushes are those of the disk: one call of fsync makes some, writing without it none.
func TestFlushes(t *testing.T) {
	d := newDisk(t, 64*mib, Options{})
	if !d.loop.direct {
		t.Error("the loop device goes through the page cache of the disk's file")
	}
	f, err := os.OpenFile(d.Device(), os.O_RDWR|unix.O_DIRECT, 0)
	must(t, err)
	defer f.Close()
	must(t, d.Record(""))
	p, err := unix.Mmap(-1, 0, mib, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	must(t, err)
	defer func() { must(t, unix.Munmap(p)) }()
	copy(p, content("raw", mib))
	for i := range int64(3) {
		_, err = f.WriteAt(p, i*mib)
		must(t, err)
		must(t, f.Sync())
	}
	ops, err := d.Ops()
	must(t, err)
	var flushes int
	var written int64
	for _, op := range ops {
		if op.Kind == Flush {
			flushes++
		} else {
			written += op.To - op.From
		}
	}
	if flushes != 3 || written != 3*mib {
		t.Errorf("%d flushes and %d bytes in the log, want 3 and %d", flushes, written, 3*mib)
	}
	if got := flushed(ops); got != len(ops) || d.Cuts() != len(ops) {
		t.Errorf("%d of %d (%d) operations are safe after fsync", got, len(ops), d.Cuts())
	}
	must(t, d.Stop())
	_, err = f.WriteAt(p, 0)
	must(t, err)
	if d.Cuts() != len(ops) {
		t.Error("the log grew after its end")
	}
}

// A server that dies takes the disk with it, and nothing waits for it.
func TestDeadServer(t *testing.T) {
	d, err := New(t.TempDir(), 64*mib, Options{})
	must(t, err)
	_, err = d.Attach()
	must(t, err)
	dir := format(t, d, "ext4", "")
	must(t, put(dir, "f", content("f", mib), false))
	must(t, d.server.Process.Kill())
	<-d.gone
	start := time.Now()
	if err := put(dir, "g", content("g", mib), true); err == nil {
		t.Error("writing to a disk without a server succeeded")
	}
	if err := d.Close(); err != nil {
		t.Logf("closing: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("giving a dead disk back took %v", took)
	}
	if err := unix.Unmount(dir, 0); !errors.Is(err, unix.EINVAL) || d.loop != nil {
		t.Errorf("a mount or the loop device is left: %v %v", err, d.loop)
	}
	if err := unix.Unmount(mountDir(d.dir), 0); err == nil {
		t.Error("the FUSE mount is left")
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

// A namespace that somebody made while the disk was mounted does not keep it.
func TestOtherNamespace(t *testing.T) {
	d := newDisk(t, 64*mib, Options{})
	dir := format(t, d, "ext4", "")
	other := exec.Command("sleep", "60")
	other.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	must(t, other.Start())
	defer func() { _, _ = other.Process.Kill(), other.Wait() }()
	must(t, put(dir, "f", content("f", mib), false))
	must(t, d.Unmount(dir))
	if found, err := d.Where([]byte("disktest-f-00000000")); err != nil || len(found) == 0 {
		t.Errorf("unmounted, but not written: %v", err)
	}
	must(t, d.Detach())
}

// dieEnv makes TestDying die with a disk mounted.
const dieEnv = "IPGUARD_DISKTEST_DIE"

// TestDying is the process that TestOrphan starts; on its own it has nothing to do.
func TestDying(t *testing.T) {
	dir := os.Getenv(dieEnv)
	if dir == "" {
		return
	}
	d, err := New(dir, 64*mib, Options{})
	must(t, err)
	_, err = d.Attach()
	must(t, err)
	if out, err := exec.Command("mkfs.ext4", "-q", d.Device()).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	must(t, os.Mkdir(filepath.Join(dir, "mnt"), 0o700))
	must(t, d.Mount(filepath.Join(dir, "mnt"), "ext4", ""))
	must(t, put(filepath.Join(dir, "mnt"), "f", content("f", mib), false))
	must(t, os.WriteFile(filepath.Join(dir, "device"), []byte(d.Device()), 0o600))
	must(t, unix.Kill(os.Getpid(), unix.SIGKILL))
	select {}
}

// A test that is killed leaves no mount and no loop device.
func TestOrphan(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestDying$")
	cmd.Env = append(os.Environ(), dieEnv+"="+dir)
	out, _ := cmd.CombinedOutput()
	device, err := os.ReadFile(filepath.Join(dir, "device"))
	if err != nil {
		t.Fatalf("the dying test did not come so far: %s", out)
	}
	l := &loop{device: string(device), file: filepath.Join(mountDir(dir), diskName)}
	for end := time.Now().Add(leaveTime); ; time.Sleep(10 * time.Millisecond) {
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		must(t, err)
		mounted := bytes.Contains(mounts, []byte(" "+dir+"/"))
		if !mounted && !l.ours() {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("mounts left: %v, loop device left: %v", mounted, l.ours())
		}
	}
	if found, err := Where(imageName(dir), []byte("disktest-f-00000000")); err != nil || len(found) == 0 {
		t.Errorf("what the dying test had written was lost: %v", err)
	}
}
