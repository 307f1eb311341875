package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// medium is what a home can lie on, with what must be gone from it after a wipe.
type medium struct {
	name    string
	options erasetest.Options

	// gone are the classes of which nothing may be found in the raw image.
	gone []erasetest.Class
	// tiny is up to which size contents may remain, in bytes; -1: none.
	tiny int64
}

func diskKinds() []medium {
	all := erasetest.Classes()
	live := []erasetest.Class{erasetest.Content, erasetest.Name, erasetest.XAttr, erasetest.OldName}
	// As a large disk has them: a small one gets smaller blocks, of which a device would not discard single ones.
	blocks := []string{"-b", "4096"}
	inline := append([]string{"-O", "inline_data", "-I", "512"}, blocks...)
	list := []medium{
		{name: "ext4, discard", options: erasetest.Options{FS: "ext4", Bytes: 192 << 20, Mkfs: blocks, Discard: true}, gone: all, tiny: -1},
		{name: "ext4, no discard", options: erasetest.Options{FS: "ext4", Bytes: 192 << 20, Mkfs: blocks}, gone: live, tiny: -1},
		{name: "ext4, coarse discard", options: erasetest.Options{FS: "ext4", Bytes: 192 << 20, Discard: true}, gone: live, tiny: -1},
		{name: "ext4 with inline data, discard", gone: live, tiny: -1, options: erasetest.Options{
			FS: "ext4", Bytes: 192 << 20, Discard: true, Mkfs: inline}},
		{name: "ext4 with inline data, no discard", gone: live, tiny: -1, options: erasetest.Options{
			FS: "ext4", Bytes: 192 << 20, Mkfs: inline}},
		{name: "xfs, discard", options: erasetest.Options{FS: "xfs", Bytes: 320 << 20, Discard: true}, tiny: -1,
			gone: []erasetest.Class{erasetest.Content, erasetest.Old, erasetest.Row}},
		{name: "xfs, no discard", options: erasetest.Options{FS: "xfs", Bytes: 320 << 20}, tiny: -1,
			gone: []erasetest.Class{erasetest.Content}},
		{name: "btrfs, discard", options: erasetest.Options{FS: "btrfs", Bytes: 256 << 20, Discard: true}, tiny: 3 << 10,
			gone: []erasetest.Class{erasetest.Content}},
	}
	for i := range list {
		if full() {
			list[i].options.Bytes = 1 << 30
		}
	}
	return list
}

