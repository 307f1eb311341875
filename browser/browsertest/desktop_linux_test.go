package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The settings that these tests go by: few, and written by hand.
const (
	chromiumSettings = `{"IncognitoModeAvailability": 2, "BrowserGuestModeEnabled": false, "BrowserAddPersonEnabled": false,
"DeveloperToolsAvailability": 1, "PasswordManagerEnabled": false, "PromptForDownloadLocation": false,
"BackgroundModeEnabled": false, "RestoreOnStartup": 5, "ProfilePickerOnStartupAvailability": 1,
"DownloadDirectory": "${user_home}/Downloads", "AutofillCreditCardEnabled": "no"}`

	firefoxSettings = `{"policies": {"PrivateBrowsingModeAvailability": 2, "PasswordManagerEnabled": false,
"OfferToSaveLogins": false, "DisableFormHistory": true, "DontCheckDefaultBrowser": true, "SkipTermsOfUse": true,
"OverrideFirstRunPage": "", "DisableTelemetry": true, "UserMessaging": {"SkipOnboarding": true, "Locked": true},
"PromptForDownloadLocation": false, "DownloadDirectory": "${home}/Downloads", "BlockAboutProfiles": true,
"Preferences": {"browser.sessionstore.resume_from_crash": {"Value": false, "Status": "locked"}},
"DisableFeedbackCommands": "no"}}`
)

// wrong is the setting of each that has a wrong type, so that its report can be seen.
func wrong() map[string]string {
	return map[string]string{chromium: "AutofillCreditCardEnabled", firefox: "DisableFeedbackCommands"}
}

func decisive() map[string]string {
	return map[string]string{chromium: "IncognitoModeAvailability", firefox: "PrivateBrowsingModeAvailability"}
}

// newWindow is what opens one. Chromium's plain ctrl+n does nothing where all windows have to be private.
func newWindow() map[string]string {
	return map[string]string{chromium: "ctrl+shift+n", firefox: "ctrl+n"}
}

// What the desktop says of a browser is worth something only if it tells private windows from ordinary ones: the same is
// asked with settings and without.
func TestDesktopTellsPrivateWindows(t *testing.T) {
	for _, name := range []string{chromium, firefox} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			user, site := NewUser(t), NewSite(t, newMarker())
			d := NewDesktop(t, user)
			icon, err := Ways(name, "", t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			ordinary, err := d.Start(ctx, name, icon[0].Argv...)
			if err != nil {
				t.Fatal(err)
			}
			if windows, err := ordinary.Windows(ctx); err != nil || len(windows) != 1 || windows[0].Private {
				t.Errorf("without settings: %v, %v", windows, err)
			}
			ordinary.Kill()
			for _, made := range []string{".config", ".cache"} { // the settings are there before the first session
				if err := os.RemoveAll(filepath.Join(user.Home, made)); err != nil {
					t.Fatal(err)
				}
			}
			d.Write(t, "/etc/chromium/policies/managed/ipguard.json", chromiumSettings)
			d.Write(t, "/etc/firefox/policies/policies.json", firefoxSettings)
			session(t, ctx, d, name, site)
		})
	}
}

