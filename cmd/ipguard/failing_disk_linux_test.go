package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"ipguard/wipe/erase/disktest"
	"ipguard/wipe/erase/erasetest"
)

// inDocument marks a document that lies on bad blocks.
const inDocument = 910_000

// onMedium returns the medium with this name.
func onMedium(t *testing.T, name string) medium {
	t.Helper()
	for _, m := range diskKinds() {
		if m.name == name {
			return m
		}
	}
	t.Fatalf("no medium %q", name)
	return medium{}
}

// document makes a document of the account with a marker in each sector, and returns where it lies on the disk.
func (d *disked) document() []disktest.Range {
	d.Helper()
	mark := erasetest.Marker{Class: erasetest.Content, Seed: d.session.Seed, ID: inDocument}.String()
	path := d.file("Downloads/letter.odt", string(bytes.Repeat([]byte(fmt.Sprintf("%-512s", mark)), 600)))
	d.must(os.Lchown(d.path("Downloads"), int(d.user.UID), int(d.user.GID)))
	return d.extents(path)
}

// extents returns where a file lies, and forgets what is in memory of it.
func (d *disked) extents(path string) []disktest.Range {
	d.Helper()
	ranges, err := disktest.Extents(path)
	d.must(err)
	if len(ranges) == 0 {
		d.Fatal("the file has no blocks")
	}
	d.again()
	return ranges
}

// scan unmounts the disk and returns what is found of the session on it.
func (d *disked) scan() erasetest.Counts {
	d.Helper()
	d.must(d.disk.Unmount(d.user.Home))
	found, err := erasetest.Scan(d.disk.Image())
	d.must(err)
	return found.Of(d.session.Seed)
}

// soon runs the program on a disk that may keep it waiting. A program that would wait for ever fails the test in a minute.
func (d *disked) soon(args ...string) result {
	d.Helper()
	late := time.AfterFunc(time.Minute, func() {
		d.Error("the program waits for the disk for ever")
		d.disk.Close()
	})
	defer late.Stop()
	return d.ipguard(args...)
}

func (d *disked) wipeSoon() result {
	d.Helper()
	return d.soon("wipe", "--account", d.user.Name, "--yes")
}

// neverClean asks for the status, which must not be clean.
func (d *disked) neverClean() {
	d.Helper()
	if r := d.soon("status", "--account", d.user.Name); r.code == exitDone || r.answer.State == "clean" {
		d.Errorf("status: exit %d, state %q", r.code, r.answer.State)
	}
}

// A document lies on blocks that the disk cannot write any more. Everything else goes as always, the report says what it
// was that could not be overwritten, and the wipe is not called complete.
func TestFailingDiskWrites(t *testing.T) {
	for _, name := range []string{"ext4, no discard", "xfs, no discard"} {
		t.Run(name, func(t *testing.T) {
			d := newDisked(t, onMedium(t, name))
			for _, r := range d.document() {
				d.must(d.disk.FailWrites(r.From, r.To))
			}
			r := d.wipe(exitIncomplete)
			told := false
			for _, row := range r.answer.Artifacts {
				if row.Outcome != "erased" {
					continue
				}
				if row.Code == "io_error" {
					told = row.Class == "downloads" && row.Assurance == "unlinked" && row.Count == 1
				}
			}
			if !told {
				t.Errorf("nothing says that a download was not overwritten:\n%s", r.out)
			}
			if n := r.answer.Totals.Residual; n > 0 || r.answer.Result != "incomplete" {
				t.Errorf("result %q, %d residual\n%s", r.answer.Result, n, r.out)
			}
			same(t, d.user.Home, d.home)
			d.neverClean()
			// Nothing is left to be overwritten, so that the next one is as good as its medium.
			d.back()
			d.status(exitDone)
			found := d.scan()
			others := found.Filter(func(m erasetest.Marker) bool { return m.ID != inDocument })
			if d.medium.judge(t, d.session, others); found.IDs(erasetest.Content) != 1 {
				t.Errorf("found %v, and the document is what cannot go", found)
			}
		})
	}
}

// A program of the baseline cannot be read any more: nobody can say that it is what it was.
func TestFailingDiskReads(t *testing.T) {
	for _, name := range []string{"ext4, no discard", "xfs, discard"} {
		t.Run(name, func(t *testing.T) {
			d := newDisked(t, onMedium(t, name))
			d.back()
			for _, r := range d.extents(d.path("kept/run.sh")) {
				d.must(d.disk.FailReads(r.From, r.To))
			}
			d.as(`echo trace > trace`)
			r := d.wipeSoon()
			if r.code != exitIncomplete || !r.has("residual", "unreadable") {
				t.Errorf("exit %d, want a residual that cannot be read\n%s", r.code, r.out)
			}
			if _, err := os.Lstat(d.path("trace")); err == nil {
				t.Error("the trace is still there")
			}
			d.neverClean()
			d.must(d.disk.Heal())
			d.again()
			d.back()
			d.status(exitDone)
		})
	}
}

