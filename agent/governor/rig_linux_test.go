package governor

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipguard/browser"
	"ipguard/browser/card"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe"
)

// laptop stands for a machine in a temporary folder, with Chromium and Firefox installed as Debian has them, and one account.
type laptop struct {
	prefix   string
	acct     wipe.Account
	commands []host.Command
	counts   map[rows.Profile]rows.Count
}

func newLaptop(t *testing.T) *laptop {
	t.Helper()
	l := &laptop{prefix: t.TempDir(), counts: map[rows.Profile]rows.Count{}}
	// Others must be able to enter, as they can the root folder.
	for dir := l.prefix; dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"/usr/lib/chromium/chromium", "/usr/lib/chromium/resources.pak", "/usr/lib/chromium/icudtl.dat", "/usr/lib/chromium/chrome_100_percent.pak",
		"/usr/lib/firefox-esr/firefox-esr", "/usr/lib/firefox-esr/libxul.so",
	} {
		l.write(t, name, "program")
	}
	l.write(t, "/usr/lib/firefox-esr/application.ini", "[App]\nName=Firefox\nRemotingName=firefox-esr\nVersion=153.7.0\nID={ec8030f7-c20a-464f-9b0e-13a3a9e97384}\n")
	l.acct = wipe.Account{Name: "public", ID: "1009", UID: 1009, Home: "/home/public"}
	l.write(t, "/home/public/.config/chromium/Default/Preferences", "{}")
	return l
}

func (l *laptop) write(t *testing.T, name, text string) {
	t.Helper()
	name = l.prefix + name
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (l *laptop) Enrolled() ([]wipe.Account, error) { return []wipe.Account{l.acct}, nil }

func (l *laptop) Profiles(wipe.Account) ([]browser.Found, error) {
	return []browser.Found{
		{ID: "chromium", Family: browser.Chromium, Root: ".config/chromium", Profiles: []string{".config/chromium/Default"}},
		{ID: "firefox", Family: browser.Gecko, Root: ".config/mozilla/firefox", Profiles: []string{".config/mozilla/firefox/a.default"}},
	}, nil
}

func (l *laptop) Downloads(a wipe.Account) string { return a.Home + "/Downloads" }

func (l *laptop) Commands(context.Context, wipe.Account) ([]host.Command, error) {
	return l.commands, nil
}

func (l *laptop) Files() browser.Machine { return browser.Disk{Prefix: l.prefix} }

func (l *laptop) Card(wipe.Account, policy.Card, []card.Browser) []card.Readiness { return nil }

func (l *laptop) Rows(_ context.Context, _ wipe.Account, profiles []rows.Profile) ([]rows.Count, error) {
	var all []rows.Count
	for _, p := range profiles {
		c, ok := l.counts[p]
		if !ok {
			c = rows.Count{Known: true}
		}
		all = append(all, c)
	}
	return all, nil
}

func (l *laptop) governor(change func(*policy.Browsers)) *Governor {
	p := policy.Default().Browsers
	if change != nil {
		change(&p)
	}
	return New(Options{
		GOOS: "linux", Arch: "amd64", Policy: p, Laptop: l, Prefix: l.prefix, Record: filepath.Join(l.prefix, "var/lib/ipguard", RecordName),
	})
}

// words are how the browsers stand, by their ids.
func words(t *testing.T, g *Governor) map[string]Word {
	t.Helper()
	report, err := g.Check(t.Context(), wipe.Account{Name: "public", ID: "1009", UID: 1009, Home: "/home/public"})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Word{}
	for _, b := range report.Browsers {
		all[b.ID] = b.Word
	}
	return all
}

// tree lists what is below a folder, with the content of its files.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		all[rel] = d.Type().String()
		if d.Type().IsRegular() {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			all[rel] += " " + string(text)
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all
}

// soon waits for something that the keeper does by itself.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 15 seconds", what)
		}
	}
}
