package erase_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/erase"
	"ipguard/wipe/erase/erasetest"
	"ipguard/wipe/walk"
)

// bench is a folder on a small image without discard, and the eraser at work there.
type bench struct {
	*testing.T
	image  *erasetest.Image
	dir    string
	top    *walk.Dir
	volume *erase.Volume
}

func newBench(t *testing.T) *bench {
	t.Helper()
	image := erasetest.NewImage(t, erasetest.Options{FS: "ext4", Bytes: 192 << 20, Mkfs: []string{"-b", "4096"}})
	b := &bench{T: t, image: image, dir: erasetest.MountImage(t, image)}
	var done func()
	b.volume, done = erase.Open(b.dir, erase.Terms{Privileged: true})
	t.Cleanup(done)
	top, err := walk.Open(b.dir)
	b.must(err)
	b.top = top
	t.Cleanup(func() { b.top.Close() })
	if !b.volume.Method.Overwrite {
		t.Fatal("nothing is overwritten here")
	}
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// file makes a file that is on the medium.
func (b *bench) file(name string, size int) string {
	b.Helper()
	path := filepath.Join(b.dir, name)
	b.must(os.WriteFile(path, bytes.Repeat([]byte("content."), size/8), 0o600))
	b.sync()
	return path
}

func (b *bench) sync() {
	f, err := os.Open(b.dir)
	b.must(err)
	defer f.Close()
	b.must(unix.Syncfs(int(f.Fd())))
}

// erase overwrites and removes one file as a wipe does, and returns what is told of it.
func (b *bench) erase(name string) []wipe.Result {
	b.Helper()
	info, err := b.top.Stat(name)
	b.must(err)
	o := b.volume.Overwriter()
	(&erase.Remover{Top: b.top, Volume: b.volume, Overwriter: o}).Remove(b.Context(), b.top, name, info, catalog.Match{})
	b.volume.Flush()
	if info, err = b.top.Stat(name); err != nil {
		b.Fatal(err)
	}
	tally := &erase.Tally{}
	(&erase.Remover{Top: b.top, Volume: b.volume, Tally: tally, Root: true}).Remove(b.Context(), b.top, name, info, catalog.Match{})
	b.volume.Settle(b.Context(), nil)
	return tally.Results()
}

// notStrong fails the test if the file is told as overwritten.
func (b *bench) notStrong(results []wipe.Result) {
	b.Helper()
	for _, r := range results {
		if r.Outcome == wipe.Erased && r.Assurance != wipe.Unlinked {
			b.Errorf("told as %s, code %q", r.Assurance, r.Code)
		}
	}
}

// Somebody appends to a large file while its beginning is being written over, and closes it before the end of it is
// reached; he had it open before, or opens it only then. What he wrote is on the medium, so that nobody may say that the
// file was overwritten.
func TestAppendedWhileOverwritten(t *testing.T) {
	for _, before := range []bool{true, false} {
		b := newBench(t)
		path := b.file("held", 96<<20)
		var held *os.File
		var err error
		if before {
			held, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
			b.must(err)
		}
		var appended sync.WaitGroup
		start := make(chan struct{})
		appended.Go(func() {
			<-start
			if held == nil {
				time.Sleep(5 * time.Millisecond)
				if held, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0); err != nil {
					return // too late: it is gone
				}
			}
			defer held.Close()
			for begin := make([]byte, 8); ; time.Sleep(50 * time.Microsecond) {
				if _, err := held.ReadAt(begin, 0); err != nil || string(begin) != "content." {
					break
				}
			}
			if _, err := held.WriteString(strings.Repeat("appended", 4096)); err != nil {
				t.Error(err)
			}
		})
		close(start)
		results := b.erase("held")
		appended.Wait()
		b.notStrong(results)
	}
}

// Memory that a program shares with a file is written to without a system call, so that the file's times do not always
// tell.
func TestMappedWhileOverwritten(t *testing.T) {
	for range 12 { // how often it is told wrongly depends on the moment
		b := newBench(t)
		f, err := os.OpenFile(b.file("mapped", 64<<10), os.O_RDWR, 0)
		b.must(err)
		m, err := unix.Mmap(int(f.Fd()), 0, 64<<10, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		b.must(err)
		b.must(f.Close())
		text, stop := bytes.Clone(m), make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			defer unix.Munmap(m)
			for {
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Millisecond):
					copy(m, text)
				}
			}
		})
		results := b.erase("mapped")
		close(stop)
		writer.Wait()
		b.notStrong(results)
	}
}

// Between looking at a name and opening it, somebody puts another file there. What that one holds is not touched: it may
// be one that the account does not own, in a folder that all share.
func TestExchangedBeforeOverwriting(t *testing.T) {
	b := newBench(t)
	b.file("name", 8000)
	other := b.file("of others", 8000)
	info, err := b.top.Stat("name")
	b.must(err)
	b.must(os.Rename(other, filepath.Join(b.dir, "name")))
	o := b.volume.Overwriter()
	o.Entry(t.Context(), b.top, "name", info)
	b.volume.Flush()
	content, err := os.ReadFile(filepath.Join(b.dir, "name"))
	b.must(err)
	if !bytes.Equal(content, bytes.Repeat([]byte("content."), 1000)) {
		t.Error("a file was written over that nobody had decided about")
	}
}
