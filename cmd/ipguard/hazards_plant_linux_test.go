package main

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// specialTraces are what opening would hang on, or act on.
func specialTraces(g *ground) {
	dir := g.dir("special")
	g.must(unix.Mkfifo(filepath.Join(dir, g.mark(erasetest.Name)), 0o666))
	g.must(unix.Mknod(filepath.Join(dir, g.mark(erasetest.Name)), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	g.must(unix.Mknod(filepath.Join(dir, g.mark(erasetest.Name)), unix.S_IFBLK|0o666, int(unix.Mkdev(7, 255))))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, g.mark(erasetest.Name)), Net: "unix"})
	g.must(err)
	l.SetUnlinkOnClose(false)
	l.Close()
	g.must(unix.Mkfifo(filepath.Join(g.dir("special/deep/er"), "fifo"), 0))
}

// sparseTraces are files of which overwriting by size would fill the disk.
func sparseTraces(g *ground) {
	at := func(path string, offs ...int64) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		g.must(err)
		defer f.Close()
		for _, off := range offs {
			_, err := f.WriteAt([]byte(g.content(4096)), off)
			g.must(err)
		}
	}
	huge := g.file("sparse/huge", "")
	at(huge, 0, 1<<39)
	g.must(os.Truncate(huge, 1<<40))
	large := g.file("sparse/large", "")
	at(large, 1<<29)
	g.must(os.Truncate(large, 1<<30))
	allocated := g.file("sparse/allocated", "")
	f, err := os.OpenFile(allocated, os.O_WRONLY, 0)
	g.must(err)
	if err := unix.Fallocate(int(f.Fd()), 0, 0, 4<<20); err != nil && err != unix.EOPNOTSUPP { // ext3
		g.Fatal(err)
	}
	f.Close()
	at(allocated, 0, 1<<20, 4<<20-4096)
	mixed := g.file("sparse/mixed", "")
	for i := range int64(50) {
		at(mixed, i*40_960)
	}
	g.must(os.Truncate(mixed, 10<<20))
}

func sizeTraces(g *ground) {
	for _, size := range []int{20, 60, 128, 159, 160, 161, 500, 1023, 1024, 1025, 4095, 4096, 4097, 12_289, 1<<20 - 1, 1<<20 + 1} {
		g.trace("sizes/"+g.mark(erasetest.Name), size)
	}
}

// closedTraces has files that their owner may not even read.
func closedTraces(g *ground) {
	for i, mode := range []os.FileMode{0, 0o400, 0o200, 0o444} {
		dir := "closed/" + strconv.Itoa(i)
		path := g.trace(dir, 5000)
		g.attribute(path, "user.xdg.origin.url", 300)
		g.must(os.Chmod(path, mode))
		g.must(os.Chmod(g.path(dir), mode))
	}
}

// flaggedTraces has what even root may not write to before the flags are gone.
func flaggedTraces(g *ground) {
	for i, flag := range []int{immutable, appendOnly} {
		dir := fmt.Sprintf("flagged/%d", i)
		path := g.trace(dir, 5000)
		g.attribute(path, "user.xdg.origin.url", 40)
		g.attribute(path, "user.long", 300)
		g.attribute(g.dir(dir), "user.long", 300)
		flags(g, path, flag, 0)
		flags(g, g.path(dir), flag, 0)
	}
}

// linkTraces has links to others with short targets and long ones; a long one has a block of its own, which cannot be
// overwritten.
func linkTraces(g *ground) {
	dir := g.dir("links")
	for i := range 6 {
		target := g.outside + "/secret"
		if i%2 == 1 {
			target = strings.Repeat("../", 30) + g.outside
		}
		g.must(os.Symlink(target, filepath.Join(dir, g.mark(erasetest.Name))))
	}
	g.must(os.Symlink(g.outside+"/kept", filepath.Join(dir, "folder")))
}

