package browser

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// fake is a machine in memory, without links.
type fake struct{ fstest.MapFS }

func (f fake) rel(name string) string { return strings.TrimPrefix(path.Clean(name), "/") }

func (f fake) List(dir string) ([]fs.DirEntry, error) { return f.ReadDir(f.rel(dir)) }

func (f fake) IsFile(name string) bool {
	info, err := f.Stat(f.rel(name))
	return err == nil && info.Mode().IsRegular()
}

func (f fake) Open(name string) (io.ReadCloser, error) {
	if !f.IsFile(name) {
		return nil, errors.New("no such file")
	}
	return f.MapFS.Open(f.rel(name))
}

func (f fake) Real(name string) string { return path.Clean(name) }

// with makes a machine of files without content; those that end in "*" can be run and are large.
func with(dir string, names ...string) fake {
	f := fake{fstest.MapFS{}}
	f.put(dir, names...)
	return f
}

func (f fake) put(dir string, names ...string) {
	for _, name := range names {
		file := &fstest.MapFile{Mode: 0o644}
		if program, ok := strings.CutSuffix(name, "*"); ok {
			name, file = program, &fstest.MapFile{Mode: 0o755, Data: make([]byte, 4096)}
		}
		f.MapFS[f.rel(path.Join(dir, name))] = file
	}
}

func (f fake) write(name, content string) {
	f.MapFS[f.rel(name)] = &fstest.MapFile{Data: []byte(content), Mode: 0o755}
}

func ini(name, remoting, version string) string {
	return "[App]\nName=" + name + "\nRemotingName=" + remoting + "\nVersion=" + version + "\nID=" + firefoxID + "\n[Gecko]\nID=x\n"
}

func paks() []string {
	return []string{"resources.pak", "chrome_100_percent.pak", "icudtl.dat", "v8_context_snapshot.bin", "libqt5_shim.so"}
}

var linuxSystem = System{GOOS: "linux", Arch: "arm64", Homes: []string{"/home/u"}}

func one(t *testing.T, m Machine, sys System) Installed {
	t.Helper()
	found, complete := FindInstalled(t.Context(), m, sys)
	if len(found) != 1 || !complete {
		t.Fatalf("complete %v: %+v", complete, found)
	}
	return found[0]
}

// TestEveryEditionIsFound plants each program of each edition and looks for it.
func TestEveryEditionIsFound(t *testing.T) {
	fill := strings.NewReplacer("${HOME}", "/home/[u]", "${PROGRAMFILES}", "C:/Program Files",
		"${PROGRAMFILES(X86)}", "C:/Program Files (x86)", "${LOCALAPPDATA}", "/home/[u]/AppData/Local", "*", "xx")
	for _, d := range Descriptors() {
		systems := map[string]bool{}
		if !strings.HasPrefix(d.URL, "https://") {
			t.Errorf("%s: no page", d.ID)
		}
		for _, e := range d.Editions {
			systems[e.OS] = true
			if !strings.HasPrefix(e.Place.URL, "https://") || e.Channel == "" || len(e.Programs) == 0 {
				t.Errorf("%s: %+v: no page that says where, or why not", d.ID, e)
			}
			if (e.Place.Format == "") != (e.Place.Path == "") || (e.Place.Format == "") != (e.Place.Proof == "") {
				t.Errorf("%s: half a place: %+v", d.ID, e.Place)
			}
			measured := e.OS == "linux" && e.Package == Native && (d.ID == "chromium" || d.ID == "firefox")
			if e.Place.Proof == Measured && !measured {
				t.Errorf("%s on %s: nobody has seen that", d.ID, e.OS)
			}
			for _, p := range e.Programs {
				if _, err := path.Match(p, ""); err != nil || path.Clean(p) != p {
					t.Errorf("%s: pattern %q", d.ID, p)
				}
				got := one(t, with("/", fill.Replace(p)+"*"), System{GOOS: e.OS, Arch: "amd64", Homes: []string{"/home/[u]"}})
				if got.Browser != d.ID || got.Package != e.Package || got.Channel != e.Channel || got.Exe != fill.Replace(p) {
					t.Errorf("%s: %s: %+v", d.ID, p, got)
				}
				if strings.Contains(got.Place.Path+got.Place.Instead, "$") {
					t.Errorf("%s: %s: a token is left: %+v", d.ID, p, got.Place)
				}
				if strings.Contains(got.Place.Path+got.Place.Instead, "/home/") {
					t.Errorf("%s: %s: the account can write there: %+v", d.ID, p, got.Place)
				}
			}
		}
		if len(systems) != 3 {
			t.Errorf("%s: systems %v", d.ID, systems)
		}
		if got, ok := ByID(d.ID); !ok || got.Name != d.Name {
			t.Errorf("%s: not found by ID", d.ID)
		}
	}
	if _, ok := ByID(Unknown); ok {
		t.Error("the unknown one is known")
	}
}

