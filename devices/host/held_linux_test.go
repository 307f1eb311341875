package host

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestHeldOpen(t *testing.T) {
	p := newPerson(t)
	h := New("linux")
	count := func(ignore func(Process) bool) int {
		t.Helper()
		n, err := h.HeldOpen(t.Context(), []string{p.dir}, ignore)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(nil); n != 0 {
		t.Fatalf("%d files before anything was held", n)
	}
	// Sandboxes of browsers change their root, and then show a mount table without most of the mounts.
	p.start(t, []string{"IPGUARD_TEST_ROLE=jailed"}, "unshare", "-Ur", p.program(t))
	p.sh(t, "echo x >kept; echo x >'y (deleted)'; exec 5<kept 6<'y (deleted)'; echo ready; exec sleep 600")
	if n := count(nil); n != 0 {
		t.Errorf("%d: files that have a name count as deleted", n)
	}
	// One file, held twice and by two processes; then a name with a line end and one that is linked elsewhere.
	first := p.sh(t, "echo x >a; exec 5<a 6<a; rm a; sleep 600 & echo ready; exec sleep 600")
	if n := count(nil); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
	p.sh(t, "n=$(printf 'b\\nc'); echo x >\"$n\"; exec 5<\"$n\"; rm \"$n\"; echo x >d; ln d e; exec 6<d; rm d; echo ready; exec sleep 600")
	if n := count(nil); n != 2 {
		t.Errorf("%d files, want 2", n)
	}
	p.start(t, []string{"IPGUARD_TEST_ROLE=mapped", "IPGUARD_TEST_FILE=" + filepath.Join(p.dir, "m")}, filepath.Join(p.dir, "program"))
	if n := count(nil); n != 3 {
		t.Errorf("%d files with one that is only mapped, want 3", n)
	}
	// A process that sees the home under another name.
	p.sh(t, "mkdir -p over; exec unshare -Urm sh -c 'mount --bind . /mnt && cd /mnt && echo x >z && exec 5<z && rm z && echo ready && exec sleep 600'")
	if n := count(nil); n != 4 {
		t.Errorf("%d files with one under another name, want 4", n)
	}
	mine := func(q Process) bool { return q.PID == first.Process.Pid || q.Parent == first.Process.Pid }
	if n := count(mine); n != 3 {
		t.Errorf("%d files without the first, want 3", n)
	}
	if n, err := h.HeldOpen(t.Context(), []string{filepath.Join(p.dir, "over")}, nil); n != 0 || err != nil {
		t.Errorf("%d files in a folder that never had one: %v", n, err)
	}
}

func TestHeldOpenSaysThatItCannotSeeAll(t *testing.T) {
	p := newPerson(t)
	cmd := exec.Command(p.program(t))
	cmd.Env = append(os.Environ(), "IPGUARD_TEST_ROLE=asker")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.UID, Gid: p.GID}}
	if out, err := cmd.Output(); err != nil || string(out) != "partial\n" {
		t.Errorf("%q %v", out, err)
	}
}

// hung mounts a FUSE file system whose server never answers; it must be asked nothing.
func hung(t *testing.T, point string, uid, gid uint32) *os.File {
	t.Helper()
	server, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Fatalf("load the fuse module: %v", err)
	}
	options := "allow_other,rootmode=40000,fd=" + strconv.Itoa(int(server.Fd())) +
		",user_id=" + strconv.Itoa(int(uid)) + ",group_id=" + strconv.Itoa(int(gid))
	if err := unix.Mount("hung", point, "fuse", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Unmount(point, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) // the test may have detached it
		_ = server.Close()
	})
	return server
}

func bounded(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s hangs", what)
	}
}

