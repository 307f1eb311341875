package give

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func content(seed uint64, n int) []byte {
	b := make([]byte, n)
	c := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = c.Read(b)
	return b
}

func document(name string, b []byte) Item {
	return Item{name, int64(len(b)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func documents(n, size int) (items []Item, contents [][]byte) {
	for i := range n {
		b := content(uint64(i+1), size)
		items, contents = append(items, document(fmt.Sprintf("scan %d.pdf", i), b)), append(contents, b)
	}
	return items, contents
}

func codes(r Result) map[Code]int {
	m := make(map[Code]int)
	for _, o := range r.Items {
		if o.Verified == (o.Code != "") {
			m["neither"]++
		}
		m[o.Code]++
	}
	return m
}

func give(t *testing.T, dir string, items []Item) Result {
	t.Helper()
	r, err := Copy(context.Background(), Target{Dir: dir}, "Documents 2026-11-24", items, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// entries are the names in a folder, lost+found aside.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range list {
		if e.Name() != "lost+found" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestHostileNames(t *testing.T) {
	dir := mounted(t, image(t, 32<<20), "")
	outside := filepath.Join(t.TempDir(), "outside")
	folder := filepath.Join(dir, "Documents 2026-11-24")
	for _, err := range []error{os.Symlink(outside, folder), os.Mkdir(folder+" (2)", 0o700), os.WriteFile(folder+" (3)", nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var items []Item
	var contents [][]byte
	for i, c := range hostile() {
		contents = append(contents, content(uint64(i), i*37))
		items = append(items, document(c[0], contents[i]))
	}
	var last Progress
	r, err := Copy(context.Background(), Target{Dir: dir}, "Documents 2026-11-24", items, func(p Progress) { last = p })
	if err != nil || !r.Complete() || r.Folder != "Documents 2026-11-24 (4)" {
		t.Fatalf("folder %q, codes %v, error %v", r.Folder, codes(r), err)
	}
	for i, o := range r.Items {
		got, err := os.ReadFile(filepath.Join(dir, r.Folder, o.Name))
		if err != nil || !bytes.Equal(got, contents[i]) {
			t.Errorf("%q as %q: %v, %d bytes", items[i].Name, o.Name, err, len(got))
		}
	}
	if n := len(entries(t, filepath.Join(dir, r.Folder))); n != len(items) {
		t.Errorf("%d files for %d documents", n, len(items))
	}
	if _, err := os.Lstat(outside); !errors.Is(err, os.ErrNotExist) {
		t.Error("a link on the medium was followed")
	}
	if last.Bytes != last.BytesTotal || last.Items != len(items) || last.ItemsTotal != len(items) {
		t.Errorf("progress ends with %+v", last)
	}
}

func TestFullMedium(t *testing.T) {
	dir := mounted(t, image(t, 16<<20), "")
	items, _ := documents(20, 1<<20)
	r := give(t, dir, items)
	if diff := cmp.Diff(map[Code]int{NoSpace: 20}, codes(r)); diff != "" || len(entries(t, dir)) != 0 || r.Folder != "" {
		t.Errorf("more than fits: %s %q", diff, entries(t, dir))
	}
	// Somebody else fills it meanwhile: what is told verified is there, what is not leaves nothing.
	items, _ = documents(8, 1<<20)
	filled := false
	r, err := Copy(context.Background(), Target{Dir: dir}, "Documents", items, func(p Progress) {
		if p.Bytes >= 2<<20 && !filled {
			filled = true
			b := make([]byte, 1<<20)
			f, err := os.Create(filepath.Join(dir, "filler"))
			for err == nil {
				_, err = f.Write(b)
			}
			_ = f.Close()
		}
	})
	got := codes(r)
	if err != nil || got[""] == 0 || got[NoSpace] == 0 || got[""]+got[NoSpace] != 8 {
		t.Fatalf("codes %v, error %v", got, err)
	}
	if n := len(entries(t, filepath.Join(dir, r.Folder))); n != got[""] {
		t.Errorf("%d files for %d verified", n, got[""])
	}
}

func TestOtherMedia(t *testing.T) {
	items, _ := documents(3, 5000)
	locked := mounted(t, image(t, 16<<20), "")
	if err := unix.Mount("", locked, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	memory := t.TempDir()
	if err := unix.Mount("tmpfs", memory, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(memory, 0)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(memory, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		want      Code
	}{
		{"read-only", locked, ReadOnly}, {"memory", memory, Cached}, {"a link", link, Gone}, {"nothing", link + "x", Gone},
	} {
		if diff := cmp.Diff(map[Code]int{c.want: 3}, codes(give(t, c.dir, items))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

type source struct {
	io.Reader
	err error
}

func (s source) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err == io.EOF && s.err != nil {
		err = s.err
	}
	return n, err
}
func (source) Close() error { return nil }

func TestSources(t *testing.T) {
	dir := mounted(t, image(t, 64<<20), "")
	reader := func(r io.ReadCloser, err error) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return r, err }
	}
	touched := filepath.Join(t.TempDir(), "touched")
	if err := os.WriteFile(touched, content(1, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	items := []Item{
		document("good.pdf", content(2, 100)),
		{"no.pdf", 10, reader(nil, errors.New("no"))},
		{"other.pdf", 10, reader(nil, fmt.Errorf("opening: %w", ErrChanged))},
		{"breaks.pdf", 10, reader(source{bytes.NewReader(make([]byte, 5)), unix.EIO}, nil)},
		{"shorter.pdf", 10, reader(source{bytes.NewReader(make([]byte, 5)), nil}, nil)},
		{"longer.pdf", 10, reader(source{bytes.NewReader(make([]byte, 50)), nil}, nil)},
		{"touched.pdf", 100, func() (io.ReadCloser, error) { return os.Open(touched) }},
		{"huge.pdf", 1 << 40, reader(nil, errors.New("not to be opened"))},
		document("large.iso", content(3, 20<<20+123)),
	}
	r, err := Copy(context.Background(), Target{Dir: dir, MaxFile: 1<<32 - 1}, "Documents", items, func(Progress) {
		_ = os.Chtimes(touched, time.Time{}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []Code
	for _, o := range r.Items {
		got = append(got, o.Code)
	}
	if diff := cmp.Diff([]Code{"", Unreadable, Changed, Unreadable, Changed, Changed, Changed, TooLarge, ""}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"good.pdf", "large.iso"}, entries(t, filepath.Join(dir, r.Folder))); diff != "" {
		t.Error(diff)
	}
}

func TestStopped(t *testing.T) {
	dir := mounted(t, image(t, 64<<20), "")
	items, _ := documents(10, 1<<20)
	for _, at := range []int64{3 << 20, 15 << 20} { // while writing, while reading back
		ctx, cancel := context.WithCancel(context.Background())
		r, err := Copy(ctx, Target{Dir: dir}, "Documents", items, func(p Progress) {
			if p.Bytes >= at {
				cancel()
			}
		})
		got := codes(r)
		if !errors.Is(err, context.Canceled) || got[Stopped] == 0 || got[""]+got[Stopped] != 10 {
			t.Errorf("stopped at %d: %v, %v", at, got, err)
		}
		if r.Folder == "" {
			if left := entries(t, dir); len(left) != 0 || got[""] != 0 {
				t.Errorf("left %q of %v", left, got)
			}
		} else if n := len(entries(t, filepath.Join(dir, r.Folder))); n != got[""] {
			t.Errorf("%d files for %d verified", n, got[""])
		}
	}
}

func TestPulledOut(t *testing.T) {
	for _, at := range []int64{4 << 20, 20 << 20} { // while writing, while reading back
		dir, pull := disk(t, image(t, 64<<20), 1<<40)
		items, _ := documents(16, 1<<20)
		pulled := false
		r, err := Copy(context.Background(), Target{Dir: dir}, "Documents", items, func(p Progress) {
			if p.Bytes >= at && !pulled {
				pulled = true
				pull()
			}
		})
		got := codes(r)
		if err != nil || got[IOError]+got[Gone] == 0 || got[IOError]+got[Gone]+got[""] != 16 || at < 16<<20 && got[""] != 0 {
			t.Errorf("pulled out at %d: %v, %v", at, got, err)
		}
		t.Logf("pulled out at %d MiB: %v", at>>20, got)
	}
}

// A medium that says it is larger than it is: writing and syncing succeed, and the cache returns what is lost.
func TestFakeCapacity(t *testing.T) {
	name := image(t, 64<<20)
	dir, _ := disk(t, name, 32<<20)
	items, contents := documents(45, 1<<20)
	r := give(t, dir, items)
	got := codes(r)
	if got[""] == 0 || got[Differs] == 0 || got[""]+got[Differs] != len(items) {
		t.Fatalf("codes %v", got)
	}
	t.Logf("fake capacity: %v", got)
	if n := len(entries(t, filepath.Join(dir, r.Folder))); n != got[""] {
		t.Errorf("%d files for %d verified", n, got[""])
	}
	// Each way of reading finds all that is lost, and reading as usual finds none of it.
	lost := make(map[way]int)
	for i := range 25 {
		file := filepath.Join(dir, fmt.Sprintf("control %d", i))
		if err := os.WriteFile(file, contents[i], 0o600); err != nil {
			break // full
		}
		for _, how := range []way{-1, wayDropped, wayDirect} {
			if read(t, file, how) != sha256.Sum256(contents[i]) {
				lost[how]++
			}
			if how == -1 { // fill the cache for the next way, too
				read(t, file, how)
			}
		}
	}
	if lost[-1] != 0 || lost[wayDropped] == 0 || lost[wayDirect] != lost[wayDropped] {
		t.Errorf("lost files as found by reading from the cache, dropped, direct: %d, %d, %d", lost[-1], lost[wayDropped], lost[wayDirect])
	}
	t.Logf("lost, found in the cache, dropped, direct: %d %d %d", lost[-1], lost[wayDropped], lost[wayDirect])
	// What is verified is there, for a computer that has never seen the medium.
	if err := unix.Unmount(dir, 0); err != nil {
		t.Fatal(err)
	}
	fresh := mounted(t, name, "ro")
	for i, o := range r.Items {
		if b, err := os.ReadFile(filepath.Join(fresh, r.Folder, o.Name)); o.Verified && (err != nil || !bytes.Equal(b, contents[i])) {
			t.Errorf("item %d is verified and lost: %v", i, err)
		}
	}
}

// read syncs and hashes a file as it comes back in one way; -1 is from the cache.
func read(t *testing.T, name string, how way) (sum [sha256.Size]byte) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if how >= 0 {
		var proved bool
		if f, proved = fresh(f, how); !proved {
			t.Fatalf("way %d does not reach the medium", how)
		}
	}
	l, err := newLane(1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.free()
	if sum, _, err = l.pump(context.Background(), f, info.Size(), func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return sum
}