func TestPlacesOfFirefox(t *testing.T) {
	m := with("/", "/var/lib/flatpak/app/org.mozilla.firefox/current/active/files/lib/firefox/firefox*")
	want := "/var/lib/flatpak/extension/org.mozilla.firefox.systemconfig/aarch64/stable/policies/policies.json"
	if got := one(t, m, linuxSystem).Place; got.Path != want || got.Format != PoliciesJSON {
		t.Error(got)
	}
	m = with("/usr/lib/firefox", "firefox*")
	m.write("/usr/lib/firefox/application.ini", ini("Firefox", "firefox-esr", "140.1"))
	got := one(t, m, linuxSystem)
	if got.Channel != "esr" || got.Version != "140.1" || got.Place.Instead != "/usr/lib/firefox/distribution/policies.json" {
		t.Error(got)
	}
}

func TestByTheirFilesOnLinux(t *testing.T) {
	for _, dir := range []string{
		"/opt/x", "/opt/x/y", "/usr/lib/x", "/usr/local/x/y", "/home/u", "/home/u/.a/b/c/d", "/home/u/x\xff", "/snap/x/current/opt/y",
		"/var/lib/flatpak/app/x/current/active/files/y", "/home/u/.local/share/flatpak/app/a/b/c/d/files/lib/x",
	} {
		if strings.Contains(dir, "\xff") {
			continue // the library's machine in memory refuses it: see the test on a disk
		}
		m := with(dir, append(paks(), "word*", "help.so*")...)
		m.write(path.Join(dir, "word"), strings.Repeat("x", 1<<20-8)+"/etc/opt/chrome/policies\x00"+strings.Repeat("y", 5000))
		got := one(t, m, linuxSystem)
		if got.Dir != dir || got.Exe != dir+"/word" || got.Family != Chromium {
			t.Errorf("%s: %+v", dir, got)
		}
		if contained := got.Package != Portable; contained != (got.Place.Format == "") || !contained && got.Browser != "chrome" {
			t.Errorf("%s: %+v", dir, got)
		}
	}
	m := with("/home/u/ff", "libxul.so", "abc*")
	m.write("/home/u/ff/application.ini", ini("LibreWolf", "", "150.0"))
	if got := one(t, m, linuxSystem); got.Browser != "librewolf" || got.Place.Format != "" || got.Exe != "/home/u/ff/abc" {
		t.Errorf("a file that the account can write governs: %+v", got)
	}
	m.write("/home/u/ff/application.ini", ini("Tor Browser", "", "14.0"))
	if got := one(t, m, linuxSystem); got.Browser != Unknown || got.Name != "Tor Browser" || got.Place.Format != "" {
		t.Errorf("%+v", got)
	}
}

