package main

import (
	"testing"

	"ipguard/wipe/erase/erasetest"
)

// ordinary is what nothing may be left of after an administrator's wipe of an ext4.
func ordinary() []erasetest.Class {
	return []erasetest.Class{erasetest.Content, erasetest.Name, erasetest.XAttr, erasetest.Row}
}

// hazard is something in a home that makes erasing go wrong easily.
type hazard struct {
	name  string
	plant func(*ground)
	code  string // the code that must tell of it; empty: none
	count int    // of how many entries
	stays []erasetest.Class
}

func hazards() []hazard {
	const content, xattr = erasetest.Content, erasetest.XAttr
	return []hazard{
		{name: "special files", plant: specialTraces},
		{name: "sparse and preallocated files", plant: sparseTraces},
		{name: "sizes around a block", plant: sizeTraces},
		{name: "closed files and folders", plant: closedTraces},
		{name: "immutable and append-only", plant: flaggedTraces},
		{name: "links", plant: linkTraces, code: "link_target", count: 3},
		{name: "hard links to others", plant: outsideLinks, code: "hard_link", count: 3, stays: []erasetest.Class{content, xattr}},
		{name: "two names in the home", plant: twoNames, code: "hard_link", count: 3, stays: []erasetest.Class{content, xattr}},
		{name: "attributes", plant: attributeTraces},
		{name: "attributes that files share", plant: sharedAttributes},
		{name: "attributes of the baseline", plant: baselineAttributes},
		{name: "levels", plant: levelTraces},
		{name: "databases with live journals", plant: liveDatabases},
		{name: "changed files of the baseline", plant: baselineTraces},
		{name: "many names", plant: nameTraces},
	}
}

// format is a way in which a file system can be made that matters to what stays on it.
type format struct {
	name    string
	options erasetest.Options
	mount   []string
	gone    []erasetest.Class
	always  bool // else only when all rounds are wanted
}

func formats() []format {
	const mib = 1 << 20
	ext := func(discard bool, bytes int64, mkfs ...string) erasetest.Options {
		o := hdd(mkfs...)
		o.Discard, o.Bytes = discard, bytes
		return o
	}
	xfs := func(discard bool) erasetest.Options {
		return erasetest.Options{FS: "xfs", Bytes: 320 * mib, Discard: discard}
	}
	// The log of xfs keeps names and attributes.
	contents := []erasetest.Class{erasetest.Content, erasetest.Row}
	return []format{
		{name: "ext4", options: ext(false, 64*mib), gone: ordinary(), always: true},
		{name: "ext4 with discard", options: ext(true, 64*mib), gone: ordinary(), always: true},
		{name: "ext4 with data in the journal", options: ext(false, 64*mib), mount: []string{"data=journal"}, gone: ordinary(), always: true},
		{name: "ext4 without a journal", options: ext(false, 64*mib, "-O", "^has_journal"), gone: ordinary(), always: true},
		{name: "ext4 with blocks of 1 KiB", options: ext(false, 64*mib, "-b", "1024"), gone: ordinary(), always: true},
		{name: "xfs", options: xfs(false), gone: contents, always: true},
		{name: "xfs with discard", options: xfs(true), gone: contents},
		{name: "ext4 with blocks of 1 KiB and discard", options: ext(true, 64*mib, "-b", "1024"), gone: ordinary()},
		{name: "ext4 with small inodes", options: ext(false, 64*mib, "-I", "128"), gone: ordinary()},
		{name: "ext4 with clusters and inline data", options: ext(false, 1024*mib, "-O", "bigalloc,inline_data"), gone: ordinary()},
		{name: "ext4 with inline data and discard", options: ext(true, 64*mib, "-O", "inline_data"), gone: ordinary()},
		{name: "ext4 with large attributes", options: ext(false, 64*mib, "-O", "ea_inode"), gone: ordinary()},
		{name: "ext3", options: ext(false, 64*mib, "-O", "^extents,^64bit,^metadata_csum"), gone: ordinary()},
	}
}

// Whatever is in a home, and however its file system was made: after a wipe nothing of it is on the raw medium, and what
// cannot be overwritten is told with its code.
func TestHazardsOnTheMedium(t *testing.T) {
	for _, f := range formats() {
		if !f.always && !full() {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			g := newGround(t, f.options, baselineDatabase, f.mount...)
			planted := map[string]map[erasetest.Class]int{}
			for i, h := range hazards() {
				g.seed, g.next = uint32(i+1), map[erasetest.Class]int{}
				h.plant(g)
				planted[h.name] = g.next
			}
			g.settle()
			before := g.raw()
			r := g.back()
			after := g.raw()
			for i, h := range hazards() {
				seed := uint32(i + 1)
				for class, n := range planted[h.name] {
					if have := before.Of(seed).IDs(class); have < n {
						t.Errorf("%s: %d of %d of class %c were on the medium: too few to prove anything", h.name, have, n, class)
					}
				}
				for _, class := range f.gone {
					left := after.Of(seed).IDs(class)
					if stays := contains(h.stays, class); left > 0 && !stays {
						t.Errorf("%s: %d of %d of class %c are on the medium", h.name, left, planted[h.name][class], class)
					}
				}
				if h.code == "" || f.options.Discard && h.code == "link_target" {
					continue
				}
				if n, _ := r.rows("erased", "unlinked", h.code); n < h.count {
					t.Errorf("%s: %d told as unlinked with %s, want %d\n%s", h.name, n, h.code, h.count, r.out)
				}
			}
			home := r.answer.Media[0]
			want := "overwritten"
			if f.options.Discard {
				want = "discarded"
			}
			if home.Assurance != want || contains(home.Limits, "names") != (f.options.FS == "xfs") || contains(home.Limits, "step_failed") {
				t.Errorf("the report says %s, %v", home.Assurance, home.Limits)
			}
			t.Logf("%.2f s, %s, %v", r.answer.Seconds, home.Assurance, home.Limits)
		})
	}
}

func contains[T comparable](all []T, one T) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}
