package erasetest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const mib = 1 << 20

// planted makes an image with a small session and returns it unmounted.
func planted(t *testing.T, o Options, seed uint32) (*Image, Session) {
	t.Helper()
	image := NewImage(t, o)
	session, err := Plant(filepath.Join(MountImage(t, image), "session"), seed, Small())
	if err != nil {
		t.Fatal(err)
	}
	unmount(t, image)
	return image, session
}

func unmount(t *testing.T, image *Image) {
	t.Helper()
	if err := image.Unmount(); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, path string) Counts {
	t.Helper()
	counts, err := Scan(path)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func ids(c Counts) map[Class]int {
	n := map[Class]int{}
	for _, class := range Classes() {
		n[class] = c.IDs(class)
	}
	return n
}

// What the scanner cannot find it would call erased.
func TestScanFindsAllThatWasPlanted(t *testing.T) {
	for _, o := range []Options{
		{FS: "ext4", Bytes: 64 * mib},
		{FS: "ext4", Bytes: 64 * mib, Full: true, Mkfs: []string{"-O", "inline_data"}},
		{FS: "xfs", Bytes: 300 * mib},
		{FS: "btrfs", Bytes: 128 * mib},
	} {
		t.Run(fmt.Sprintln(o.FS, o.Mkfs), func(t *testing.T) {
			image, session := planted(t, o, 1<<31+5)
			counts := scan(t, image.Path())
			got, want := ids(counts.Of(session.Seed)), session.Planted
			t.Logf("found %v", counts)
			if diff := cmp.Diff(counts, scan(t, image.Device())); diff != "" {
				t.Errorf("the device holds something else than its file (-file +device)\n%s", diff)
			}
			for class, n := range want {
				switch class { // what came and went may have been overwritten by what came later
				case Old, OldName:
					n = 1
				case Row:
					n = n * 4 / 5
				}
				if n == 0 || got[class] < n {
					t.Errorf("class %c: %d found, %d planted", class, got[class], n)
				}
			}
			if other := counts.Of(5); len(other) > 0 {
				t.Errorf("found %v of a session that never was", other)
			}
			if over := counts.Filter(session.LargerThan(3 << 10)); over.IDs(Content) == 0 || over.IDs(Content) >= got[Content] {
				t.Errorf("%d of %d files over 3 KiB", over.IDs(Content), got[Content])
			}
		})
	}
}

// Every sector of a live file must be recognized, or half an erased file would count as erased.
func TestPlantedFilesAreMarkedThroughout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "session")
	session, err := Plant(dir, 3, Small())
	if err != nil {
		t.Fatal(err)
	}
	for id, f := range session.Contents {
		data, err := os.ReadFile(filepath.Join(dir, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(data)) != f.Bytes {
			t.Errorf("file %d has %d bytes, the session says %d", id, len(data), f.Bytes)
		}
		want := Marker{Content, 3, id}.String()
		for at := 0; at < len(data); at += sector {
			if !strings.HasPrefix(string(data[at:]), want) {
				t.Fatalf("file %d at %d begins with no marker of its own", id, at)
			}
		}
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files++
		}
		for _, left := range []string{".tmp", "-journal", "-wal", "-shm"} {
			if strings.HasSuffix(path, left) {
				t.Errorf("a file with %s is left", left)
			}
		}
		return err
	})
	if p := Small(); err != nil || files != session.Files || files != p.Files+p.Large+p.Databases {
		t.Errorf("%d files, the session says %d, the plan %+v (%v)", files, session.Files, p, err)
	}
}

func TestPlansAreKept(t *testing.T) {
	for _, plan := range []Plan{
		{},
		{Files: 7, LongAttrs: 3, Replaced: 2},
		{Large: 1, MaxLarge: 3 * mib, Links: 3, Deleted: 3},
		{Files: 33, Large: 3, MaxLarge: sector, LongAttrs: 1, Databases: 1, Rows: 10, Replaced: 33},
	} {
		session, err := Plant(filepath.Join(t.TempDir(), "session"), 4, plan)
		if err != nil {
			t.Fatal(err)
		}
		long := min(plan.LongAttrs, plan.Files-plan.Replaced)
		want := map[Class]int{
			Content: plan.Files + plan.Large, XAttr: long + plan.Large, Old: plan.Replaced + plan.Deleted + plan.Databases,
			OldName: plan.Replaced + plan.Deleted, Link: plan.Links, Row: plan.Databases * plan.Rows,
		}
		for class, n := range want {
			if got := session.Planted[class]; got != n {
				t.Errorf("%+v: %d of class %c, want %d", plan, got, class, n)
			}
		}
		if plan.Large == 1 && session.Bytes != plan.MaxLarge {
			t.Errorf("%+v: %d bytes", plan, session.Bytes)
		}
	}
}

