package wipe_test

import (
	"fmt"
	"testing"

	"ipguard/wipe"
)

// No policy and no mistake in the list of accounts lets a wipe work on a folder of the system or on somebody else's home.
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		goos string
		uid  uint32
		home string
		own  uint32 // of the home on the disk
		want error
	}{
		{"linux", 1000, "/home/public", 1000, nil},
		{"linux", 1000, "/home/org/public/", 1000, nil},
		{"linux", 1000, "/srv/homes/public", 1000, nil},
		{"linux", 1000, "/tmp/test/home", 1000, nil},
		{"linux", 0, "/home/public", 0, wipe.RefusedSystem},
		{"linux", 999, "/home/public", 999, wipe.RefusedSystem},
		{"linux", 65534, "/home/public", 65534, wipe.RefusedSystem},
		{"linux", 1000, "/home/public", 0, wipe.RefusedOwner},
		{"linux", 1000, "/home/public", 1001, wipe.RefusedOwner},
		{"darwin", 501, "/Users/public", 501, nil},
		{"darwin", 501, "/Users", 501, wipe.RefusedProtected},
		{"darwin", 501, "/System/home", 501, wipe.RefusedProtected},
		{"darwin", 200, "/Users/public", 200, wipe.RefusedSystem},
		{"darwin", 4294967294, "/Users/public", 4294967294, wipe.RefusedSystem},
		{"windows", 0, `C:\Users\public-desk`, 0, nil},
		{"windows", 0, `D:\homes\desk`, 0, nil},
		{"windows", 0, `C:\Users\Public`, 0, wipe.RefusedProtected},
		{"windows", 0, `c:\USERS\default`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:\Users`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:\`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:\Windows\System32\config\systemprofile`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:\Program Files\x`, 0, wipe.RefusedProtected},
		{"windows", 0, `C:\Users\x\..\..\Windows`, 0, wipe.RefusedProtected},
		{"windows", 0, `\\server\homes\x`, 0, wipe.RefusedProtected},
		{"windows", 0, ``, 0, wipe.RefusedProtected},
	} {
		acct := wipe.Account{UID: c.uid, Home: c.home}
		if got := wipe.Guard(acct, c.goos, wipe.HomeFacts{Exists: true, UID: c.own}); got != c.want {
			t.Errorf("%s, %d, %q: %v, want %v", c.goos, c.uid, c.home, got, c.want)
		}
	}
}

func TestGuardProtectsFolders(t *testing.T) {
	for _, home := range []string{
		"", "/", "//", "/.", "/..", "relative", "./home/x", "/home", "/home/", "/home//", "/home/.", "/home/x/..", "/home/x/../..",
		"/tmp", "/var/tmp", "/var", "/usr", "/usr/local", "/usr/share/x", "/etc", "/etc/x", "/root", "/boot", "/dev/shm", "/dev/shm/x",
		"/proc/self", "/run/user/1000", "/var/lib", "/var/lib/ipguard", "/var/lib/x", "/var/spool/x", "/var/log", "/var/mail/x",
		"/opt", "/mnt", "/media", "/srv", "//usr/x", "/./usr/x", "/lib/x", "/snap/x", "/nonexistent/../etc",
	} {
		for _, facts := range []wipe.HomeFacts{{}, {Exists: true, UID: 1000}, {Exists: true, Network: true}} {
			t.Run(fmt.Sprintf("%q exists %v", home, facts.Exists), func(t *testing.T) {
				if got := wipe.Guard(wipe.Account{UID: 1000, Home: home}, "linux", facts); got != wipe.RefusedProtected {
					t.Errorf("%v, want a refusal", got)
				}
			})
		}
	}
}

func TestAsRefusal(t *testing.T) {
	if r, ok := wipe.AsRefusal(fmt.Errorf("looking: %w", wipe.RefusedMoved)); !ok || r != wipe.RefusedMoved {
		t.Errorf("%q, %v; want home_moved", r, ok)
	}
	if r, ok := wipe.AsRefusal(fmt.Errorf("something else")); ok {
		t.Errorf("%q is no refusal", r)
	}
}
