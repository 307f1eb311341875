package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestDetectImages(t *testing.T) {
	privateMounts(t)
	below := detected(t, os.TempDir())
	for _, c := range []struct {
		kind    string
		want    FileSystem
		discard bool
	}{{"ext4", Ext, true}, {"ext4", Ext, false}, {"xfs", XFS, true}, {"btrfs", Btrfs, true}, {"btrfs", Btrfs, false}} {
		_, dir := image(t, c.kind, c.discard)
		sub := filepath.Join(dir, "sub")
		if c.kind == "btrfs" {
			tool(t, "btrfs", "subvolume", "create", sub) // has a device number of its own and is the same volume
		} else {
			must(t, os.Mkdir(sub, 0o700))
		}
		for _, at := range []string{dir, sub} {
			st := detected(t, at)
			if st.FileSystem != c.want || st.Discard != c.discard || !st.InsideFile || st.ReadOnly || st.Base != at || st.Medium != below.Medium {
				t.Errorf("%s, discard %v: %+v", c.kind, c.discard, st)
			}
			if st.Volume == "" || st.Volume == below.Volume || st.Volume != detected(t, dir).Volume {
				t.Errorf("%s: volume %q", c.kind, st.Volume)
			}
			if (st.JournalBytes > 0) != (c.want == Ext) {
				t.Errorf("%s: journal of %d bytes", c.kind, st.JournalBytes)
			}
		}
	}
}

func TestDetectFromTheSuperblock(t *testing.T) {
	privateMounts(t)
	_, dir := image(t, "ext4", true, "-J", "size=8")
	if st := detected(t, dir); st.JournalBytes != 8<<20 || st.Inline {
		t.Errorf("a journal of 8 MiB: %+v", st)
	}
	_, dir = image(t, "ext4", true, "-O", "^has_journal,inline_data")
	if st := detected(t, dir); st.JournalBytes != 0 || !st.Inline {
		t.Errorf("no journal, but contents in inodes: %+v", st)
	}
}

