package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// fill writes until the disk below dir has no block left, not even those that root keeps for itself.
func (l *laptop) fill(dir string) {
	l.Helper()
	l.must(os.MkdirAll(dir, 0o755))
	for i, size := 0, 1<<20; size > 0; i++ {
		f, err := os.Create(filepath.Join(dir, "fill"+strconv.Itoa(i)))
		if err == nil {
			for err == nil {
				_, err = f.Write(make([]byte, size))
			}
			f.Close()
		}
		if !errors.Is(err, unix.ENOSPC) {
			l.Fatal(err)
		}
		size /= 8
	}
}

// A home without a free block is wiped, and what belongs there finds its place again.
func TestHostileFullHome(t *testing.T) {
	l := newLaptop(t)
	l.ownDisk("24M", "ext4")
	l.as(`head -c 3000000 /dev/urandom > wallpaper`)
	tr := enrolled(l)
	for _, script := range []string{`rm wallpaper kept/f0`, `head -c 3000000 /dev/urandom > wallpaper; rm -r kept .config`} {
		tr.as(script)
		tr.fill(tr.dir("person"))
		tr.must(os.Lchown(tr.path("person/fill0"), int(tr.user.UID), int(tr.user.GID)))
		tr.back()
		tr.status(exitDone)
	}
}

// There may be no place for a baseline's big file when somebody else's things fill the disk: then it is told.
func TestHostileNoSpaceToRestore(t *testing.T) {
	l := newLaptop(t)
	l.ownDisk("24M", "ext4")
	l.as(`head -c 3000000 /dev/urandom > wallpaper`)
	tr := enrolled(l)
	tr.as(`rm wallpaper; echo trace > trace`)
	aside := tr.dir("kept")
	tr.privateDir(aside)
	tr.fill(aside + "/others")
	tr.notBack("no_space")
	if _, err := os.Lstat(tr.path("trace")); err == nil {
		t.Error("the trace is still there")
	}
	tr.status(exitNotClean)
	tr.must(os.RemoveAll(aside + "/others"))
	tr.must(unix.Unmount(aside, 0))
	tr.back()
}

// privateDir mounts a folder over itself, so that what is made in it is on the same disk and yet not the account's.
func (tr *trial) privateDir(dir string) {
	tr.Helper()
	tr.mount(dir, dir, "", unix.MS_BIND, "")
}

// The state's disk may be full, read-only, or not take the record at all: the home is wiped all the same, and the word
// clean is said only if it could be written down.
func TestHostileFullState(t *testing.T) {
	l := newLaptop(t)
	l.ownDisk("64M", "ext4", "-N", "20000") // on a disk that makes files quickly
	disk := filepath.Dir(l.state)
	l.disk(disk, "32M", "ext4", "-N", "20000")
	l.as(`mkdir -p many; cd many; for i in {1..3500}; do : > "a file with a name that makes the manifest long $i"; done`)
	tr := enrolled(l)
	record := filepath.Join(l.state, "accounts", strconv.Itoa(int(l.user.UID)), "state")
	dirty := func() {
		tr.Helper()
		// Every stamp changes, so that the wipe would like to write a new manifest.
		tr.as(`touch -d 2025-01-01 many/*; echo trace > trace; echo trace >> .bashrc; echo letter > letter.odt`)
		tr.tool("chown", "-R", "--reference="+tr.user.Home, tr.path("many"))
	}
	home := snapshot(t, tr.user.Home)
	dirty()
	tr.back()
	tr.home = home

	tr.fill(filepath.Join(disk, "fill"))
	dirty()
	if r := tr.back(); r.answer.Unsaved {
		t.Error("the record has its place already: a full disk must not matter")
	}
	tr.status(exitDone)

	t.Log("documents cannot be held")
	dirty()
	r := tr.wipe(exitIncomplete, "--documents", "hold")
	if content, err := os.ReadFile(tr.path("letter.odt")); err != nil || string(content) != "letter\n" {
		t.Errorf("a document that could not be held is gone: %v\n%s", err, r.out)
	}
	if _, err := os.Lstat(tr.path("trace")); err == nil {
		t.Error("the trace is still there")
	}
	tr.back()

	t.Log("no place for a record")
	tr.must(os.Remove(record))
	tr.fill(filepath.Join(disk, "fill more"))
	dirty()
	tr.unsaved()
	tr.status(exitNotClean)

	t.Log("read-only")
	tr.must(os.RemoveAll(filepath.Join(disk, "fill more")))
	tr.must(os.RemoveAll(filepath.Join(disk, "fill")))
	dirty()
	tr.back()
	tr.status(exitDone)
	tr.must(unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	dirty()
	tr.unsaved()
	tr.must(unix.Mount("", disk, "", unix.MS_REMOUNT, ""))
	tr.back()
}

// unsaved wipes: everything must be erased, and yet nobody may say that it is clean.
func (tr *trial) unsaved() {
	tr.Helper()
	r := tr.wipe(exitIncomplete)
	if r.answer.Result != "incomplete" || !r.answer.Unsaved || r.answer.Totals.Residual > 0 {
		tr.Errorf("result %q, unsaved %v, %d residual\n%s", r.answer.Result, r.answer.Unsaved, r.answer.Totals.Residual, r.out)
	}
	same(tr, tr.user.Home, tr.home)
	same(tr, tr.outside, tr.world)
}
