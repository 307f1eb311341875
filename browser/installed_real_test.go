//go:build linux

package browser

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindInstalledOnThisMachine(t *testing.T) {
	found, _ := FindInstalled(t.Context(), Disk{}, System{GOOS: "linux", Arch: "amd64"})
	want := map[string]Installed{
		"/usr/lib/chromium": {
			"chromium", "Chromium", Chromium, Native, "stable", "/usr/lib/chromium", "/usr/lib/chromium/chromium", packageVersion(t, "chromium"),
			Place{JSONFolder, "/etc/chromium/policies/managed", "", Measured, "https://www.chromium.org/administrators/linux-quick-start/"},
		},
		"/usr/lib/firefox-esr": {
			"firefox", "Firefox", Gecko, Native, "esr", "/usr/lib/firefox-esr", "/usr/lib/firefox-esr/firefox-esr",
			versionOf(t, "/usr/lib/firefox-esr/application.ini"), Place{
				PoliciesJSON, "/etc/firefox/policies/policies.json", "/usr/lib/firefox-esr/distribution/policies.json", Measured,
				"https://support.mozilla.org/en-US/kb/customizing-firefox-using-policiesjson",
			},
		},
	}
	got := map[string]Installed{}
	for _, i := range found {
		if _, ok := want[i.Dir]; ok {
			got[i.Dir] = i
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("install the packages chromium and firefox-esr of Debian; (-want +got):\n%s", diff)
	}
}

// packageVersion asks the system's own program.
func packageVersion(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("dpkg-query", "-W", "-f=${Version}", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	version, _, _ := strings.Cut(string(out), "-")
	return version
}

// versionOf reads the version without the code under test.
func versionOf(t *testing.T, ini string) string {
	t.Helper()
	content, err := os.ReadFile(ini)
	if err != nil {
		t.Fatalf("install the package firefox-esr of Debian: %v", err)
	}
	_, rest, _ := strings.Cut(string(content), "\nVersion=")
	version, _, _ := strings.Cut(rest, "\n")
	return version
}

// planted makes a copy of an installed browser's files under another name; the big ones are linked to where that is possible.
func planted(t *testing.T, from, to string, names map[string]string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, as := range names {
		src, dst := filepath.Join(from, name), filepath.Join(to, as)
		if os.Link(src, dst) == nil {
			continue
		}
		if err := copied(src, dst); err != nil {
			t.Fatalf("install the packages chromium and firefox-esr of Debian: %v", err)
		}
	}
}

func copied(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func TestRenamedCopiesOfRealBrowsers(t *testing.T) {
	prefix, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	planted(t, "/usr/lib/chromium", prefix+"/home/u/.hidden/a/b/notes", map[string]string{
		"chromium": "notepad", "resources.pak": "resources.pak", "chrome_100_percent.pak": "chrome_100_percent.pak",
		"icudtl.dat": "icudtl.dat", "v8_context_snapshot.bin": "v8_context_snapshot.bin",
		"chrome_crashpad_handler": "chrome_crashpad_handler",
	})
	planted(t, "/usr/lib/firefox-esr", prefix+"/home/u/Downloads/f", map[string]string{
		"application.ini": "application.ini", "libxul.so": "libxul.so", "firefox-esr": "calculator", "crashreporter": "crashreporter",
		"libnss3.so": "libnss3.so",
	})
	if err := os.MkdirAll(prefix+"/home/u/Downloads/f/distribution", 0o755); err != nil {
		t.Fatal(err)
	}
	version := versionOf(t, "/usr/lib/firefox-esr/application.ini")
	chromiumPlace := Place{JSONFolder, "/etc/chromium/policies/managed", "", Measured, "https://www.chromium.org/administrators/linux-quick-start/"}
	firefoxPlace := Place{PoliciesJSON, "/etc/firefox/policies/policies.json", "", Measured,
		"https://support.mozilla.org/en-US/kb/customizing-firefox-using-policiesjson"}
	want := []Installed{
		{"firefox", "Firefox", Gecko, Portable, "esr", "/home/u/Downloads/f", "/home/u/Downloads/f/calculator", version, firefoxPlace},
		{"chromium", "Chromium", Chromium, Portable, "", "/home/u/.hidden/a/b/notes", "/home/u/.hidden/a/b/notes/notepad", "", chromiumPlace},
	}
	disk, sys := Disk{Prefix: prefix}, System{GOOS: "linux", Arch: "amd64", Homes: []string{"/home/u"}}
	found, complete := FindInstalled(t.Context(), disk, sys)
	if diff := cmp.Diff(want, found); diff != "" || !complete {
		t.Errorf("complete %v, (-want +got):\n%s", complete, diff)
	}
	for _, w := range want {
		got, ok := InstalledAt(t.Context(), disk, sys, w.Exe)
		if diff := cmp.Diff(w, got); diff != "" || !ok {
			t.Errorf("at: %v %s", ok, diff)
		}
	}
	helper := want[1]
	helper.Exe = "/home/u/.hidden/a/b/notes/chrome_crashpad_handler"
	if got, ok := InstalledAt(t.Context(), disk, sys, helper.Exe); !ok || cmp.Diff(helper, got) != "" {
		t.Error(cmp.Diff(helper, got))
	}
	// A stick, of which nobody said that it exists.
	stick, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(prefix+"/home/u/.hidden/a/b/notes", stick+"/x"); err != nil {
		t.Fatal(err)
	}
	got, ok := InstalledAt(t.Context(), Disk{}, System{GOOS: "linux"}, stick+"/x/notepad")
	if !ok || got.Browser != "chromium" || got.Place.Path != chromiumPlace.Path {
		t.Error(ok, got)
	}
	if _, ok := InstalledAt(t.Context(), Disk{}, System{GOOS: "linux"}, "/bin/sh"); ok {
		t.Error("a shell is a browser")
	}
}

func BenchmarkObeys(b *testing.B) {
	f := newFinder(context.Background().Err, Disk{}, System{GOOS: "linux"})
	for b.Loop() {
		if _, _, ok := f.obeys("/usr/lib/chromium/chromium"); !ok {
			b.Fatal("not found")
		}
	}
}