// What a wipe leaves on the medium itself, and what its report says of that. Beside it stands what the tools leave that
// people use.
func TestResidueOnTheMedium(t *testing.T) {
	erasetest.Need(t, "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "shred", "bleachbit", "fstrim")
	for _, m := range diskKinds() {
		t.Run(m.name, func(t *testing.T) {
			r := newResidue(t, m)
			for _, tool := range []string{erasetest.Rm, erasetest.Shred, erasetest.BleachBit} {
				t.Logf("%-34s %-16s %v", m.name, tool, r.tool(tool))
			}
			after, told := r.wipe()
			t.Logf("%-34s %-16s %v", m.name, "ipguard", after)
			m.judge(t, r.session, after)
			if len(told.answer.Media) == 0 {
				t.Fatal("the report says nothing about the medium")
			}
			overclaimed(t, told.answer.Media[0], told.answer.Artifacts, after)
		})
	}
}

// residue is a home on an image of its own, with a session in it that can be erased again and again.
type residue struct {
	*laptop
	medium  medium
	golden  *erasetest.Image
	session erasetest.Session
}

func newResidue(t *testing.T, m medium) *residue {
	t.Helper()
	r := &residue{laptop: newLaptop(t), medium: m}
	r.privateMounts()
	aside := r.user.Home + ".aside"
	r.program("cp", "-a", r.user.Home, aside)
	t.Cleanup(func() { os.RemoveAll(aside) })
	r.golden = erasetest.NewImage(t, m.options)
	r.must(r.golden.Mount(r.user.Home))
	r.program("cp", "-a", "-T", aside, r.user.Home)
	r.enroll()
	r.session = r.plant()
	r.must(r.golden.Unmount())
	return r
}

// program runs a program.
func (r *residue) program(name string, args ...string) { r.laptop.tool(name, args...) }

// plant makes the account's session.
func (r *residue) plant() erasetest.Session {
	r.Helper()
	plan := erasetest.Small()
	if full() {
		plan = erasetest.Reference()
	}
	dir := r.path("session")
	s, err := erasetest.Plant(dir, 1, plan)
	r.must(err)
	r.program("chown", "-R", "--no-dereference", fmt.Sprintf("%d:%d", r.user.UID, r.user.GID), dir)
	return s
}

// tool erases the session of a copy with a tool and returns what is found on the medium.
func (r *residue) tool(name string) erasetest.Counts {
	r.Helper()
	image := erasetest.CloneImage(r.TB, r.golden, r.medium.options.Discard)
	r.must(image.Mount(r.user.Home))
	_, err := erasetest.RunTool(r.Context(), name, r.path("session"))
	r.must(err)
	return r.scan(image)
}

// wipe erases the session of a copy with ipguard and returns what is found on the medium, after it was unmounted.
func (r *residue) wipe() (erasetest.Counts, result) {
	r.Helper()
	image := erasetest.CloneImage(r.TB, r.golden, r.medium.options.Discard)
	r.must(image.Mount(r.user.Home))
	told := r.laptop.wipe(exitDone)
	// Discards were waited for: the medium shows at once what it shows later. Only what is discarded is looked at, since
	// the file system's own blocks are written when it likes.
	at, err := erasetest.Scan(image.Path())
	r.must(err)
	after := r.scan(image)
	if r.medium.options.Discard {
		if now, later := at.IDs(erasetest.Content), after.IDs(erasetest.Content); now > later {
			r.Errorf("when the report was printed %d contents were still on the medium, later %d", now, later)
		}
	}
	return after, told
}

func (r *residue) scan(image *erasetest.Image) erasetest.Counts {
	r.Helper()
	r.must(image.Unmount())
	c, err := erasetest.Scan(image.Path())
	r.must(err)
	return c.Of(r.session.Seed)
}

// judge fails the test if something is found that must be gone.
func (m medium) judge(t *testing.T, s erasetest.Session, found erasetest.Counts) {
	t.Helper()
	if m.tiny >= 0 {
		if left := found.Filter(s.LargerThan(m.tiny)); len(left) > 0 {
			t.Errorf("contents of more than %d bytes are left: %v", m.tiny, left)
		}
		return
	}
	for _, class := range m.gone {
		if n := found.IDs(class); n > 0 {
			t.Errorf("%d of class %c are left", n, class)
		}
	}
}

// overclaimed fails the test if the report says more than the raw medium shows.
func overclaimed(t *testing.T, home mediumJSON, rows []artifactJSON, found erasetest.Counts) {
	t.Helper()
	t.Logf("the report: %s, but %s", home.Assurance, strings.Join(home.Limits, ", "))
	limit := func(name string) bool { return slices.Contains(home.Limits, name) }
	contents := found.IDs(erasetest.Content)
	if home.Assurance != "unlinked" && contents > 0 && !limit("small_files") {
		t.Errorf("the report says %q, and %d contents are there", home.Assurance, contents)
	}
	for _, c := range []struct {
		limit   string
		classes []erasetest.Class
	}{
		{"names", []erasetest.Class{erasetest.Name, erasetest.OldName, erasetest.XAttr}},
		{"free_space", []erasetest.Class{erasetest.Old, erasetest.Row}},
	} {
		for _, class := range c.classes {
			if class == erasetest.Old && limit("small_files") {
				continue
			}
			if n := found.IDs(class); n > 0 && !limit(c.limit) {
				t.Errorf("the report does not say that %s may remain, and %d of class %c do", c.limit, n, class)
			}
		}
	}
	weaker := 0
	for _, row := range rows {
		if row.Outcome == "erased" && row.Assurance == "unlinked" {
			weaker += row.Count
		}
	}
	if n := found.IDs(erasetest.Link); n > weaker && !limit("names") {
		t.Errorf("%d link targets are there, and the report says of %d entries only that they were unlinked", n, weaker)
	}
}

// A home in memory leaves nothing on any disk.
func TestResidueOfMemory(t *testing.T) {
	for _, upper := range []string{"tmpfs", "overlay"} {
		t.Run(upper, func(t *testing.T) {
			r := &residue{laptop: newLaptop(t)}
			r.privateMounts()
			lower := erasetest.NewImage(t, erasetest.Options{FS: "ext4", Bytes: 64 << 20})
			dir := t.TempDir()
			r.must(lower.Mount(dir))
			r.program("cp", "-a", "-T", r.user.Home, filepath.Join(dir))
			memory := t.TempDir()
			r.mount("tmpfs", memory, "tmpfs", 0, "size=128m,mode=755")
			if upper == "overlay" {
				for _, sub := range []string{"upper", "work"} {
					r.must(os.Mkdir(filepath.Join(memory, sub), 0o755))
				}
				r.must(os.Chown(filepath.Join(memory, "upper"), int(r.user.UID), int(r.user.GID)))
				r.mount("overlay", r.user.Home, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", dir, memory, memory))
			} else {
				r.program("cp", "-a", "-T", r.user.Home, memory)
				r.mount(memory, r.user.Home, "", unix.MS_BIND, "")
			}
			r.enroll()
			r.session = r.plant()
			told := r.laptop.wipe(exitDone)
			if _, err := os.Lstat(r.path("session")); err == nil {
				t.Error("the session is still there")
			}
			r.must(unix.Unmount(r.user.Home, 0))
			after := r.scan(lower)
			t.Logf("%-16s ipguard %v", upper, after)
			if len(after) > 0 {
				t.Errorf("found on disk: %v", after)
			}
			if got := told.answer.Media[0].Assurance; got != "memory_only" {
				t.Errorf("the report says %q, want memory_only", got)
			}
		})
	}
}

// At the end of the day what was deleted before goes too, and on btrfs the names and the smallest contents.
func TestResidueAtTheEndOfTheDay(t *testing.T) {
	all := erasetest.Classes()
	for _, m := range []medium{
		{name: "btrfs, discard", options: erasetest.Options{FS: "btrfs", Bytes: 256 << 20, Discard: true}, tiny: -1, gone: all},
		{name: "ext4, discard", options: erasetest.Options{FS: "ext4", Bytes: 192 << 20, Discard: true, Mkfs: []string{"-b", "4096"}}, tiny: -1, gone: all},
		{name: "ext4, no discard", options: erasetest.Options{FS: "ext4", Bytes: 192 << 20}, tiny: -1, gone: all},
		{name: "xfs, no discard", options: erasetest.Options{FS: "xfs", Bytes: 320 << 20}, tiny: -1,
			gone: []erasetest.Class{erasetest.Content, erasetest.Old, erasetest.Row, erasetest.XAttr}},
	} {
		t.Run(m.name, func(t *testing.T) {
			r := newResidue(t, m)
			image := erasetest.CloneImage(t, r.golden, m.options.Discard)
			r.must(image.Mount(r.user.Home))
			if in := r.ipguard("wipe", "--free-space", "--account", r.user.Name); in.code != exitRefused {
				t.Errorf("free space in the middle of a session: exit %d, want %d\n%s", in.code, exitRefused, in.out)
			}
			r.laptop.wipe(exitDone)
			before := snapshot(t, r.user.Home)
			clean := r.ipguard("wipe", "--free-space", "--reserve", "16MB", "--account", r.user.Name)
			if clean.code != exitDone {
				t.Fatalf("free space: exit %d\n%s%s", clean.code, clean.out, clean.err)
			}
			same(t, r.user.Home, before)
			r.status(exitDone)
			after := r.scan(image)
			t.Logf("%-34s ipguard --free-space %v\n%s", m.name, after, lastLine(clean.out))
			m.judge(t, r.session, after)
			var told struct {
				Volumes []freeSpaceVolumeJSON `json:"volumes"`
			}
			r.must(json.Unmarshal([]byte(lastLine(clean.out)), &told))
			overclaimed(t, told.Volumes[0].mediumJSON, nil, after)
		})
	}
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}
