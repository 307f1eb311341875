package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func tempDisk(t *testing.T) (prefix string, d Disk) {
	t.Helper()
	prefix, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return prefix, Disk{Prefix: prefix}
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestDiskFollowsTheAdministratorsLinksOnly(t *testing.T) {
	prefix, d := tempDisk(t)
	put(t, prefix+"/var/lib/snapd/snap/firefox/42/usr/lib/firefox/firefox", "")
	link(t, "/var/lib/snapd/snap", prefix+"/snap")
	link(t, "42", prefix+"/var/lib/snapd/snap/firefox/current")
	got := one(t, d, linuxSystem)
	if got.Exe != "/var/lib/snapd/snap/firefox/42/usr/lib/firefox/firefox" || got.Package != Snap {
		t.Errorf("%+v", got)
	}
	if at, ok := InstalledAt(t.Context(), d, linuxSystem, got.Exe); ok {
		t.Errorf("there are no files of a browser: %+v", at)
	}
	// Out of the prefix, into a home, and round in circles.
	link(t, strings.Repeat("../", 30)+"usr/lib/chromium", prefix+"/opt/out")
	link(t, "/home/u/in", prefix+"/opt/in")
	link(t, "/opt/b", prefix+"/opt/a")
	link(t, "/opt/a", prefix+"/opt/b")
	put(t, prefix+"/home/u/real/file", "x")
	link(t, "real", prefix+"/home/u/in")
	for _, name := range []string{"/opt/out/chromium", "/opt/in/file", "/opt/a/file", "/home/u/in/file", "/opt/a", "/home/u/in"} {
		if f, err := d.Open(name); err == nil || d.IsFile(name) {
			f.Close()
			t.Errorf("%s was read", name)
		} else if strings.Contains(err.Error(), "/") {
			t.Errorf("the error names a file: %v", err)
		}
	}
	if !d.IsFile("/home/u/real/file") || (Disk{Prefix: prefix, Avoid: []string{"/home/u/real"}}).IsFile("/home/u/real/file") {
		t.Error("a folder to avoid")
	}
}

func TestHostileHome(t *testing.T) {
	prefix, d := tempDisk(t)
	home := prefix + "/home/u"
	for _, name := range []string{"libxul.so", "firefox"} {
		put(t, home+"/fifo/"+name, "")
		put(t, home+"/big/"+name, "")
		put(t, home+"/x\xff\n/"+name, "")
		put(t, home+"/linked/"+name, "")
	}
	if err := unix.Mkfifo(home+"/fifo/application.ini", 0o644); err != nil {
		t.Fatal(err)
	}
	put(t, home+"/big/application.ini", strings.Repeat("#", 10<<20)+ini("Firefox", "", "1"))
	put(t, home+"/x\xff\n/application.ini", ini("Fire\x1b[2Jfox\xff"+strings.Repeat("é", 500), "", "2"))
	put(t, home+"/outside/application.ini", ini("Firefox", "", "3"))
	link(t, "../outside/application.ini", home+"/linked/application.ini")
	link(t, "/dev/zero", home+"/linked2/application.ini")
	link(t, "..", home+"/loop")
	link(t, "/", home+"/root")
	put(t, prefix+"/opt/google/chrome/chrome", "")
	got, complete := FindInstalled(t.Context(), d, linuxSystem)
	if len(got) != 2 || !complete || got[0].Browser != "chrome" || got[1].Dir != "/home/u/x\xff\n" {
		t.Fatalf("complete %v: %+v", complete, got)
	}
	if name := got[1].Name; strings.ContainsAny(name, "\x1b\n\xff") || len([]rune(name)) > 100 {
		t.Errorf("name %q", name)
	}
}

func TestVeryManyNamesAreBounded(t *testing.T) {
	prefix, d := tempDisk(t)
	put(t, prefix+"/home/u/.hidden/application.ini", ini("Firefox", "", "1"))
	put(t, prefix+"/home/u/.hidden/libxul.so", "")
	put(t, prefix+"/home/u/.hidden/firefox", "")
	if got := one(t, d, linuxSystem); got.Version != "1" {
		t.Errorf("%+v", got)
	}
	for i := range namesLimit + 10 {
		put(t, fmt.Sprintf("%s/home/u/many/%d", prefix, i), "")
	}
	if _, complete := FindInstalled(t.Context(), d, linuxSystem); complete {
		t.Error("complete, though there are more names than were looked at")
	}
	entries, err := d.List("/home/u/many")
	if err != ErrTooMany || len(entries) != namesLimit {
		t.Error(len(entries), err)
	}
}

func TestVeryManyFoldersAreBounded(t *testing.T) {
	m := with("/home/u/0")
	for i := range 300 {
		m.put(fmt.Sprintf("/home/u/%d", i), append(paks(), "x*")...)
	}
	found, complete := FindInstalled(t.Context(), m, linuxSystem)
	if len(found) != foundLimit || complete {
		t.Errorf("%d, complete %v", len(found), complete)
	}
}
