package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// maxMemory is what a wipe may have in memory at most, in KiB.
const maxMemory = 64 << 10

// So many names in one folder and so many folders: memory stays small, and no name stays on the medium.
func TestHazardNumbers(t *testing.T) {
	files, folders := 20_000, 4_000
	if full() {
		files, folders = 100_000, 20_000
	}
	g := newGround(t, erasetest.Options{FS: "ext4", Bytes: 512 << 20, Mkfs: []string{"-b", "4096", "-N", "200000"}}, nil)
	dir := g.dir("many")
	for range files {
		name := filepath.Join(dir, g.mark(erasetest.Name)+" a name of ordinary length")
		g.must(unix.Mknod(name, unix.S_IFREG|0o600, 0))
	}
	for i := range folders {
		if i%100 == 0 {
			dir = g.dir(fmt.Sprintf("folders/%d", i))
		}
		g.must(unix.Mkdir(filepath.Join(dir, g.mark(erasetest.Name)), 0o700))
	}
	g.planted()
	r, peak := g.measured(exitDone)
	if r.answer.Result != "complete" || r.answer.Totals.Erased < files+folders {
		t.Errorf("%s, %d erased", r.answer.Result, r.answer.Totals.Erased)
	}
	same(t, g.user.Home, g.home)
	if peak == 0 || peak > maxMemory {
		t.Errorf("peak memory %d KiB, want %d at most", peak, maxMemory)
	}
	g.empty(erasetest.Name)
	t.Logf("%.1f s, peak memory %d KiB", r.answer.Seconds, peak)
}
