package watch

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

const scans, documents = wipe.ClassScan, wipe.ClassDocuments

// What was there is not counted, what comes is, by class, and what is only on its way marks the session as used.
func TestNewDocumentsAreCounted(t *testing.T) {
	r := newRig(t, quick(), downloads(), Folder{"Documents/Scans", scans}, Folder{"Documents", documents})
	r.dir("Downloads/old")
	r.dir("Documents/Scans")
	r.file("Downloads/there")
	r.file("Downloads/old/there")
	want := Change{Account: "1000", New: map[wipe.Class]int{}, Watched: 4}
	if diff := cmp.Diff(want, r.start()); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"a.pdf.part", "b.crdownload", "c.PARTIAL", "d.download", "e.tmp", ".hidden"} {
		r.file("Downloads/" + name)
		if c := r.await("use", func(c Change) bool { return c.Used }); len(c.New) != 0 {
			t.Errorf("%s is counted: %+v", name, c)
		}
	}
	r.rename("Downloads/a.pdf.part", "Downloads/a.pdf")
	r.counted(wipe.ClassDownloads, 1)
	r.file("Downloads/old/b.pdf")
	r.counted(wipe.ClassDownloads, 2)
	r.dir("Downloads/new/deep")
	r.file("Downloads/new/deep/c.pdf")
	r.counted(wipe.ClassDownloads, 3)
	r.file("Downloads/new/deep/d.pdf")
	r.counted(wipe.ClassDownloads, 4)
	r.file("Documents/Scans/card.png")
	r.counted(scans, 1)
	r.file("Documents/letter.odt")
	want = Change{Account: "1000", Used: true, Watched: 6,
		New: map[wipe.Class]int{wipe.ClassDownloads: 4, scans: 1, documents: 1}}
	if diff := cmp.Diff(want, r.counted(documents, 1)); diff != "" {
		t.Error(diff)
	}
	r.must(os.RemoveAll(r.path("Downloads/new")))
	r.counted(wipe.ClassDownloads, 2)
	r.file("Downloads/there") // written again: nothing new, but used
	if c := r.await("use", func(c Change) bool { return c.Used }); c.New[wipe.ClassDownloads] != 2 {
		t.Errorf("%+v", c)
	}
}

// The desktop makes its folders at the first log-in, in the language of the account, and writes down their names last.
func TestLocalizedFolderCreatedLater(t *testing.T) {
	r := newRig(t, quick(), downloads(), Folder{"Deep/er/Scans", scans})
	if c := r.start(); c.Watched != 0 || c.Scanned || c.Unread {
		t.Fatalf("%+v", c)
	}
	r.dir(".config")
	r.dir("Téléchargements")
	r.file("Téléchargements/first.pdf")
	asked := r.asked.Load()
	r.folders.Store(&[]Folder{{"Téléchargements", wipe.ClassDownloads}, {"Deep/er/Scans", scans}})
	r.file(".config/user-dirs.tmp")
	r.rename(".config/user-dirs.tmp", ".config/user-dirs.dirs")
	c := r.counted(wipe.ClassDownloads, 1)
	if c.Watched != 1 {
		t.Errorf("%+v", c)
	}
	if r.asked.Load() == asked {
		t.Error("Folders was not asked again")
	}
	r.file("Téléchargements/second.pdf")
	r.counted(wipe.ClassDownloads, 2)
	r.dir("Deep/er/Scans")
	r.await("the nested folder", func(c Change) bool { return c.Watched == 2 })
	r.file("Deep/er/Scans/card.png")
	r.counted(scans, 1)
}