// outsideLinks gives files of others a name in the home. Their content and their attributes are not the account's.
func outsideLinks(g *ground) {
	for _, name := range []string{"secret", "kept/f1", "other/file"} {
		path := filepath.Join(g.outside, name)
		g.must(unix.Setxattr(path, "user.of.others", []byte(g.mark(erasetest.XAttr)+strings.Repeat("-", 300)), 0))
		at := filepath.Join(g.dir("hard"), g.mark(erasetest.Name))
		g.must(os.Link(path, at))
	}
	g.world = snapshot(g, g.outside)
	g.Cleanup(func() {
		for _, name := range []string{"secret", "kept/f1", "other/file"} {
			if n, err := unix.Getxattr(filepath.Join(g.outside, name), "user.of.others", nil); err != nil || n < 300 {
				g.Errorf("a file of others lost its attribute: %v", err)
			}
		}
	})
}

// twoNames has files with two names that are both the account's, and one of the baseline with a further name.
func twoNames(g *ground) {
	for range 2 {
		path := g.trace("twice", 5000)
		g.must(os.Link(path, filepath.Join(g.dir("twice/again"), g.mark(erasetest.Name))))
	}
	second := filepath.Join(g.dir("twice"), g.mark(erasetest.Name))
	g.must(os.Link(g.path("kept/f7"), second))
	g.must(os.WriteFile(second, []byte(g.content(3000)), 0))
}

// attribute sets a value with a marker, of about so many bytes.
func (g *ground) attribute(path, name string, size int) {
	g.Helper()
	g.valued(path, name, g.mark(erasetest.XAttr), size)
}

func (g *ground) valued(path, name, value string, size int) {
	g.Helper()
	value += strings.Repeat("-", max(0, size-len(value)))
	if err := unix.Setxattr(path, name, []byte(value), 0); err != nil {
		g.Fatalf("setting an attribute of %d bytes: %v", len(value), err)
	}
}

func attributeTraces(g *ground) {
	for i, size := range []int{20, 60, 300, 900} {
		path := g.trace("attributes", 3000)
		g.attribute(path, "user.xdg.origin.url", size)
		g.attribute(path, "trusted.of.root", 20)
		dir := g.dir("attributes/" + strconv.Itoa(i))
		g.attribute(dir, "user.xdg.origin.url", size)
		if i == 0 {
			for k := range 8 {
				g.attribute(path, "user.many"+strconv.Itoa(k), 60)
				g.attribute(dir, "user.many"+strconv.Itoa(k), 60)
			}
		}
	}
	empty := g.file("attributes/empty", "")
	g.attribute(empty, "user.xdg.origin.url", 300)
}

// sharedAttributes gives many files the same long value, which ext4 keeps once for all of them.
func sharedAttributes(g *ground) {
	value := g.mark(erasetest.XAttr)
	for i := range 12 {
		g.valued(g.trace("same", 100), "user.same", value, 600)
		if i%3 == 0 {
			g.valued(g.dir("same/dir"+strconv.Itoa(i)), "user.same", value, 600)
		}
	}
}

// baselineAttributes are values on what stays: a file whose content did not change, a folder, and the home itself.
func baselineAttributes(g *ground) {
	for _, rel := range []string{"kept/f3", "kept/deep", "Templates", "."} {
		g.attribute(g.path(rel), "user.short", 30)
		g.attribute(g.path(rel), "user.long", 300)
	}
}

// levelTraces makes a tree that is deeper than any path can be long.
func levelTraces(g *ground) {
	depth := 300
	if full() {
		depth = 3000
	}
	fd, err := unix.Open(g.dir("levels"), unix.O_DIRECTORY|unix.O_RDONLY, 0)
	g.must(err)
	for range depth {
		name := g.mark(erasetest.Name) + strings.Repeat("d", 100)
		g.must(unix.Mkdirat(fd, name, 0o700))
		f, err := unix.Openat(fd, "file", unix.O_CREAT|unix.O_WRONLY, 0o600)
		g.must(err)
		_, err = unix.Write(f, []byte(g.content(600)))
		g.must(err)
		unix.Close(f)
		sub, err := unix.Openat(fd, name, unix.O_DIRECTORY|unix.O_RDONLY, 0)
		g.must(err)
		unix.Close(fd)
		fd = sub
	}
	unix.Close(fd)
}

