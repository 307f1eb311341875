package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Flags of ioctl_iflags(2) that keep even root from changing a file.
const (
	immutable  = 0x10
	appendOnly = 0x20
)

func flags(t testing.TB, path string, set, clear int) int {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	old, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		t.Fatal(err)
	}
	if set|clear != 0 {
		if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, int(old)&^clear|set); err != nil {
			t.Fatal(err)
		}
	}
	return int(old)&^clear | set
}

// Flags that somebody with administrator rights set in the home do not make anything stay; those of others' files do
// not change, though they have a name in the home.
func TestHostileFlags(t *testing.T) {
	l := newLaptop(t)
	l.privateMounts()
	above := filepath.Dir(l.user.Home)
	l.tool("cp", "-a", l.user.Home, l.user.Home+".aside")
	aside := filepath.Join(t.TempDir(), "home")
	l.tool("mv", l.user.Home+".aside", aside)
	l.disk(above, "32M", "ext4")
	l.tool("cp", "-a", aside, l.user.Home)
	tr := enrolled(l)
	for _, flag := range []int{immutable, appendOnly, immutable | appendOnly} {
		t.Logf("flags %#x", flag)
		flagged(tr, flag)
	}
	t.Log("a file of others")
	out := strangers(tr.laptop, above)
	for _, name := range []string{"secret", "kept/f0"} {
		tr.must(os.Link(filepath.Join(out, name), tr.dir("d/"+name)+"/name"))
		flags(t, filepath.Join(out, name), immutable, 0)
		t.Cleanup(func() { flags(t, filepath.Join(out, name), 0, immutable) })
	}
	before := snapshot(t, out)
	tr.notBack("denied")
	same(t, out, before)
	for _, name := range []string{"secret", "kept/f0"} {
		if flags(t, filepath.Join(out, name), 0, 0)&immutable == 0 {
			t.Errorf("%s of others lost its flag", name)
		}
		flags(t, filepath.Join(out, name), 0, immutable)
	}
	tr.back()
}

func flagged(tr *trial, flag int) {
	deep := "stray" + strings.Repeat("/"+strings.Repeat("d", 20), 140)
	tr.as(`mkdir -p stray/dir kept/deep/new ` + deep + `; echo trace > stray/dir/file; echo trace > file; echo trace > kept/deep/new/file
		echo trace >> kept/f0; echo trace >> kept/deep/f0; rm kept/deep/f1; chmod 700 kept; echo trace > .config/app/file
		echo trace > ` + deep + `/file`)
	for _, rel := range []string{
		"kept/f0", "kept/f1", "kept/deep/new/file", "kept/deep/new", "kept/deep/f0", "kept/deep", "kept", "Templates",
		"file", "stray/dir/file", "stray/dir", ".config/app", deep + "/file", ".",
	} {
		flags(tr, tr.path(rel), flag, 0)
	}
	for p := deep; p != "."; p = filepath.Dir(p) {
		flags(tr, tr.path(p), flag, 0)
	}
	tr.status(exitNotClean)
	tr.back()
	tr.status(exitDone)
	// What nobody had changed may have kept its flag: the baseline does not know flags.
	for _, rel := range []string{"kept/f1", "Templates"} {
		flags(tr, tr.path(rel), 0, flag)
	}
}

// A folder of the system in which the account has a file keeps its own flags: what they forbid is told, not forced.
func TestHostileFlagsOfOthers(t *testing.T) {
	l := newLaptop(t)
	crontab := systemFiles(l)[0]
	l.folders(crontab)
	l.privateMounts()
	dir := filepath.Dir(crontab)
	l.disk(dir, "8M", "ext4")
	l.write(crontab, "enrolled", 0o600, l.user.UID)
	tr := enrolled(l)
	for _, plant := range []func(){
		func() { tr.must(os.Remove(crontab)); tr.must(os.Mkdir(crontab, 0o700)) },
		func() { tr.must(os.Remove(crontab)) },
		func() { tr.write(crontab, "trace", 0o600, tr.user.UID) },
	} {
		plant()
		flags(t, dir, immutable, 0)
		r := tr.wipe(exitIncomplete)
		if !r.has("residual", "denied") {
			t.Errorf("%s", r.out)
		}
		if flags(t, dir, 0, 0)&immutable == 0 {
			t.Fatal("the folder lost its flag")
		}
		flags(t, dir, 0, immutable)
		tr.back()
		if content, err := os.ReadFile(crontab); err != nil || string(content) != "enrolled" {
			t.Errorf("%q, %v", content, err)
		}
	}
}
