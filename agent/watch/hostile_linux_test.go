package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe"
)

// A link in place of a folder, or on the way to one, is not followed: nothing outside is watched or counted.
func TestSwappedForALink(t *testing.T) {
	for _, folder := range []string{"Downloads", "Documents/Downloads"} {
		t.Run(folder, func(t *testing.T) {
			r := newRig(t, quick(), Folder{folder, wipe.ClassDownloads})
			outside := t.TempDir()
			r.must(os.MkdirAll(filepath.Join(outside, "Downloads"), 0o755))
			r.must(os.WriteFile(filepath.Join(outside, "secret"), nil, 0o600))
			r.must(os.WriteFile(filepath.Join(outside, "Downloads/secret"), nil, 0o600))
			r.dir(folder)
			r.file(folder + "/before")
			r.start()
			top := filepath.Dir(folder)
			if top == "." {
				top = folder
			}
			r.rename(top, "elsewhere")
			r.must(os.Symlink(outside, r.path(top)))
			c := r.await("the link", func(c Change) bool { return c.Unread })
			if c.Watched != 0 || len(c.New) != 0 {
				t.Errorf("%+v", c)
			}
			r.must(os.WriteFile(filepath.Join(outside, "more"), nil, 0o600))
			r.must(os.WriteFile(filepath.Join(outside, "Downloads/more"), nil, 0o600))
			r.still(500 * time.Millisecond)
			for _, dir := range []string{outside, filepath.Join(outside, "Downloads")} {
				if isWatched(t, dir) {
					t.Error("a folder outside is watched")
				}
			}
			r.must(os.Remove(r.path(top)))
			r.rename("elsewhere", top)
			if c := r.await("the folder", func(c Change) bool { return c.Watched == 1 && !c.Unread }); len(c.New) != 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// Folders swapped for links and back all the time never lead outside.
func TestSwappedAllTheTime(t *testing.T) {
	opt := quick()
	opt.Most = 10 * time.Millisecond
	r := newRig(t, opt, downloads())
	outside := t.TempDir()
	r.must(os.Mkdir(filepath.Join(outside, "sub"), 0o755))
	for i := range 100 {
		r.must(os.WriteFile(filepath.Join(outside, "sub", strconv.Itoa(i)), nil, 0o600))
	}
	r.dir("Downloads/sub")
	r.file("Downloads/sub/one")
	r.must(os.Symlink(outside, r.path("link")))
	r.start()
	done, taken := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(taken)
		for {
			select {
			case c := <-r.out:
				if c.New[wipe.ClassDownloads] > 1 {
					t.Errorf("documents outside are counted: %+v", c)
				}
			case <-done:
				return
			}
		}
	}()
	for range 20_000 {
		r.must(unix.Renameat2(unix.AT_FDCWD, r.path("link"), unix.AT_FDCWD, r.path("Downloads"), unix.RENAME_EXCHANGE))
	}
	close(done)
	<-taken
	if isWatched(t, outside) || isWatched(t, filepath.Join(outside, "sub")) {
		t.Error("a folder outside is watched")
	}
	if r.passes.Load() < 3 {
		t.Errorf("only %d readings", r.passes.Load())
	}
}

// More folders than may be watched are still read, and it is said.
func TestManySubFolders(t *testing.T) {
	opt := quick()
	opt.Watches, opt.Depth = 50, 2
	r := newRig(t, opt, downloads(), Folder{"Scans", scans})
	r.acct.Active = true
	for i := range 10_000 {
		r.must(os.MkdirAll(r.path("Downloads/"+strconv.Itoa(i)), 0o755))
	}
	r.dir("Downloads/1/2/3/4")
	r.dir("Scans")
	if c := r.start(); !c.Scanned || c.Unread || c.Watched >= 50 {
		t.Errorf("%+v", c)
	}
	if n := len(inodes(t)); n > 50 {
		t.Errorf("%d watches", n)
	}
	if !isWatched(t, r.path("Scans")) {
		t.Error("the second folder got no watch because of the first")
	}
	for i := range 200 {
		r.file("Downloads/" + strconv.Itoa(i*50) + "/document")
	}
	r.file("Downloads/1/2/3/4/document")
	if c := r.counted(wipe.ClassDownloads, 201); !c.Used {
		t.Errorf("%+v", c)
	}
}

// More entries than are looked at are said to be more.
func TestMoreEntriesThanLookedAt(t *testing.T) {
	opt := quick()
	opt.Entries = 1000
	r := newRig(t, opt, downloads(), Folder{"Scans", scans})
	r.dir("Downloads")
	r.dir("Scans")
	r.start()
	r.must(r.child("drop", r.path("Downloads"), "2000").Run())
	r.file("Scans/card.png")
	r.await("the bound", func(c Change) bool { return c.Unread && c.New[wipe.ClassDownloads] == 1000 && c.New[scans] == 1 })
}

// A loop that creates and deletes costs a few readings with longer and longer pauses, and what comes meanwhile is counted.
func TestChurn(t *testing.T) {
	opt := Options{Quiet: 50 * time.Millisecond, Most: 200 * time.Millisecond, Longest: time.Second}
	r := newRig(t, opt, downloads())
	r.dir("Downloads")
	r.start()
	churn := r.child("churn", r.path("Downloads"), r.home)
	r.must(churn.Start())
	defer func() { churn.Process.Kill(); churn.Wait() }()
	r.await("use", func(c Change) bool { return c.Used })
	passes, start, used := r.passes.Load(), time.Now(), cpu()
	for i := range 3 {
		r.file("Downloads/" + strconv.Itoa(i))
		r.await("the document", func(c Change) bool { return c.New[wipe.ClassDownloads] >= i+1 })
	}
	took, n := time.Since(start), r.passes.Load()-passes
	t.Logf("%d readings in %v, %v of processor time", n, took, cpu()-used)
	if most := int64(took/opt.Most) + 2; n > most {
		t.Errorf("%d readings, want %d at most", n, most)
	}
}

// The kernel's limits are reached for real, in a user name space that has few of them. What cannot be watched is read.
func TestLimitOfWatches(t *testing.T) {
	if !within(t, unix.CLONE_NEWUSER) {
		return
	}
	for _, tt := range []struct{ limit, value string }{
		{"max_inotify_watches", "5"}, // home, Downloads, Scans and two below
		{"max_inotify_instances", "0"},
	} {
		t.Run(tt.limit, func(t *testing.T) {
			limit := filepath.Join("/proc/sys/user", tt.limit)
			was, err := os.ReadFile(limit)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(limit, []byte(tt.value), 0); err != nil {
				t.Fatal(err)
			}
			r := newRig(t, quick(), downloads(), Folder{"Scans", scans})
			r.acct.Active = true
			for i := range 20 {
				r.dir("Downloads/" + strconv.Itoa(i))
			}
			r.dir("Scans")
			if c := r.start(); !c.Scanned || c.Unread || c.Watched > 4 {
				t.Errorf("%+v", c)
			}
			for i := range 20 {
				r.file("Downloads/" + strconv.Itoa(i) + "/document")
			}
			r.file("Scans/card.png")
			if c := r.await("all", func(c Change) bool { return c.New[wipe.ClassDownloads] == 20 && c.New[scans] == 1 }); !c.Used {
				t.Errorf("%+v", c)
			}
			// Once there is room again, all is watched.
			if err := os.WriteFile(limit, was, 0); err != nil {
				t.Fatal(err)
			}
			r.await("the watches", func(c Change) bool { return c.Watched == 22 && !c.Scanned })
		})
	}
}

// hung mounts a file system whose server never answers.
func hung(t *testing.T, point string) (unmount func()) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("needs /dev/fuse (modprobe fuse): %v", err)
	}
	server := os.NewFile(uintptr(fd), "fuse")
	timer := time.AfterFunc(patience, func() { t.Error("somebody waits for the hung file system"); server.Close() })
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)
	if err := unix.Mount("hung", point, "fuse", 0, data); err != nil {
		t.Fatal(err)
	}
	var gone bool
	unmount = func() {
		if !gone {
			gone = true
			timer.Stop()
			if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
			server.Close()
		}
	}
	t.Cleanup(unmount)
	return unmount
}

