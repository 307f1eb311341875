package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipguard/wipe/erase/erasetest"
)

// ground is an enrolled account whose home lies on an image of its own, with a folder of others beside it on the same
// file system, so that what a wipe leaves can be read from the raw medium.
type ground struct {
	*trial
	image *erasetest.Image
	above string   // where the image is mounted
	with  []string // the options it is mounted with
	seed  uint32
	next  map[erasetest.Class]int
}

// hdd is a small ext4 without discard: what is erased there must be overwritten.
func hdd(mkfs ...string) erasetest.Options {
	return erasetest.Options{FS: "ext4", Bytes: 64 << 20, Mkfs: append([]string{"-b", "4096"}, mkfs...)}
}

// newGround makes an account on a new image and lets prepare add to what is enrolled; nil is allowed.
func newGround(t testing.TB, o erasetest.Options, prepare func(*ground), options ...string) *ground {
	t.Helper()
	l := newLaptop(t)
	l.privateMounts()
	g := &ground{
		trial: &trial{laptop: l}, image: erasetest.NewImage(t, o), above: filepath.Dir(l.user.Home), with: options, seed: 1,
		next: map[erasetest.Class]int{},
	}
	aside := filepath.Join(t.TempDir(), "home")
	l.tool("cp", "-a", l.user.Home, aside)
	g.must(g.image.Mount(g.above, options...))
	l.must(os.Chmod(g.above, 0o755))
	l.tool("cp", "-a", aside, l.user.Home)
	if prepare != nil {
		prepare(g)
	}
	g.trial = enrolled(l)
	g.outside = strangers(l, g.above)
	g.world = snapshot(t, g.outside)
	return g
}

// mark returns the next marker of a class, of the hazard that is being planted.
func (g *ground) mark(class erasetest.Class) string {
	m := erasetest.Marker{Class: class, Seed: g.seed, ID: g.next[class]}
	g.next[class]++
	return m.String()
}

// content returns text in which every sector begins with the same new marker.
func (g *ground) content(size int) string {
	sector := g.mark(erasetest.Content)
	sector += strings.Repeat(".", 512-len(sector))
	return strings.Repeat(sector, (size+511)/512)[:size]
}

// trace makes a file of the account with a marker in its name and in every sector, and has it on the medium.
func (g *ground) trace(rel string, size int) string {
	g.Helper()
	for at := rel; at != "."; at = filepath.Dir(at) {
		g.dir(at)
	}
	return g.file(filepath.Join(rel, g.mark(erasetest.Name)), g.content(size))
}

// settle has everything on the medium that was written so far.
func (g *ground) settle() {
	g.Helper()
	g.tool("sync", "-f", g.above)
}

// raw unmounts the image, counts what the medium has, and mounts it again.
func (g *ground) raw() erasetest.Counts {
	g.Helper()
	if err := g.image.Unmount(); err != nil {
		g.Fatal(err)
	}
	found, err := erasetest.Scan(g.image.Path())
	g.must(err)
	g.must(g.image.Mount(g.above, g.with...))
	return found
}

// planted fails the test unless what was planted is really on the medium.
func (g *ground) planted() {
	g.Helper()
	g.settle()
	found := g.raw()
	for class, n := range g.next {
		if have := found.Of(g.seed).IDs(class); have < n {
			g.Fatalf("%d of %d of class %c are on the medium before the wipe: too few to prove anything", have, n, class)
		}
	}
}

// empty fails the test if anything of the classes is on the medium.
func (g *ground) empty(classes ...erasetest.Class) {
	g.Helper()
	found := g.raw().Of(g.seed)
	for _, class := range classes {
		if n := found.IDs(class); n > 0 {
			g.Errorf("%d of %d of class %c are still on the medium", n, g.next[class], class)
		}
	}
}

// rows sums the rows of an answer with this outcome, assurance and code.
func (r result) rows(outcome, assurance, code string) (count int, bytes int64) {
	for _, a := range r.answer.Artifacts {
		if a.Outcome == outcome && a.Assurance == assurance && a.Code == code {
			count += a.Count
			bytes += a.Bytes
		}
	}
	return count, bytes
}

// claims fails the test unless at least so many entries are told with this assurance and code.
func (g *ground) claims(r result, assurance, code string, want int) {
	g.Helper()
	if n, _ := r.rows("erased", assurance, code); n < want {
		g.Errorf("%d entries are told as erased/%s/%s, want %d\n%s", n, assurance, code, want, r.out)
	}
}