// What lies in a folder stays known, or new, whatever the folder is called meanwhile.
func TestRenamedAwayAndBack(t *testing.T) {
	r := newRig(t, quick(), downloads())
	r.dir("Downloads/sub")
	r.file("Downloads/known")
	r.start()
	r.file("Downloads/sub/new")
	r.counted(wipe.ClassDownloads, 1)
	r.rename("Downloads", "elsewhere")
	if c := r.counted(wipe.ClassDownloads, 0); c.Watched != 0 || !c.Used {
		t.Errorf("%+v", c)
	}
	if isWatched(t, r.path("elsewhere")) || isWatched(t, r.path("elsewhere/sub")) {
		t.Error("a folder that does not count any more is watched")
	}
	r.file("elsewhere/more")
	r.rename("elsewhere", "Downloads")
	if c := r.counted(wipe.ClassDownloads, 2); c.Watched != 2 {
		t.Errorf("%+v", c)
	}
	r.file("Downloads/sub/third")
	r.counted(wipe.ClassDownloads, 3)
	r.rename("Downloads", "Heruntergeladen")
	r.folders.Store(&[]Folder{{"Heruntergeladen", wipe.ClassDownloads}})
	r.await("the folder's new name", func(c Change) bool { return c.Watched == 2 && c.New[wipe.ClassDownloads] == 3 })
}

// A removed folder that comes again, perhaps with the same inode, is watched again.
func TestRemovedAndCreatedAgain(t *testing.T) {
	r := newRig(t, quick(), downloads())
	r.dir("Downloads/sub")
	r.start()
	for i := range 20 {
		r.must(os.RemoveAll(r.path("Downloads")))
		r.dir("Downloads/sub")
		for j := range i%3 + 1 {
			r.file("Downloads/sub/" + strconv.Itoa(j))
		}
		r.counted(wipe.ClassDownloads, i%3+1)
	}
	r.file("Downloads/sub/last")
	if c := r.counted(wipe.ClassDownloads, 3); c.Watched != 2 || !isWatched(t, r.path("Downloads/sub")) {
		t.Errorf("the folder is not watched: %+v", c)
	}
}

// No folder is kept open: the home could not be unmounted after sign-out.
func TestNoFolderIsKeptOpen(t *testing.T) {
	r := newRig(t, quick(), downloads())
	r.dir("Downloads/sub")
	r.start()
	fds, err := os.ReadDir("/proc/self/fd")
	r.must(err)
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && len(to) >= len(r.home) && to[:len(r.home)] == r.home {
			t.Error("a folder of the account is open")
		}
	}
	for _, dir := range []string{"", "Downloads", "Downloads/sub"} {
		if !isWatched(t, r.path(dir)) {
			t.Errorf("%q is not watched", dir)
		}
	}
}

// What a session left is not counted for the next, and what waited to be told is not told as the next one's.
func TestReset(t *testing.T) {
	r := newRig(t, quick(), downloads())
	r.dir("Downloads")
	r.start()
	for i := range 50 {
		r.file("Downloads/" + strconv.Itoa(i)) // nobody takes the changes
	}
	epoch := r.w.Reset("1000")
	if epoch != 1 || r.w.Reset("nobody") != 0 {
		t.Errorf("epoch %d", epoch)
	}
	c := r.await("the session", func(c Change) bool { return c.Epoch == epoch })
	if diff := cmp.Diff(Change{Account: "1000", Epoch: 1, New: map[wipe.Class]int{}, Watched: 1}, c); diff != "" {
		t.Error(diff)
	}
	r.still(500 * time.Millisecond)
	r.file("Downloads/next")
	if c := r.counted(wipe.ClassDownloads, 1); !c.Used || c.Epoch != epoch {
		t.Errorf("%+v", c)
	}
}

// More documents than can be known one by one still count by their number.
func TestMoreThanCanBeKnown(t *testing.T) {
	opt := quick()
	opt.Known = 10
	r := newRig(t, opt, downloads(), Folder{"Scans", scans})
	r.dir("Downloads")
	r.dir("Scans")
	for i := range 30 {
		r.file("Downloads/" + strconv.Itoa(i))
	}
	if c := r.start(); len(c.New) != 0 {
		t.Errorf("%+v", c)
	}
	r.file("Downloads/new")
	r.file("Scans/new")
	r.await("both", func(c Change) bool { return c.New[scans] == 1 && c.New[wipe.ClassDownloads] == 1 })
}

