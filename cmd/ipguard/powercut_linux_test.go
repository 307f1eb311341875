package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ipguard/agent/state"
	"ipguard/wipe/erase/disktest"
	"ipguard/wipe/erase/erasetest"
)

// disked is an enrolled account whose home is a disk that sees everything and can fail, with a session in it.
type disked struct {
	*trial
	medium  medium
	disk    *disktest.Disk
	session erasetest.Session
}

// inBaseline marks the session's additions to files of the baseline.
const inBaseline = 900_000

// newDisked makes one; before the account is enrolled it is prepared.
func newDisked(t *testing.T, m medium, prepare ...func(*disked)) *disked {
	t.Helper()
	d := &disked{trial: &trial{laptop: newLaptop(t)}, medium: m}
	aside := d.user.Home + ".aside"
	d.tool("cp", "-a", d.user.Home, aside)
	var err error
	d.disk, err = disktest.New(d.folder(), m.options.Bytes, disktest.Options{NoDiscard: !m.options.Discard})
	d.must(err)
	t.Cleanup(func() {
		if err := d.disk.Close(); err != nil {
			t.Errorf("giving the disk back: %v", err)
		}
	})
	device, err := d.disk.Attach()
	d.must(err)
	args := append([]string{"-q"}, m.options.Mkfs...)
	switch m.options.FS {
	case "ext4":
		args = append(args, "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0") // else the kernel goes on writing
	default:
		args = append(args, "-f")
	}
	d.tool("mkfs."+m.options.FS, append(args, device)...)
	d.must(d.disk.Mount(d.user.Home, m.options.FS, ""))
	d.tool("cp", "-a", "-T", aside, d.user.Home)
	d.tool("rm", "-r", aside)
	for _, p := range prepare {
		p(d)
	}
	d.trial = enrolled(d.laptop)
	d.session, err = erasetest.Plant(d.path("session"), 1, erasetest.Small())
	d.must(err)
	d.tool("chown", "-R", "--no-dereference", fmt.Sprintf("%d:%d", d.user.UID, d.user.GID), d.path("session"))
	mark := erasetest.Marker{Class: erasetest.Content, Seed: d.session.Seed, ID: inBaseline}
	d.as(`for f in kept/f* kept/deep/f*; do echo ` + mark.String() + ` >> $f; done
		rm -r .config kept/run.sh; mkdir kept/run.sh; touch kept; echo evil >> .bashrc`)
	d.again()
	return d
}

// again mounts the disk anew, as after a restart: what the file system remembers of the session is forgotten.
func (d *disked) again() {
	d.Helper()
	d.must(d.disk.Unmount(d.user.Home))
	d.must(d.disk.Mount(d.user.Home, d.medium.options.FS, ""))
}

// folder makes a folder for images that goes with the test.
func (l *laptop) folder() string {
	l.Helper()
	dir, err := os.MkdirTemp("", "ipgt-disk-")
	l.must(err)
	l.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A power cut at any moment of a wipe: the next wipe leaves as little on the medium as one that nobody interrupted. On a
// medium without discard nobody can find again what was given back before it was overwritten, so that this shows whether
// the order of the steps is right.
func TestPowerCut(t *testing.T) {
	erasetest.Need(t, "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")
	for _, m := range diskKinds() {
		if (strings.Contains(m.name, "inline") || strings.Contains(m.name, "coarse")) && !full() {
			continue // small variations, for the long run
		}
		t.Run(m.name, func(t *testing.T) {
			o := newOutage(t, m)
			start, n := time.Now(), 3
			if full() {
				n = 60
			}
			for _, c := range o.choose(n) {
				o.try(c)
			}
			t.Logf("%d cuts of %d operations in %v", n, len(o.ops), time.Since(start).Round(time.Second))
		})
	}
}

// outage is the log of a wipe that can be cut anywhere.
type outage struct {
	*disked
	base  string        // the disk before the wipe
	ops   []disktest.Op // what the wipe did to it
	saved string        // the state folder before the wipe
	dir   string        // for images
}

func newOutage(t *testing.T, m medium) *outage {
	t.Helper()
	o := &outage{disked: newDisked(t, m), dir: t.TempDir()}
	o.base, o.saved = filepath.Join(o.dir, "base"), filepath.Join(filepath.Dir(o.state), "saved")
	o.tool("cp", "-a", o.state, o.saved)
	o.must(o.disk.Record(o.base))
	told := o.wipe(exitDone)
	o.must(o.disk.Stop())
	same(t, o.user.Home, o.home)
	o.must(o.disk.Detach())
	var err error
	o.ops, err = o.disk.Ops()
	o.must(err)
	found, err := erasetest.Scan(o.disk.Image())
	o.must(err)
	t.Logf("not cut: %v, the report: %s", found.Of(o.session.Seed), told.answer.Media[0].Assurance)
	m.judge(t, o.session, found.Of(o.session.Seed))
	// From here on the home is looked at through images, in a mount name space that takes its mounts along.
	o.privateMounts()
	return o
}

// cut is a moment at which the power goes; the seed says what of the last writes reaches the medium, 0: everything.
type cut struct {
	at   int
	seed uint64
}

// choose draws moments of all stages of the wipe: between two flushes lies a stage, however many writes it has.
func (o *outage) choose(n int) []cut {
	var stages [][2]int
	from := 0
	for i, op := range o.ops {
		if op.Kind == disktest.Flush {
			if i > from {
				stages = append(stages, [2]int{from, i})
			}
			from = i
		}
	}
	if from < len(o.ops) {
		stages = append(stages, [2]int{from, len(o.ops)})
	}
	cuts := make([]cut, n)
	for i := range cuts {
		s := stages[int((float64(i)+rand.Float64())*float64(len(stages))/float64(n))]
		cuts[i].at = s[0] + 1 + rand.IntN(s[1]-s[0])
		if i%3 != 0 {
			cuts[i].seed = 1 + rand.Uint64N(1<<32)
		}
	}
	return cuts
}

// try puts the home and the state back to the moment of the cut and wipes again.
func (o *outage) try(c cut) {
	o.Helper()
	failed := o.Failed()
	path := filepath.Join(o.dir, "cut")
	o.must(o.disk.Replay(o.base, c.at, c.seed, path))
	defer os.Remove(path)
	o.wiping()
	image, err := erasetest.Attach(path, o.medium.options.Discard)
	o.must(err)
	defer func() { o.must(image.Close()) }()
	o.must(image.Mount(o.user.Home))
	if r := o.status(exitNotClean); r.answer.State == "clean" || r.answer.State == "" {
		o.Errorf("after the cut the status says %q", r.answer.State)
	}
	o.back()
	o.must(image.Unmount())
	found, err := erasetest.Scan(path)
	o.must(err)
	o.medium.judge(o.TB.(*testing.T), o.session, found.Of(o.session.Seed))
	if o.Failed() && !failed {
		o.Errorf("cut after %d of %d, seed %d: %v", c.at, len(o.ops), c.seed, found.Of(o.session.Seed))
	}
}

// wiping makes the state what it is during a wipe.
func (o *outage) wiping() {
	o.Helper()
	o.must(os.RemoveAll(o.state))
	o.tool("cp", "-a", o.saved, o.state)
	dir, err := state.Open(o.state)
	o.must(err)
	a, err := dir.Account(strconv.Itoa(int(o.user.UID)))
	o.must(err)
	r, err := a.Load()
	o.must(err)
	r.State = state.Wiping
	o.must(a.Save(r))
}
