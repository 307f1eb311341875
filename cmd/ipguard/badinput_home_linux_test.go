package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Without its home an account is not clean; what it left elsewhere still goes. Once there is a home again, a wipe fills it.
func TestMissingHome(t *testing.T) {
	l := newLaptop(t)
	before := snapshot(t, l.user.Home)
	l.enroll()
	l.as(`echo x > /tmp/$USER-left`)
	if err := os.RemoveAll(l.user.Home); err != nil {
		t.Fatal(err)
	}
	for _, documents := range []string{"hold", "refuse"} {
		if r := l.wipe(exitIncomplete, "--documents="+documents); !r.has("residual", "missing") {
			t.Errorf("the reason is missing:\n%s", r.out)
		}
	}
	exists(t, false, "/tmp/"+l.user.Name+"-left", l.user.Home)
	l.status(exitNotClean)
	if p := l.plain("wipe", "--yes"); p.code != exitIncomplete || strings.Contains(p.out, "✔") {
		t.Errorf("exit %d:\n%s", p.code, p.out)
	}
	if r := l.ipguard("enroll", "--yes", "--account", l.user.Name); r.code != exitRefused || r.answer.Error != "no_home" {
		t.Errorf("enrolling: exit %d, error %q; want 4 and no_home", r.code, r.answer.Error)
	}
	if err := errors.Join(os.Mkdir(l.user.Home, 0o755), os.Chown(l.user.Home, int(l.user.UID), int(l.user.GID))); err != nil {
		t.Fatal(err)
	}
	l.wipe(exitDone)
	same(t, l.user.Home, before)
	l.status(exitDone)
}

// A home that is a FUSE mount counts as one on the network: it is not even asked, so a server that hangs holds nobody up.
func TestHomeOnFUSE(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`echo x > unknown; echo x > /tmp/$USER-left`)
	before := snapshot(t, l.user.Home)
	unmount := l.hungFUSE(l.user.Home, 0)
	for _, documents := range []string{"hold", "refuse"} {
		if r := l.wipe(exitIncomplete, "--documents="+documents); !r.has("residual", "network") {
			t.Errorf("the reason is missing:\n%s", r.out)
		}
	}
	exists(t, false, "/tmp/"+l.user.Name+"-left")
	l.status(exitNotClean)
	if p := l.plain("wipe", "--yes"); !strings.Contains(p.out, "network disk") || strings.Contains(p.out, "✔") {
		t.Errorf("the reason is not said:\n%s", p.out)
	}
	if r := l.ipguard("enroll", "--yes", "--account", l.user.Name); r.code != exitRefused || r.answer.Error != "network_home" {
		t.Errorf("enrolling: exit %d, error %q; want 4 and network_home", r.code, r.answer.Error)
	}
	unmount()
	same(t, l.user.Home, before)
	l.wipe(exitDone)
}

// What the account itself mounts over its home hides nothing: it is taken away, and the home below it is wiped.
func TestHomeUnderTheAccountsOwnFUSE(t *testing.T) {
	l := newLaptop(t)
	before := snapshot(t, l.user.Home)
	l.enroll()
	l.as(`echo x > unknown; touch -r .profile .`)
	l.hungFUSE(l.user.Home, l.user.UID)
	l.wipe(exitDone)
	l.status(exitDone)
	exists(t, false, l.path("unknown"))
	if diff := len(snapshot(t, l.user.Home)) - len(before); diff != 0 {
		t.Errorf("%d more things than before", diff)
	}
}

// hungFUSE mounts a FUSE file system whose server never answers.
func (l *laptop) hungFUSE(at string, owner uint32) (unmount func()) {
	l.Helper()
	server, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		l.Fatalf("FUSE is missing: %v", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40700,user_id=%d,group_id=%d", server.Fd(), owner, l.user.GID)
	if err := unix.Mount("hung", at, "fuse.hung", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		l.Fatal(err)
	}
	unmount = func() { unix.Unmount(at, unix.MNT_DETACH) }
	l.Cleanup(func() {
		unmount()
		server.Close()
	})
	return unmount
}

// Folders that nobody may read hide nothing from root, be they the session's or the laptop's.
func TestUnreadableFolders(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p .config/app; echo x > .config/app/rc`)
	before := snapshot(t, l.user.Home)
	l.enroll()
	l.as(`mkdir -p a/b/c; echo x > a/b/c/x; chmod 000 a/b/c a/b a; echo y > .config/app/y; chmod 000 .config/app .config .`)
	l.wipe(exitDone)
	same(t, l.user.Home, before)
	l.status(exitDone)
}

// The home of an account is where it was enrolled, or nothing is touched.
func TestHomeMoved(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`echo x > unknown`)
	elsewhere := filepath.Join(filepath.Dir(l.user.Home), "elsewhere")
	if err := os.Rename(l.user.Home, elsewhere); err != nil {
		t.Fatal(err)
	}
	l.tool("usermod", "--home", elsewhere, l.user.Name)
	if r := l.wipe(exitRefused); r.answer.Refusal != "home_moved" || r.answer.Result != "refused" {
		t.Errorf("refusal %q, want home_moved", r.answer.Refusal)
	}
	if p := l.plain("wipe", "--yes"); p.code != exitRefused || !strings.Contains(p.err, "Nothing was touched") {
		t.Errorf("exit %d: %s", p.code, p.err)
	}
	if r := l.ipguard("status"); r.code != exitRefused {
		t.Errorf("status: exit %d, want 4", r.code)
	}
	exists(t, true, filepath.Join(elsewhere, "unknown"))
}