func TestScanOfAnEmptyImage(t *testing.T) {
	image := NewImage(t, Options{FS: "ext4", Bytes: 64 * mib})
	MountImage(t, image)
	unmount(t, image)
	if counts := scan(t, image.Path()); counts.String() != "0" {
		t.Errorf("found %v", counts)
	}
}

func TestScanAcrossBoundariesAndHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := Counts{}
	id := 0
	put := func(at int64, order func(uint16) []byte) {
		m := Marker{Content, 77, id}
		id++
		text := []byte(m.String())
		if order != nil {
			text = nil
			for _, u := range utf16.Encode([]rune(m.String())) {
				text = append(text, order(u)...)
			}
		}
		if _, err := f.WriteAt(text, at); err != nil {
			t.Fatal(err)
		}
		want[m]++
	}
	little := func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }
	big := func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }
	put(0, nil)
	for n := range int64(60) { // each way of lying across the end of a buffer
		for i, order := range []func(uint16) []byte{nil, little, big} {
			put((3*n+int64(i)+1)*scanChunk-n, order)
		}
	}
	end := int64(900 * mib)
	put(end-int64(markerLen), nil) // to the last byte, behind holes
	if _, err := f.WriteAt([]byte("qz7Cqz7C00000001q\x00z\x00"), end); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, scan(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The figures that a wipe is compared with.
func TestWhatToolsLeave(t *testing.T) {
	Need(t, "fstrim", "shred", "bleachbit")
	golden, _ := planted(t, Options{FS: "ext4", Bytes: 96 * mib, Full: true}, 9)
	for _, c := range []struct {
		tool       string
		discard    bool
		gone, left []Class
	}{
		{Rm, false, nil, []Class{Content, Name, XAttr, Old}},
		{Shred, false, []Class{Content}, []Class{Old}},
		{BleachBit, false, nil, []Class{Old}},
		{RmTrim, true, []Class{Content, Old}, nil},
	} {
		t.Run(c.tool, func(t *testing.T) {
			image := CloneImage(t, golden, c.discard)
			before, err := image.Stats()
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(MountImage(t, image), "session")
			took, err := RunTool(t.Context(), c.tool, dir)
			if err != nil {
				t.Fatal(err)
			}
			unmount(t, image)
			after, err := image.Stats()
			if err != nil {
				t.Fatal(err)
			}
			counts := scan(t, image.Path())
			done := after.Sub(before)
			t.Logf("%s in %v, %+v, left %v", c.tool, took, done, counts)
			for _, class := range c.gone {
				if n := counts.IDs(class); n > 0 {
					t.Errorf("class %c: %d left", class, n)
				}
			}
			for _, class := range c.left {
				if counts.IDs(class) == 0 {
					t.Errorf("class %c: nothing left", class)
				}
			}
			if done.Flushes == 0 || done.Written == 0 || (done.Discards > 0) != c.discard {
				t.Errorf("the device counted %+v", done)
			}
		})
	}
}

// A loop number without its discard limit would make later tests of others fail in ways that nobody understands.
func TestLoopDevicesAreGivenBack(t *testing.T) {
	Need(t, "mkfs.ext4")
	path := filepath.Join(t.TempDir(), "image")
	if err := Make(t.Context(), path, Options{FS: "ext4", Bytes: 16 * mib}); err != nil {
		t.Fatal(err)
	}
	for _, discard := range []bool{false, true, false} {
		image, err := Attach(path, discard)
		if err != nil {
			t.Fatal(err)
		}
		device := image.Device()
		if err := image.Mount(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		if err := image.Close(); err != nil {
			t.Fatal(err)
		}
		if err := image.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
		for _, gone := range []string{device, "/sys/block/" + filepath.Base(device)} {
			if _, err := os.Lstat(gone); err == nil {
				t.Errorf("%s is still there", gone)
			}
		}
	}
}

// Tests of several packages, or several processes, may attach at the same time.
func TestAttachAtOnce(t *testing.T) {
	Need(t, "mkfs.ext4")
	var all sync.WaitGroup
	for n := range 6 {
		path := filepath.Join(t.TempDir(), "image")
		if err := Make(t.Context(), path, Options{FS: "ext4", Bytes: 4 * mib}); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range 4 {
				image, err := Attach(path, n%2 == 0)
				if err != nil {
					t.Error(err)
					return
				}
				limit, err := os.ReadFile(image.loop.sys("queue/discard_max_bytes"))
				if takes := string(limit) != "0\n"; err != nil || takes != (n%2 == 0) {
					t.Errorf("image %d takes discards: %v (%v)", n, takes, err)
				}
				if err := image.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