// fillRows puts rows with a marker each into a database, as a browser has it when it is killed: its journal is there. The
// files are written elsewhere and then put in place as they are, so that none of their blocks was ever freed.
func (g *ground) fillRows(path, mode string) {
	g.Helper()
	scratch := filepath.Join(g.TempDir(), "db")
	if data, err := os.ReadFile(path); err == nil {
		g.must(os.WriteFile(scratch, data, 0o600))
	}
	db, err := sql.Open("sqlite", scratch)
	g.must(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA journal_mode=" + mode, "PRAGMA wal_autocheckpoint=50", "CREATE TABLE IF NOT EXISTS visits (url TEXT)"} {
		_, err := db.Exec(s)
		g.must(err)
	}
	for range 100 {
		_, err := db.Exec("INSERT INTO visits VALUES (?)", g.mark(erasetest.Row)+strings.Repeat("r", 300))
		g.must(err)
	}
	_, err = db.Exec("DELETE FROM visits WHERE rowid%5=0")
	g.must(err)
	for _, suffix := range []string{"", "-wal", "-journal", "-shm"} {
		data, err := os.ReadFile(scratch + suffix)
		if err != nil {
			continue
		}
		f, err := os.OpenFile(path+suffix, os.O_WRONLY|os.O_CREATE, 0o600)
		g.must(err)
		_, err = f.Write(data)
		g.must(err)
		g.must(f.Close())
		g.must(os.Chown(path+suffix, int(g.user.UID), int(g.user.GID)))
	}
}

// liveDatabases are databases of a browser that was killed: rows lie in the file, the log, and the rollback journal.
func liveDatabases(g *ground) {
	dir := g.dir("profile")
	g.fillRows(filepath.Join(dir, "History"), "WAL")
	g.fillRows(filepath.Join(dir, "Cookies"), "PERSIST")
	for _, name := range []string{"History-wal", "Cookies-journal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			g.Fatalf("the database has no live journal: %v", err)
		}
	}
}

// baselineDatabase gives the laptop a database with its settings in it.
func baselineDatabase(g *ground) {
	dir := g.laptop.path("kept")
	g.must(os.MkdirAll(dir, 0o755))
	g.must(os.Chown(dir, int(g.user.UID), int(g.user.GID)))
	db, err := sql.Open("sqlite", filepath.Join(dir, "places"))
	g.must(err)
	_, err = db.Exec("CREATE TABLE visits (url TEXT); INSERT INTO visits VALUES ('https://laptop.example')")
	g.must(err)
	g.must(db.Close())
	g.must(os.Chown(filepath.Join(dir, "places"), int(g.user.UID), int(g.user.GID)))
}

// baselineTraces changes what stays: a database that mixes settings with traces, and plain files.
func baselineTraces(g *ground) {
	g.fillRows(g.path("kept/places"), "PERSIST")
	for _, rel := range []string{".bashrc", "kept/f0", "kept/deep/f0"} {
		f, err := os.OpenFile(g.path(rel), os.O_WRONLY|os.O_APPEND, 0)
		g.must(err)
		_, err = f.WriteString(g.content(9000))
		g.must(err)
		g.must(f.Close())
		g.attribute(g.path(rel), "user.xdg.origin.url", 300)
	}
	g.must(os.Remove(g.path("kept/f5")))
	g.must(os.Mkdir(g.path("kept/f5"), 0o755))
	g.trace("kept/f5", 700)
}

// nameTraces are so many names that their folder is split again and again, in a folder that goes and in one that stays.
func nameTraces(g *ground) {
	n := 3000
	for _, dir := range []string{"names", "Templates"} {
		dir = g.dir(dir)
		for range n {
			g.must(unix.Mknod(filepath.Join(dir, g.mark(erasetest.Name)+"-a name of ordinary length"), unix.S_IFREG|0o600, 0))
		}
	}
}