// Ten thousand documents at once are all counted, with few readings.
func TestTenThousandAtOnce(t *testing.T) {
	r := newRig(t, Options{}, downloads())
	r.dir("Downloads")
	r.start()
	passes, start, used := r.passes.Load(), time.Now(), cpu()
	r.must(r.child("drop", r.path("Downloads"), "10000").Run())
	dropped := time.Since(start)
	c := r.counted(wipe.ClassDownloads, 10_000)
	took, n := time.Since(start), r.passes.Load()-passes
	t.Logf("10,000 files written in %v, counted after %v, %d readings, %v of processor time", dropped, took, n, cpu()-used)
	if c.Scanned || c.Unread {
		t.Errorf("%+v", c)
	}
	if most := int64(took/(2*time.Second)) + 2; n > most {
		t.Errorf("%d readings, want %d at most", n, most)
	}
}

// More events than are listened to cost nothing but a pause, and no document.
func TestMoreEventsThanListenedTo(t *testing.T) {
	opt := quick()
	opt.Events = 100
	r := newRig(t, opt, downloads())
	r.dir("Downloads")
	r.start()
	r.must(r.child("drop", r.path("Downloads"), "3000").Run())
	if c := r.counted(wipe.ClassDownloads, 3000); c.Scanned {
		t.Errorf("%+v", c)
	}
	r.file("Downloads/after")
	r.counted(wipe.ClassDownloads, 3001)
}

// When the kernel's queue overflows for real everything is read again.
func TestLostEvents(t *testing.T) {
	opt := quick()
	opt.Events = 1 << 30
	r := newRig(t, opt, downloads(), Folder{"Scans", scans})
	lost := make(chan struct{}, 100)
	r.w.dial = func() (stream, error) {
		s, err := dial()
		if err != nil {
			return s, err
		}
		from, to := s.failures, make(chan error)
		s.failures = to
		go func() {
			defer close(to)
			for err := range from {
				if errors.Is(err, fsnotify.ErrEventOverflow) {
					lost <- struct{}{}
				}
				to <- err
			}
		}()
		return s, nil
	}
	r.dir("Downloads")
	r.dir("Scans")
	r.start()
	gate := make(chan struct{})
	r.hold.Store(&gate)
	asked := r.asked.Load()
	r.dir("visible") // a reading begins, and does not get on
	for deadline := time.Now().Add(patience); r.asked.Load() == asked; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no reading began")
		}
	}
	r.hold.Store(nil)
	r.must(r.child("drop", r.path("Downloads"), "20000").Run())
	r.file("Scans/card.png") // nothing tells of this one
	close(gate)
	<-lost
	r.await("everything", func(c Change) bool { return c.New[wipe.ClassDownloads] == 20_000 && c.New[scans] == 1 })
}

// An account that nobody wants watched any more is let go at once, and can come again.
func TestSet(t *testing.T) {
	r := newRig(t, quick(), downloads())
	r.dir("Downloads")
	r.start()
	r.w.Set(nil)
	for deadline := time.Now().Add(patience); len(inodes(t)) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("its folders are watched still")
		}
	}
	r.file("Downloads/meanwhile")
	r.w.Set([]Account{r.acct})
	if c := r.await("the account", func(Change) bool { return true }); len(c.New) != 0 || c.Watched != 1 {
		t.Errorf("%+v", c)
	}
	r.folders.Store(&[]Folder{{"../outside", documents}, {"/etc", documents}, {".", documents}, downloads()})
	r.w.Set([]Account{r.acct})
	if c := r.await("the refusal", func(c Change) bool { return c.Unread }); c.Watched != 1 {
		t.Errorf("%+v", c)
	}
}