// A file system whose server hangs is never asked, wherever the account mounts it, and nothing else suffers.
func TestHungFileSystem(t *testing.T) {
	if !within(t, unix.CLONE_NEWNS) {
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	for _, blind := range []bool{false, true} {
		for _, place := range []string{"Downloads", "Downloads/sub", "Documents"} {
			t.Run(fmt.Sprintf("%s/table unread %v", place, blind), func(t *testing.T) {
				r := newRig(t, quick(), Folder{"Documents/Downloads", documents}, downloads(), Folder{"Scans", scans})
				if blind { // as if it was mounted just after the table was read
					r.w.opt.Mounts = nil
				}
				r.acct.Active = true
				r.dir("Downloads/sub")
				r.dir("Documents/Downloads")
				r.dir("Scans")
				r.start()
				unmount := hung(t, r.path(place))
				r.dir("visible")
				r.await("the mount", func(c Change) bool { return c.Unread })
				r.file("Scans/card.png")
				r.counted(scans, 1)
				r.w.Reset("1000")
				r.await("the session", func(c Change) bool { return c.Epoch == 1 && c.Unread })
				unmount()
				r.await("the end of the mount", func(c Change) bool { return !c.Unread && c.Watched == 4 })
			})
		}
	}
	t.Run("home", func(t *testing.T) {
		r := newRig(t, quick(), downloads())
		r.acct.Active = true
		r.dir("Downloads")
		r.start()
		unmount := hung(t, r.home)
		r.w.Reset("1000")
		r.await("the mount", func(c Change) bool { return c.Epoch == 1 && c.Unread && c.Watched == 0 })
		unmount()
		r.await("the home", func(c Change) bool { return !c.Unread && c.Watched == 1 })
	})
}

// A home of its own can be unmounted while it is watched, and is watched again when it is back.
func TestHomeIsUnmounted(t *testing.T) {
	if !within(t, unix.CLONE_NEWNS) {
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, quick(), downloads())
	mount := func() {
		r.must(unix.Mount("none", r.home, "tmpfs", 0, "size=1m"))
		r.dir("Downloads")
	}
	mount()
	r.Cleanup(func() { unix.Unmount(r.home, unix.MNT_DETACH) })
	r.start()
	r.file("Downloads/one")
	r.counted(wipe.ClassDownloads, 1)
	r.must(unix.Unmount(r.home, 0)) // not "busy"
	mount()
	epoch := r.w.Reset("1000")
	r.await("the session", func(c Change) bool { return c.Epoch == epoch && c.Watched == 1 })
	r.file("Downloads/two")
	r.counted(wipe.ClassDownloads, 1)
}
