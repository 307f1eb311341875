package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

func TestPace(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name    string
		events  []time.Duration // since the start
		took    time.Duration   // what each reading takes
		pouring bool
		want    []time.Duration // when readings begin
	}{
		{"nothing", nil, ms, false, nil},
		{"one", []time.Duration{0}, ms, false, []time.Duration{300 * ms}},
		{"some", []time.Duration{0, 200 * ms, 400 * ms}, ms, false, []time.Duration{700 * ms}},
		{"all the time", every(100*ms, 5000*ms), ms, false, []time.Duration{2000 * ms, 4000 * ms, 6000 * ms}},
		{"one after a reading", []time.Duration{0, 400 * ms}, ms, false, []time.Duration{300 * ms, 2300 * ms}},
		{"long readings", []time.Duration{0, 1000 * ms}, 500 * ms, false, []time.Duration{300 * ms, 5300 * ms}},
		{"very long readings", []time.Duration{0, 1000 * ms}, 5000 * ms, false, []time.Duration{300 * ms, 30300 * ms}},
		{"pouring", every(100*ms, 60_000*ms), ms, true, []time.Duration{2000 * ms, 4000 * ms, 8000 * ms, 16_000 * ms, 32_000 * ms, 62_000 * ms}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pace{quiet: 300 * ms, most: 2000 * ms, longest: 30_000 * ms}
			start := time.Unix(0, 0)
			var got []time.Duration
			read := func(until time.Time) {
				for at, ok := p.next(); ok && !at.After(until); at, ok = p.next() {
					got = append(got, at.Sub(start))
					p.begin()
					p.done(at, at.Add(tt.took), tt.pouring)
				}
			}
			for _, e := range tt.events {
				read(start.Add(e))
				p.mark(start.Add(e))
			}
			read(start.Add(time.Hour))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func every(step, until time.Duration) (all []time.Duration) {
	for at := time.Duration(0); at < until; at += step {
		all = append(all, at)
	}
	return all
}

// fake is a kernel that says what a test lets it say. Nothing is watched for real.
type fake struct {
	mu       sync.Mutex
	names    map[string]bool
	events   chan fsnotify.Event
	failures chan error
	dials    int
	refuse   error // Add
}

func (f *fake) dial() (stream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names, f.dials = map[string]bool{}, f.dials+1
	f.events, f.failures = make(chan fsnotify.Event), make(chan error)
	return stream{kernel: f, events: f.events, failures: f.failures}, nil
}

func (f *fake) Add(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.names[name] = true
	return nil
}

func (f *fake) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.names, name)
	return nil
}

func (f *fake) WatchList() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.names {
		all = append(all, name)
	}
	return all
}

func (f *fake) Close() error { return nil }

// bubble runs a test with a clock of its own, on an account whose only folder is watched by a fake.
func bubble(t *testing.T, active bool, test func(t *testing.T, b *bubbled)) {
	home := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bubbled{T: t, dir: filepath.Join(home, "Downloads"), w: New(Options{}), out: make(chan Change)}
		b.must(os.MkdirAll(b.dir, 0o755))
		b.w.dial = b.dial
		b.w.seen = func(pass) { b.passes.Add(1) }
		b.acct = Account{ID: "1000", Home: home, Active: active}
		b.acct.Folders = func(context.Context) ([]Folder, error) {
			return []Folder{{"Downloads", wipe.ClassDownloads}}, b.trouble
		}
		b.w.Set([]Account{b.acct})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.w.Run(ctx, b.out) }()
		defer func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		<-b.out
		synctest.Wait()
		b.passes.Store(0)
		test(t, b)
	})
}

type bubbled struct {
	*testing.T
	fake
	dir     string
	w       *Watcher
	out     chan Change
	acct    Account
	passes  atomic.Int64
	trouble error
}

func (b *bubbled) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// create makes a file and tells of it as the kernel would, through the watch of its folder.
func (b *bubbled) create(name string) {
	b.Helper()
	b.must(os.WriteFile(filepath.Join(b.dir, name), nil, 0o600))
	for _, watched := range b.WatchList() { // the home's makes nothing of it
		b.events <- fsnotify.Event{Name: watched + string(os.PathSeparator) + "." + name, Op: fsnotify.Create}
	}
}

// While nothing happens nothing runs, not in a day.
func TestNothingRunsWhileNothingHappens(t *testing.T) {
	bubble(t, true, func(t *testing.T, b *bubbled) {
		time.Sleep(24 * time.Hour)
		if n := b.passes.Load(); n != 0 {
			t.Errorf("%d readings", n)
		}
	})
}