func TestDetectReadOnly(t *testing.T) {
	privateMounts(t)
	_, dir := image(t, "ext4", true)
	shut := mounted(t, dir, "", unix.MS_BIND, "")
	must(t, unix.Mount("", shut, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if st := detected(t, shut); !st.ReadOnly || st.Volume != detected(t, dir).Volume {
		t.Errorf("a read-only view: %+v", st)
	}
	if detected(t, dir).ReadOnly {
		t.Error("the writable view was taken for read-only")
	}
}

func TestDetectMemory(t *testing.T) {
	privateMounts(t)
	st := detected(t, mounted(t, "none", "tmpfs", 0, "size=1m"))
	if st.FileSystem != Tmpfs || st.Medium != Memory || st.Discard || st.InsideFile {
		t.Errorf("tmpfs: %+v", st)
	}
	swaps := folder(t)
	must(t, os.WriteFile(filepath.Join(swaps, "swaps"), []byte("Filename Type Size Used Priority\n/swapfile file 1 0 -2\n"), 0o600))
	must(t, os.Symlink("/proc/thread-self", filepath.Join(swaps, "thread-self")))
	h := host{proc: swaps, sys: "/sys"}
	for options, want := range map[string]bool{"size=1m": true, "size=1m,noswap": false} { // noswap: Linux 6.4
		st, err := h.detect(mounted(t, "none", "tmpfs", 0, options), 1)
		must(t, err)
		if st.Swap != want {
			t.Errorf("%s on a machine with swap: %+v", options, st)
		}
	}
}

func TestDetectOverlay(t *testing.T) {
	privateMounts(t)
	_, disk := image(t, "ext4", true)
	memory := mounted(t, "none", "tmpfs", 0, "size=8m")
	for _, under := range []string{disk, memory} {
		want := detected(t, under)
		for _, dir := range []string{"lower", `up,p:e\r x`, "work"} {
			must(t, os.Mkdir(filepath.Join(under, dir), 0o700))
		}
		upper := filepath.Join(under, `up,p:e\r x`)
		over := mounted(t, "none", "overlay", 0, "lowerdir="+under+"/lower,workdir="+under+"/work,upperdir="+
			strings.NewReplacer(`\`, `\\`, ",", `\,`, ":", `\:`).Replace(upper))
		want.Base = upper
		if st := detected(t, over); st != want {
			t.Errorf("overlay:\n%+v, want\n%+v", st, want)
		}
		// What now is at the upper folder's path is not what the overlay writes to.
		must(t, unix.Mount("none", under, "tmpfs", 0, "size=2m"))
		must(t, os.Mkdir(upper, 0o700))
		if st := detected(t, over); st.FileSystem != Overlay || st.Base != "" || st.Medium != Unknown {
			t.Errorf("overlay with another upper folder in its place: %+v", st)
		}
		must(t, unix.Unmount(under, 0))
		must(t, unix.Unmount(over, 0))
	}
}

func TestDetectPartition(t *testing.T) {
	privateMounts(t)
	file := filepath.Join(folder(t), "image")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Truncate(file, 66<<20))
	loop := tool(t, "losetup", "--find", "--show", "--partscan", file)
	t.Cleanup(func() {
		tool(t, "delpart", loop, "1")
		tool(t, "losetup", "-d", loop)
	})
	tool(t, "addpart", loop, "1", "2048", "131072") // not every kernel reads tables of partitions
	tool(t, "mkfs.ext4", "-q", loop+"p1")
	st := detected(t, mounted(t, loop+"p1", "ext4", 0, ""))
	if st.FileSystem != Ext || !st.InsideFile || st.JournalBytes == 0 || st.Discard != (number("/sys/block/"+filepath.Base(loop)+"/queue/discard_max_bytes") > 0) {
		t.Errorf("partition: %+v", st)
	}
	if _, err := opened(t, st.Base).Trim(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestPathsWithLinksAreRefused(t *testing.T) {
	dir := folder(t)
	must(t, os.Symlink("/", filepath.Join(dir, "link")))
	for _, path := range []string{dir + "/link", dir + "/link/tmp", dir + "/none"} {
		_, err := Detect(path)
		if err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("detecting: %v", err)
		}
		if v, err := Open(path); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("opening: %v", err)
			v.Close()
		}
	}
	if _, err := Detect(dir + "/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// A program that serves a file system and never answers must not stop whoever asks what a folder lies on.
func TestDetectDoesNotWaitForAServer(t *testing.T) {
	privateMounts(t)
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	must(t, err)
	dir := mounted(t, "none", "fuse.silent", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse))
	stuck := time.AfterFunc(10*time.Second, func() { unix.Close(fuse) }) // which ends all waiting
	for _, at := range []string{dir, dir + "/sub"} {
		if st := detected(t, at); st.FileSystem != FUSE || st.Volume == "" {
			t.Errorf("%+v", st)
		}
	}
	if !stuck.Stop() {
		t.Error("it waited")
	}
	unix.Close(fuse)
}

func TestWithoutRights(t *testing.T) {
	privateMounts(t)
	_, ext := image(t, "ext4", true)
	_, btrfs := image(t, "btrfs", true)
	for _, dir := range []string{ext, btrfs} { // the folders that lead there are the test's own
		for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
			must(t, os.Chmod(at, 0o755))
		}
	}
	root := detected(t, ext)
	become := func(uid int) {
		t.Helper()
		// Of this thread only; the real number stays root's, so that there is a way back.
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); e != 0 {
			t.Fatal(e)
		}
	}
	become(65534)
	defer become(0)
	want := root
	want.JournalBytes, want.Inline = 0, true // not told: it may be
	if st := detected(t, ext); st != want {
		t.Errorf("told to an account:\n%+v, want\n%+v", st, want)
	}
	v := opened(t, ext)
	_, trim := v.Trim(t.Context(), nil)
	_, snapshots := opened(t, btrfs).Snapshots()
	for name, err := range map[string]error{"trim": trim, "snapshots": snapshots, "journal": v.ClearJournal(), "checkpoint": v.Checkpoint()} {
		if !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.Sync(); err != nil {
		t.Error(err)
	}
}