func TestHungFUSEMount(t *testing.T) {
	p := newPerson(t)
	h := New("linux")
	point := filepath.Join(p.dir, "my phone")
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	hung(t, point, p.UID, p.GID)
	bounded(t, "something", func() {
		mounts, err := h.Mounts()
		if err != nil {
			t.Error(err)
			return
		}
		below := Below(mounts, p.dir)
		if len(below) != 1 || !below[0].FUSE() || below[0].Point != point {
			t.Errorf("%v", below)
			return
		}
		if owner, ok := below[0].FUSEOwner(); !ok || owner != p.UID {
			t.Errorf("%v %v", owner, ok)
		}
		if _, err := h.Processes(t.Context(), p.UID); err != nil {
			t.Error(err)
		}
		if n, err := h.HeldOpen(t.Context(), []string{p.dir}, nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		if _, err := h.WritableFolders(t.Context(), p.UID, p.GIDs, skipAllBut("/tmp"), mounts); err != nil {
			t.Error(err)
		}
		other := below[0]
		other.ID++
		if err := h.Detach(other); !errors.Is(err, ErrGone) {
			t.Errorf("another mount than the listed one: %v", err)
		}
		if err := h.Detach(below[0]); err != nil {
			t.Error(err)
		}
		if err := h.Detach(below[0]); !errors.Is(err, ErrGone) {
			t.Errorf("detached twice: %v", err)
		}
		if mounts, err = h.Mounts(); err != nil || len(Below(mounts, p.dir)) != 0 {
			t.Errorf("still mounted: %v", err)
		}
	})
}

// The person swaps a folder above the mount point for a link, so that its path leads to a mount of the system.
func TestDetachFollowsNoLink(t *testing.T) {
	p := newPerson(t)
	h := New("linux")
	real, lie := filepath.Join(p.dir, "real"), filepath.Join(p.dir, "lie")
	if err := errors.Join(os.MkdirAll(filepath.Join(real, "m"), 0o755), os.Symlink(real, lie)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", filepath.Join(real, "m"), "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(filepath.Join(real, "m"), unix.MNT_DETACH) })
	mounts, err := h.Mounts()
	if err != nil {
		t.Fatal(err)
	}
	m := Below(mounts, p.dir)[0]
	m.Point = filepath.Join(lie, "m")
	if err := h.Detach(m); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	if mounts, err = h.Mounts(); err != nil || len(Below(mounts, p.dir)) != 1 {
		t.Error("a mount was detached through a link")
	}
}

// skipAllBut skips every folder of the root but one, to keep the test short.
func skipAllBut(keep string) []string {
	entries, err := os.ReadDir("/")
	if err != nil {
		return nil
	}
	var skip []string
	for _, e := range entries {
		if name := "/" + e.Name(); name != keep {
			skip = append(skip, name)
		}
	}
	return skip
}

// acl is an access list that lets uid do everything, the group and others read.
func acl(uid uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2) // version
	for _, e := range []struct {
		tag, bits uint16
		id        uint32
	}{{0x01, 7, ^uint32(0)}, {0x02, 7, uid}, {0x04, 5, ^uint32(0)}, {0x10, 7, ^uint32(0)}, {0x20, 5, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.bits)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

func TestWritableFolders(t *testing.T) {
	p := newPerson(t)
	top := filepath.Dir(p.dir)
	make := func(name string, mode os.FileMode, uid, gid uint32) string {
		t.Helper()
		dir := filepath.Join(top, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, int(uid), int(gid)), os.Chmod(dir, mode)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	want := []string{
		p.dir, make("all", 0o777|os.ModeSticky, 0, 0), make("group", 0o775, 0, p.GID), make("owner", 0o500, p.UID, 0),
	}
	listed := make("listed", 0o755, 0, 0)
	if err := unix.Setxattr(listed, "system.posix_acl_access", acl(p.UID), 0); err != nil {
		t.Fatal(err)
	}
	want = append(want, listed)
	make("rootonly", 0o755, 0, 0)
	make("closed", 0o700, 0, 0)
	make("closed/inside", 0o777, 0, 0) // cannot be reached
	make("skipped", 0o777, 0, 0)
	make("nopass", 0o776, 0, 0)
	if err := os.Symlink("/", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	mounts, err := New("linux").Mounts()
	if err != nil {
		t.Fatal(err)
	}
	all, err := New("linux").WritableFolders(t.Context(), p.UID, p.GIDs, append(skipAllBut("/tmp"), filepath.Join(top, "skipped")), mounts)
	if err != nil && !errors.Is(err, ErrPartial) { // other tests make and remove folders meanwhile
		t.Fatal(err)
	}
	got := slices.DeleteFunc(all, func(s string) bool { return !inside(s, top) })
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