// session is a whole session with settings, that ends in a crash, and the next one, that ends well.
func session(t *testing.T, ctx context.Context, d *Desktop, name string, site *Site) {
	t.Helper()
	argv, err := Icon(map[string]string{chromium: "chromium", firefox: "firefox-esr"}[name], "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Start(ctx, name, argv...)
	if err != nil {
		t.Fatal(err)
	}
	page := site.URL + "/" + name + "/form"
	p, err := s.Policies(ctx)
	if err != nil || !p.Active || p.Value(decisive()[name]) != 2.0 || len(p.Problems) != 1 || !strings.Contains(p.Problems[0], wrong()[name]) {
		t.Errorf("the browser says of its settings: %+v, %v", p, err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Second)
	if err := s.Viewer(short, site.Paper(name)); err != nil {
		t.Error(err)
	}
	cancel()
	if answer, err := s.Camera(ctx, site); err != nil || answer != Asks {
		t.Errorf("the camera: %q, %v", answer, err)
	}
	began := time.Now()
	if err := s.Visit(ctx, site); err != nil {
		t.Error(err)
	}
	t.Logf("%s: visit %v", name, time.Since(began))
	for _, open := range []func() error{
		func() error { return d.Link(ctx, name, page) },
		func() error { return d.Run(ctx, argv[0], "--new-window", page) },
		func() error { return d.Press(ctx, "(Chromium|Firefox)$", newWindow()[name]) },
	} {
		before, err := s.Windows(ctx) // Firefox shows a document that was downloaded in one more
		if err != nil {
			t.Error(err)
		}
		if err := open(); err != nil {
			t.Error(err)
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Second)
		windows, err := s.Wait(short, len(before)+1)
		cancel()
		if err != nil {
			t.Error(err)
		}
		onlyPrivate(t, windows)
		t.Logf("%s: %d windows", name, len(windows))
	}
	s.Kill()
	left(t, d, name, site)

	again := argv
	if name == chromium {
		again = append(again, "--restore-last-session")
	}
	if s, err = d.Start(ctx, name, again...); err != nil {
		t.Fatal(err)
	}
	windows, err := s.Windows(ctx)
	if err != nil {
		t.Error(err)
	}
	onlyPrivate(t, windows)
	for _, w := range windows {
		if strings.HasPrefix(w.URL, site.URL) {
			t.Error("a page of the session before is open again")
		}
	}
	if err := s.Open(ctx, page); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil { // now everything is written out
		t.Error(err)
	}
	rows, err := CountRows(ctx, d.User.Home)
	if err != nil || len(rows) == 0 {
		t.Errorf("counting rows: %v, %v", rows, err)
	}
	for _, r := range rows {
		if r.Count > 0 {
			t.Errorf("%d rows in %s of %s", r.Count, r.Table, filepath.Base(r.Store))
		}
	}
	left(t, d, name, site)
}

func onlyPrivate(t *testing.T, windows []Window) {
	t.Helper()
	for _, w := range windows {
		if !w.Private {
			t.Errorf("an ordinary window: %+v", w)
		}
	}
}

// left searches for what the session left outside the downloads. Firefox keeps the name of the site's storage after a
// crash; the marker is in neither that nor the site's address.
func left(t *testing.T, d *Desktop, name string, site *Site) {
	t.Helper()
	began := time.Now()
	roots, err := Writable(d.User)
	if err != nil {
		t.Fatal(err)
	}
	hits, err := Find(t.Context(), append(roots, d.User.Home), []string{filepath.Join(d.User.Home, "Downloads")}, site.Marker)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		t.Errorf("%s: left: %s %s %s", name, h.Trace, h.In, strings.ReplaceAll(strings.TrimPrefix(h.Where, d.User.Home), site.Marker, "MARKER"))
	}
	t.Logf("%s: search %v", name, time.Since(began))
}

// What is written on a desktop must stay there, and nothing of it may remain.
func TestDesktopIsApart(t *testing.T) {
	const folder = "/var/lib/ipgt-apart"
	var dir string
	t.Run("lives", func(t *testing.T) {
		d := NewDesktop(t, NewUser(t), folder)
		dir = d.dir
		d.Write(t, "/etc/ipgt-apart/one", "text")
		if out, err := d.Root(t.Context(), "sh", "-c", "echo two > "+folder+"/two && echo changed > /etc/hostname && id -u").Output(); err != nil || string(out) != "0\n" {
			t.Errorf("writing as root: %q, %v", out, err)
		}
		out, err := d.Command(t.Context(), "sh", "-c", "cat /etc/ipgt-apart/one "+folder+"/two; id -u; id -G; pwd").CombinedOutput()
		if want := "texttwo\n" + itoa(d.User.UID) + "\n" + itoa(d.User.GID) + "\n" + d.User.Home + "\n"; err != nil || string(out) != want {
			t.Errorf("as the account: %q, want %q: %v", out, want, err)
		}
		for _, path := range []string{"/etc/ipgt-apart", folder + "/two"} {
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("%s is the machine's: %v", path, err)
			}
		}
		if err := d.Command(t.Context(), "sh", "-c", "setsid sleep 1000 & setsid sleep 1000 &").Run(); err != nil {
			t.Error(err)
		}
		if n := len(d.Processes()); n < 2 {
			t.Errorf("%d processes are known", n)
		}
	})
	for _, path := range []string{dir, folder} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("left behind: %v", err)
		}
	}
}
