package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// What an administrator mounted in a home, from the very file system that the home lies on, is neither written over nor
// removed, whether it is a folder or a single file; what lies beside it is.
func TestHazardBindMounts(t *testing.T) {
	g := newGround(t, hdd(), nil)
	for _, rel := range []string{"stray/bind", "kept/deep", "stray/a/b/c"} {
		g.mount(g.outside, g.dir(rel), "", unix.MS_BIND, "")
	}
	for _, rel := range []string{"stray/file", ".profile"} {
		if _, err := os.Lstat(g.path(rel)); err != nil {
			g.file(rel, "")
		}
		g.mount(filepath.Join(g.outside, "secret"), g.path(rel), "", unix.MS_BIND, "")
	}
	for range 20 {
		g.trace("stray/a", 5000)
	}
	g.settle()
	r := g.wipe(exitDone)
	if n, _ := r.rows("skipped", "", "mount"); n < 5 {
		t.Errorf("%d of 5 mounts are told\n%s", n, r.out)
	}
	same(t, g.outside, g.world)
	for _, rel := range []string{"stray/bind", "kept/deep", "stray/a/b/c", "stray/file", ".profile"} {
		if !mounted(t, g.path(rel)) {
			t.Errorf("the mount over %s is gone", rel)
		}
		g.must(unix.Unmount(g.path(rel), 0))
	}
	g.back()
	g.empty(erasetest.Content, erasetest.Name)
}