func TestByTheirFilesElsewhere(t *testing.T) {
	sys := System{GOOS: "windows", Arch: "amd64", Homes: []string{`C:\Users\u`}}
	m := with("C:/Users/u/AppData/Local/Acme/Tool/Application/150.0.1.2", paks()...)
	m.put("C:/Users/u/AppData/Local/Acme/Tool/Application", "tool.exe*", "helper.exe")
	got := one(t, m, sys)
	if got.Exe != "C:/Users/u/AppData/Local/Acme/Tool/Application/tool.exe" || got.Version != "150.0.1.2" || got.Browser != Unknown {
		t.Errorf("%+v", got)
	}
	if at, ok := InstalledAt(t.Context(), m, sys, `C:\Users\u\AppData\Local\Acme\Tool\Application\tool.exe`); !ok || cmp.Diff(got, at) != "" {
		t.Error(ok, at)
	}
	m = with("C:/Program Files/Google/Chrome/Application", "chrome.exe*", "9.0.0.1/x", "10.0.0.2/x", "SetupMetrics/x")
	if got := one(t, m, sys); got.Version != "10.0.0.2" || got.Place.Path != `SOFTWARE\Policies\Google\Chrome` {
		t.Errorf("%+v", got)
	}
	m = with("C:/Users/u/Desktop/ff", "xul.dll", "a.exe*")
	m.write("C:/Users/u/Desktop/ff/application.ini", ini("Firefox", "firefox", "150.0"))
	if got := one(t, m, sys); got.Browser != "firefox" || got.Place.Format != RegistryKey || got.Package != Portable {
		t.Errorf("%+v", got)
	}
	mac := System{GOOS: "darwin", Homes: []string{"/Users/u"}}
	m = with("/Users/u/Downloads/x/Letter.app/Contents/MacOS", "Letter*")
	m.write("/Users/u/Downloads/x/Letter.app/Contents/Info.plist", "<dict><key>CFBundleExecutable</key>\n<string>Letter</string>"+
		"<key>CFBundleIdentifier</key><string>com.microsoft.Edge.Beta</string><key>CFBundleShortVersionString</key><string>150.1</string>")
	got = one(t, m, mac)
	if got.Browser != "edge" || got.Version != "150.1" || got.Place.Path != "/Library/Managed Preferences/com.microsoft.Edge.Beta.plist" {
		t.Errorf("%+v", got)
	}
	if at, ok := InstalledAt(t.Context(), m, mac, got.Exe); !ok || cmp.Diff(got, at) != "" {
		t.Error(ok, at)
	}
}

func TestLookAlikesAreNotFound(t *testing.T) {
	for name, extra := range map[string]string{
		"Electron": "resources/app.asar", "Electron unpacked": "resources/app/main.js", "CEF": "libcef.so", "NW.js": "libnw.so",
		"Qt": "libQt6WebEngineCore.so.6", "WebView2": "msedgewebview2.exe",
	} {
		m := with("/opt/x", append(paks(), extra, "x*")...)
		if found, _ := FindInstalled(t.Context(), m, linuxSystem); found != nil {
			t.Errorf("%s: %+v", name, found)
		}
		if _, ok := InstalledAt(t.Context(), m, linuxSystem, "/opt/x/x"); ok {
			t.Errorf("%s: at", name)
		}
	}
	m := with("/opt/mail", "libxul.so", "mail*")
	m.write("/opt/mail/application.ini", "[App]\nName=Thunderbird\nID={3550f703-e582-4d05-9a08-453d09bdfdc6}\n")
	if found, _ := FindInstalled(t.Context(), m, linuxSystem); found != nil {
		t.Errorf("mail: %+v", found)
	}
	// Opera comes with such a folder, without Electron's files in it.
	m = with("/opt/o", append(paks(), "resources/partners.json", "o*")...)
	one(t, m, linuxSystem)
}

func TestFindInstalledEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, complete := FindInstalled(ctx, with("/opt/x", append(paks(), "x*")...), linuxSystem); complete {
		t.Error("complete, though there was no time")
	}
}