// The disk refuses to discard: the session is gone, but nobody says that the disk has forgotten it.
func TestFailingDiskDiscards(t *testing.T) {
	for _, name := range []string{"ext4, discard", "xfs, discard", "btrfs, discard"} {
		t.Run(name, func(t *testing.T) {
			d := newDisked(t, onMedium(t, name))
			d.must(d.disk.FailDiscards(0, math.MaxInt64-sector))
			r := d.wipeSoon()
			if r.code != exitIncomplete || r.answer.Result != "incomplete" {
				t.Errorf("exit %d, result %q\n%s", r.code, r.answer.Result, r.out)
			}
			home := r.answer.Media[0]
			if !slices.Contains(home.Limits, "step_failed") && !slices.Contains(home.Limits, "discard_ignored") || !slices.Contains(home.Limits, "free_space") {
				t.Errorf("the report does not say that discarding failed: %v", home.Limits)
			}
			if home.Assurance != "unlinked" || r.hasAssurance("discarded") {
				t.Errorf("discarding failed, and the report says %q\n%s", home.Assurance, r.out)
			}
			same(t, d.user.Home, d.home)
			d.neverClean()
			d.must(d.disk.Heal())
			d.again()
			d.back()
			d.medium.judge(t, d.session, d.scan())
		})
	}
}

// A disk discards in pieces of its own size, and the kernel passes over free space that is smaller: here 4 KiB, where the
// file system has blocks of 1 KiB and the session's files lie between the baseline's. Drives have pieces of up to some MiB.
func TestFailingDiskCoarseDiscards(t *testing.T) {
	m := onMedium(t, "ext4, discard")
	m.options.Mkfs = []string{"-b", "1024"}
	mark := erasetest.Marker{Class: erasetest.Content, Seed: 1, ID: inDocument}.String()
	d := newDisked(t, m, func(d *disked) {
		// What lies in Downloads is never part of a baseline.
		d.as(`mkdir -p Downloads between; for i in {1..100}; do
			echo of the laptop | dd of=between/$i oflag=sync status=none
			echo ` + mark + ` | dd of=Downloads/$i oflag=sync status=none; done`)
	})
	r := d.wipeSoon()
	found := d.scan().Filter(func(m erasetest.Marker) bool { return m.ID == inDocument })
	t.Logf("%v, the report: exit %d, %s", found, r.code, r.answer.Media[0].Assurance)
	overclaimed(t, r.answer.Media[0], r.answer.Artifacts, found)
	d.medium.judge(t, d.session, found)
}

const sector = 512

// revive turns a dead disk off and on again: what was on its way is lost.
func (d *disked) revive() {
	d.Helper()
	d.must(d.disk.Detach())
	d.must(d.disk.Heal())
	_, err := d.disk.Attach()
	d.must(err)
	d.must(d.disk.Mount(d.user.Home, d.medium.options.FS, ""))
}

func (r result) hasAssurance(word string) bool {
	return slices.ContainsFunc(r.answer.Artifacts, func(a artifactJSON) bool { return a.Assurance == word })
}

// The disk dies in the middle of a wipe, and comes back to life: the program ends soon, does not say clean, and the next
// wipe finishes the work.
func TestFailingDiskDies(t *testing.T) {
	for name, moments := range map[string][]int64{
		"ext4, no discard": {5, 150, 290, 340}, "ext4, discard": {2, 40}, "xfs, no discard": {100}, "xfs, discard": {12}, "btrfs, discard": {20},
	} {
		t.Run(name, func(t *testing.T) {
			if !full() {
				moments = moments[len(moments)/2:][:1]
			}
			for _, n := range moments {
				d := newDisked(t, onMedium(t, name))
				d.must(d.disk.FailAfter(n))
				start := time.Now()
				r := d.wipeSoon()
				t.Logf("died after %d: exit %d after %v, %s", n, r.code, time.Since(start).Round(time.Millisecond), r.answer.Result)
				if r.code != exitIncomplete && r.code != exitError || r.answer.Result == "complete" {
					t.Errorf("exit %d, result %q\n%s", r.code, r.answer.Result, r.out)
				}
				if r.hasAssurance("overwritten") || r.hasAssurance("discarded") {
					t.Errorf("the disk died, and yet:\n%s", r.out)
				}
				d.neverClean()
				d.revive()
				d.neverClean()
				d.back()
				d.status(exitDone)
				d.medium.judge(t, d.session, d.scan())
			}
		})
	}
}
