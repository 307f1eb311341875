package main

import (
	"os"
	"path/filepath"
	"testing"

	"ipguard/wipe/erase/erasetest"
)

// Blocks that two files share cannot be written over: a copy outside stays as it is, and nobody claims that what is in it
// is gone.
func TestHazardReflinks(t *testing.T) {
	for _, discard := range []bool{false, true} {
		g := newGround(t, erasetest.Options{FS: "xfs", Bytes: 320 << 20, Discard: discard}, nil)
		own := g.trace("own", 100_000)
		for _, copied := range []string{g.trace("in", 100_000), g.trace("out", 100_000)} {
			g.tool("cp", "--reflink=always", copied, filepath.Join(g.above, filepath.Base(copied)))
		}
		kept, err := filepath.Glob(filepath.Join(g.above, "qz7*"))
		g.must(err)
		g.must(os.Rename(kept[0], g.path("in/second")))
		outside := kept[1]
		before, err := os.ReadFile(outside)
		g.must(err)
		_ = own
		g.planted()
		r := g.back()
		g.claims(r, "unlinked", "shared", 1)
		if after, err := os.ReadFile(outside); err != nil || string(after) != string(before) {
			t.Errorf("the copy of others changed: %v", err)
		}
		shared, bytes := r.rows("erased", "unlinked", "shared")
		t.Logf("discard %v: %d shared files of %d bytes, %s", discard, shared, bytes, r.answer.Media[0].Assurance)
		left := g.raw().Of(g.seed).IDs(erasetest.Content)
		if most := shared; left > most {
			t.Errorf("%d contents are on the medium, and only %d files are told as shared", left, most)
		}
		g.must(os.Remove(outside))
		g.trace("next", 100)
		g.back()
		if discard {
			g.empty(erasetest.Content)
		}
	}
}

// A snapshot has everything that was there when it was made, whatever is erased afterwards.
func TestHazardSnapshot(t *testing.T) {
	g := newGround(t, erasetest.Options{FS: "btrfs", Bytes: 192 << 20, Discard: true}, nil)
	for range 20 {
		g.trace("session", 40_000)
	}
	snap := filepath.Join(g.above, "snapshot")
	g.tool("btrfs", "-q", "subvolume", "snapshot", "-r", g.above, snap)
	g.planted()
	before := snapshot(t, filepath.Join(snap, "home"))
	r := g.back()
	g.claims(r, "unlinked", "snapshot", 20)
	if n, _ := r.rows("erased", "discarded", ""); n > 0 || !contains(r.answer.Media[0].Limits, "snapshots") {
		t.Errorf("%d are told as discarded, and a snapshot has them\n%s", n, r.out)
	}
	same(t, filepath.Join(snap, "home"), before)
	g.tool("btrfs", "-q", "subvolume", "delete", "--commit-after", snap)
	g.tool("btrfs", "-q", "subvolume", "sync", g.above)
	g.trace("session", 40_000)
	g.settle()
	r = g.back()
	if home := r.answer.Media[0]; home.Assurance != "discarded" || contains(home.Limits, "snapshots") {
		t.Errorf("the report says %s, %v", home.Assurance, home.Limits)
	}
	g.empty(erasetest.Content)
}
