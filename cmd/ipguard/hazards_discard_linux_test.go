package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ipguard/wipe/erase/erasetest"
)

// honest fails the test if contents are on the medium that the report says are gone from it.
func (g *ground) honest(r result, class erasetest.Class) {
	g.Helper()
	home := r.answer.Media[0]
	n := g.raw().Of(g.seed).IDs(class)
	told := home.Assurance != "discarded" && home.Assurance != "overwritten" || contains(home.Limits, "free_space")
	if n > 0 && (class == erasetest.Content || !told) {
		g.Errorf("%d of %d of class %c are on the medium; the report says %s, %v", n, g.next[class], class, home.Assurance, home.Limits)
	}
}

// Putting files of the baseline back makes ext4 set blocks apart for small files that are still to come. Those are freed
// blocks of the session, and a discard passes over them.
func TestHazardDiscardAfterRestoring(t *testing.T) {
	o := hdd()
	o.Discard = true
	g := newGround(t, o, nil)
	for range 3 {
		for range 40 {
			g.trace("session", 1<<20)
		}
		g.as(`for f in kept/f*; do echo trace >> $f; done; rm -r kept/deep`)
		g.settle()
		g.honest(g.back(), erasetest.Content)
	}
}

// What programs deleted in the session lies in free blocks, and those that ext4 has set apart for small files are free
// blocks too.
func TestHazardDiscardOfDeleted(t *testing.T) {
	o := hdd()
	o.Discard = true
	g := newGround(t, o, nil)
	for range 3 {
		old := g.mark(erasetest.Old)
		text := strings.Repeat(old+strings.Repeat(".", 512-len(old)), 2048)
		for i := range 40 {
			g.file("old/"+strconv.Itoa(i), text)
		}
		g.settle()
		g.must(os.RemoveAll(g.path("old")))
		g.settle()
		for i := range 4 {
			g.file("new/"+strconv.Itoa(i), "small")
			g.settle()
		}
		g.honest(g.back(), erasetest.Old)
	}
}

// A device that discards only whole pieces larger than a block of the file system keeps what lies in smaller gaps.
func TestHazardCoarseDiscard(t *testing.T) {
	o := erasetest.Options{FS: "ext4", Bytes: 64 << 20, Discard: true, Mkfs: []string{"-b", "1024"}}
	g := newGround(t, o, nil)
	// Every second file of one block is a file of others, so that the account's lie in gaps of 1 KiB.
	dir := filepath.Join(g.above, "others")
	g.must(os.Mkdir(dir, 0o755))
	for i := range 200 {
		g.trace("session", 1024)
		g.must(os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), make([]byte, 1000), 0o600))
	}
	g.planted()
	g.honest(g.back(), erasetest.Content)
}

// In a journal that takes data too, what was written over is not in its place until the journal is written back.
func TestHazardDataJournal(t *testing.T) {
	g := newGround(t, hdd(), nil, "data=journal")
	for range 100 {
		g.trace("session", 6000)
	}
	g.planted()
	r := g.back()
	g.empty(erasetest.Content, erasetest.Name)
	if a := r.answer.Media[0].Assurance; a != "overwritten" {
		t.Errorf("the report says %s", a)
	}
}
