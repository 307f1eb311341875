package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// On a disk without one free block contents are written over where they are, also those whose last block is smaller than
// a page.
func TestHazardFullDisk(t *testing.T) {
	for _, block := range []string{"4096", "1024"} {
		t.Run("blocks of "+block, func(t *testing.T) {
			g := newGround(t, hdd("-b", block), nil)
			for _, size := range []int{20, 900, 1500, 4096, 5000, 70_000, 1 << 20} {
				g.trace("session", size)
			}
			g.planted()
			g.fill(g.dir("person"))
			g.must(os.Lchown(g.path("person/fill0"), int(g.user.UID), int(g.user.GID)))
			g.settle()
			r := g.back()
			g.empty(erasetest.Content, erasetest.Name)
			if n, _ := r.rows("erased", "unlinked", "no_space"); n > 0 {
				t.Errorf("%d files were written over and are told as not for want of space", n)
			}
		})
	}
}

// The same for an account that wipes itself, for which the disk is full long before.
func TestHazardFullDiskWithoutRoot(t *testing.T) {
	g := newGround(t, hdd("-b", "1024"), nil)
	for _, size := range []int{20, 900, 1500, 4096, 5000, 70_000} {
		g.trace("session", size)
	}
	g.as(`mkdir closed; cp -r session closed/; chmod 0 closed/session/* closed/session closed`)
	g.planted()
	g.as(`cat /dev/zero > full 2>/dev/null || true`)
	r := g.ipguardAs("wipe", "--account", g.user.Name, "--yes")
	if r.code != exitIncomplete || r.answer.Totals.Residual != 0 {
		t.Errorf("exit %d, %d residual\n%s%s", r.code, r.answer.Totals.Residual, r.out, r.err)
	}
	g.empty(erasetest.Content)
	home := r.answer.Media[0]
	if home.Assurance != "overwritten" || !contains(home.Limits, "needs_root") || !contains(home.Limits, "names") {
		t.Errorf("the report says %s, %v", home.Assurance, home.Limits)
	}
	g.back()
}

// A btrfs without a free block has to write before it can remove anything. The wipe ends, and whatever it could not do
// is told and done by the next one.
func TestHazardFullBtrfs(t *testing.T) {
	for _, discard := range []bool{false, true} {
		g := newGround(t, erasetest.Options{FS: "btrfs", Bytes: 192 << 20, Discard: discard}, nil)
		for range 50 {
			g.trace("session", 40_000)
		}
		g.as(`for f in kept/f*; do echo trace >> $f; done; rm -r .config`)
		g.planted()
		g.fill(g.dir("person"))
		g.settle()
		r := g.ipguard("wipe", "--account", g.user.Name, "--yes")
		switch {
		case r.code == exitDone:
			same(t, g.user.Home, g.home)
		case r.code != exitIncomplete || r.answer.Totals.Residual == 0:
			t.Errorf("exit %d, %d residual\n%s%s", r.code, r.answer.Totals.Residual, r.out, r.err)
		}
		g.back()
		if discard {
			g.empty(erasetest.Content)
		} else if a := r.answer.Media[0].Assurance; a != "unlinked" {
			t.Errorf("without discard, on a file system that never writes in place, the report says %s", a)
		}
	}
}

// A disk that cannot be written to is told as such; nothing waits for it.
func TestHazardReadOnly(t *testing.T) {
	g := newGround(t, hdd(), nil)
	g.trace("session", 5000)
	g.planted()
	g.must(unix.Mount("", g.above, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	start := time.Now()
	r := g.notBack("read_only")
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if n := r.answer.Totals.Erased; n > 0 {
		t.Errorf("%d told as erased", n)
	}
	g.must(unix.Mount("", g.above, "", unix.MS_REMOUNT, ""))
	if found, _ := filepath.Glob(g.path("session/*")); len(found) == 0 {
		t.Fatal("the session is gone from a disk that nobody can write to")
	}
	g.back()
	g.empty(erasetest.Content, erasetest.Name)
}