// A file is told after the quiet time, a stream of them every two seconds, whoever takes the changes or does not.
func TestChangesAreDebounced(t *testing.T) {
	bubble(t, true, func(t *testing.T, b *bubbled) {
		time.Sleep(time.Minute)
		start := time.Now()
		b.create("first")
		c := <-b.out
		if took := time.Since(start); took != 300*time.Millisecond || c.New[wipe.ClassDownloads] != 1 || !c.Used {
			t.Errorf("%+v after %v", c, took)
		}
		start = time.Now()
		for i := range 200 {
			b.create(strconv.Itoa(i))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if c := <-b.out; c.New[wipe.ClassDownloads] != 201 {
			t.Errorf("%+v", c)
		}
		if n, most := b.passes.Load(), 2+int64(time.Since(start)/(2*time.Second)); n > most {
			t.Errorf("%d readings, want %d at most", n, most)
		}
	})
}

// Lost events, an error and the end of the connection each lead to a reading of everything, and the last two to a new
// connection, not faster than readings may follow each other.
func TestConnectionFails(t *testing.T) {
	bubble(t, true, func(t *testing.T, b *bubbled) {
		b.must(os.WriteFile(filepath.Join(b.dir, "one"), nil, 0o600)) // nothing tells of it
		b.failures <- fsnotify.ErrEventOverflow
		if c := <-b.out; c.New[wipe.ClassDownloads] != 1 || !c.Used || b.dials != 1 {
			t.Errorf("%+v, %d connections", c, b.dials)
		}
		b.must(os.WriteFile(filepath.Join(b.dir, "two"), nil, 0o600))
		b.failures <- errors.New("injected")
		if c := <-b.out; c.New[wipe.ClassDownloads] != 2 || b.dials != 2 {
			t.Errorf("%+v, %d connections", c, b.dials)
		}
		start := time.Now()
		for i := range 5 {
			b.must(os.WriteFile(filepath.Join(b.dir, "three"+strconv.Itoa(i)), nil, 0o600))
			close(b.events)
			<-b.out
		}
		if took := time.Since(start); b.dials != 7 || took < 8*time.Second {
			t.Errorf("%d connections in %v", b.dials, took)
		}
	})
}

// What a fake system refuses to watch is read every thirty seconds while somebody uses the account, and not otherwise.
func TestScanWhileActive(t *testing.T) {
	bubble(t, true, func(t *testing.T, b *bubbled) {
		b.mu.Lock()
		b.refuse = errors.New("injected: no space for a watch")
		b.mu.Unlock()
		b.failures <- errors.New("injected")
		if c := <-b.out; !c.Scanned || c.Watched != 0 {
			t.Errorf("%+v", c)
		}
		start := time.Now()
		b.must(os.WriteFile(filepath.Join(b.dir, "one"), nil, 0o600))
		if c := <-b.out; c.New[wipe.ClassDownloads] != 1 || !c.Used || !c.Scanned || time.Since(start) > 30*time.Second {
			t.Errorf("%+v after %v", c, time.Since(start))
		}
		b.passes.Store(0)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := b.passes.Load(); n != 20 {
			t.Errorf("%d readings in ten minutes", n)
		}
		b.acct.Active = false
		b.w.Set([]Account{b.acct})
		synctest.Wait()
		b.passes.Store(0)
		time.Sleep(24 * time.Hour)
		if n := b.passes.Load(); n != 0 {
			t.Errorf("%d readings of an account that nobody uses", n)
		}
	})
}

// Without an answer the folders of the last one stay, and it is said.
func TestFoldersFail(t *testing.T) {
	bubble(t, false, func(t *testing.T, b *bubbled) {
		b.trouble = errors.New("injected")
		b.w.Set([]Account{b.acct})
		if c := <-b.out; !c.Unread || c.Watched != 1 {
			t.Errorf("%+v", c)
		}
		b.create("one")
		if c := <-b.out; c.New[wipe.ClassDownloads] != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestDocument(t *testing.T) {
	for name, want := range map[string]bool{
		"letter.odt": true, "letter": true, "part": true, "a.partial.pdf": true, "\xff.pdf": true,
		"a.part": false, "a.PARTIAL": false, "a.crdownload": false, "a.download": false, "a.tmp": false, ".a": false, ".~lock.a.odt#": false,
	} {
		if got := document(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
