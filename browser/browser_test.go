package browser

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is a home in memory: the content of each file by its name.
type files map[string]string

func home(names ...string) files {
	f := files{}
	for _, name := range names {
		f[name] = ""
	}
	return f
}

func (f files) List(rel string) ([]string, error) {
	var names []string
	for name := range f {
		rest, ok := name, true
		if rel != "" {
			rest, ok = strings.CutPrefix(name, rel+"/")
		}
		if ok {
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, first)
		}
	}
	if names == nil {
		return nil, errors.New("not a folder")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (f files) IsFile(rel string) bool {
	_, ok := f[rel]
	return ok
}

func (f files) Read(rel string, limit int) ([]byte, error) {
	content, ok := f[rel]
	if !ok {
		return nil, errors.New("no such file")
	}
	return []byte(content[:min(len(content), limit)]), nil
}

type discovery struct {
	name string
	goos string
	home files
	want []Found
}

func TestDiscover(t *testing.T) {
	for _, tt := range slices.Concat(chromiumHomes(), geckoHomes(), otherSystems()) {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Discover(tt.home, tt.goos, "/home/u")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func chromiumHomes() []discovery {
	return []discovery{
		{"nothing", "linux", home(".bashrc", ".config/other/file"), nil},
		{"native, several profiles", "linux", home(
			".config/chromium/Local State", ".config/chromium/Default/Preferences", ".config/chromium/Profile 1/Preferences",
			".config/chromium/Profile 2/Cookies", ".config/chromium/Guest Profile/Preferences", ".config/chromium/Crashpad/x"),
			[]Found{{"chromium", Chromium, ".config/chromium", ".cache/chromium", []string{
				".config/chromium/Default", ".config/chromium/Guest Profile", ".config/chromium/Profile 1", ".config/chromium/Profile 2",
			}}}},
		{"marker only", "linux", home(".config/google-chrome-beta/Local State"), []Found{
			{"chrome", Chromium, ".config/google-chrome-beta", ".cache/google-chrome-beta", nil}}},
		{"marker taken away", "linux", home(".config/google-chrome/Default/Cookies"), []Found{
			{"chrome", Chromium, ".config/google-chrome", ".cache/google-chrome", []string{".config/google-chrome/Default"}}}},
		{"crash reports only", "linux", home(".config/mozilla/firefox-esr/Crash Reports/x"), []Found{
			{"firefox", Gecko, ".config/mozilla/firefox-esr", ".cache/mozilla/firefox-esr", nil}}},
		{"nested vendor folder", "linux", home(".config/BraveSoftware/Brave-Browser/Local State"), []Found{
			{"brave", Chromium, ".config/BraveSoftware/Brave-Browser", ".cache/BraveSoftware/Brave-Browser", nil}}},
		{"profile in the root", "linux", home(".config/opera/Local State", ".config/opera/Preferences"), []Found{
			{"opera", Chromium, ".config/opera", ".cache/opera", []string{".config/opera"}}}},
		{"snaps", "linux", home(
			"snap/chromium/common/chromium/Local State", "snap/chromium/common/chromium/Default/Preferences",
			"snap/brave/412/.config/BraveSoftware/Brave-Browser/Local State",
			"snap/firefox/common/.mozilla/firefox/profiles.ini"),
			[]Found{
				{"chromium", Chromium, "snap/chromium/common/chromium", "snap/chromium/common/.cache/chromium", []string{"snap/chromium/common/chromium/Default"}},
				{"brave", Chromium, "snap/brave/412/.config/BraveSoftware/Brave-Browser", "snap/brave/412/.cache/BraveSoftware/Brave-Browser", nil},
				{"firefox", Gecko, "snap/firefox/common/.mozilla/firefox", "snap/firefox/common/.cache/mozilla/firefox", nil},
			}},
		{"flatpaks", "linux", home(
			".var/app/com.google.Chrome/config/google-chrome/Local State",
			".var/app/org.mozilla.firefox/.mozilla/firefox/profiles.ini",
			".var/app/org.mozilla.firefox/config/mozilla/firefox/profiles.ini"),
			[]Found{
				{"chrome", Chromium, ".var/app/com.google.Chrome/config/google-chrome", ".var/app/com.google.Chrome/cache/google-chrome", nil},
				{"firefox", Gecko, ".var/app/org.mozilla.firefox/.mozilla/firefox", ".var/app/org.mozilla.firefox/cache/mozilla/firefox", nil},
				{"firefox", Gecko, ".var/app/org.mozilla.firefox/config/mozilla/firefox", ".var/app/org.mozilla.firefox/cache/mozilla/firefox", nil},
			}},
	}
}

func geckoHomes() []discovery {
	const ini = "[Install1]\nDefault=x1.default\n\n[Profile1]\nName=a\nIsRelative=1\nPath=x1.default\n\n"
	return []discovery{
		{"both folders of Firefox", "linux", files{
			".config/mozilla/firefox/profiles.ini": ini, ".config/mozilla/firefox/x1.default/prefs.js": "",
			".mozilla/firefox/profiles.ini": "", ".mozilla/firefox/old/times.json": ""},
			[]Found{
				{"firefox", Gecko, ".config/mozilla/firefox", ".cache/mozilla/firefox", []string{".config/mozilla/firefox/x1.default"}},
				{"firefox", Gecko, ".mozilla/firefox", ".cache/mozilla/firefox", []string{".mozilla/firefox/old"}},
			}},
		{"profile named elsewhere in the home", "linux", files{
			".mozilla/firefox/profiles.ini": "[Profile0]\nIsRelative=0\nPath=/home/u/job/ff\n", "job/ff/prefs.js": ""},
			[]Found{{"firefox", Gecko, ".mozilla/firefox", ".cache/mozilla/firefox", []string{"job/ff"}}}},
		{"profiles named by somebody hostile", "linux", files{
			".mozilla/firefox/profiles.ini": "[Profile0]\nPath=../../Documents\n[Profile1]\nIsRelative=0\nPath=/etc\n" +
				"[Profile2]\nIsRelative=0\nPath=/home/u\n[Profile3]\nIsRelative=0\nPath=/home/u/../v\n[Profile4]\nPath=none\n[X]\nPath=a",
			"Documents/prefs.js": "", "prefs.js": ""},
			[]Found{{"firefox", Gecko, ".mozilla/firefox", ".cache/mozilla/firefox", nil}}},
		{"unknown browsers", "linux", home(
			".config/vendor/browser/Local State", ".config/vendor/browser/Default/Preferences",
			".zen/profiles.ini", ".zen/a.b/prefs.js", ".var/app/org.x.Y/config/y/Local State", ".var/app/org.x.Y/config/y/P/Preferences"),
			[]Found{
				{"unknown", Chromium, ".config/vendor/browser", ".cache/vendor/browser", []string{".config/vendor/browser/Default"}},
				{"unknown", Chromium, ".var/app/org.x.Y/config/y", ".var/app/org.x.Y/cache/y", []string{".var/app/org.x.Y/config/y/P"}},
				{"unknown", Gecko, ".zen", ".cache/zen", []string{".zen/a.b"}},
			}},
		{"not browsers", "linux", home(
			".config/Signal/Local State", ".config/Signal/Preferences", ".config/Code/Local State", ".config/Code/User/settings.json",
			".thunderbird/profiles.ini", ".thunderbird/x/prefs.js", "snap/thunderbird/common/.thunderbird/profiles.ini",
			"snap/thunderbird/common/.thunderbird/x/prefs.js", ".config/odd/profiles.ini"), nil},
	}
}

func otherSystems() []discovery {
	return []discovery{
		{"Windows", "windows", files{
			"AppData/Local/Google/Chrome/User Data/Local State": "", "AppData/Local/Google/Chrome/User Data/Default/Preferences": "",
			"AppData/Roaming/Mozilla/Firefox/profiles.ini":               "[Profile0]\r\nPath=Profiles/a.b\r\nIsRelative=1\r\n",
			"AppData/Roaming/Mozilla/Firefox/Profiles/a.b/times.json":    "",
			"AppData/Local/Vendor/App/EBWebView/Local State":             "",
			"AppData/Local/Vendor/App/EBWebView/Default/Preferences":     "",
			"AppData/Roaming/Opera Software/Opera GX Stable/Local State": "", "AppData/Roaming/Thunderbird/profiles.ini": ""},
			[]Found{
				{"chrome", Chromium, "AppData/Local/Google/Chrome/User Data", "", []string{"AppData/Local/Google/Chrome/User Data/Default"}},
				{"opera", Chromium, "AppData/Roaming/Opera Software/Opera GX Stable", "AppData/Local/Opera Software/Opera GX Stable", nil},
				{"firefox", Gecko, "AppData/Roaming/Mozilla/Firefox", "AppData/Local/Mozilla/Firefox", []string{"AppData/Roaming/Mozilla/Firefox/Profiles/a.b"}},
				{"unknown", Chromium, "AppData/Local/Vendor/App/EBWebView", "", []string{"AppData/Local/Vendor/App/EBWebView/Default"}},
			}},
		{"macOS", "darwin", home(
			"Library/Application Support/Firefox/profiles.ini", "Library/Application Support/Firefox/Profiles/a/prefs.js",
			"Library/Application Support/Google/Chrome/Local State"),
			[]Found{
				{"chrome", Chromium, "Library/Application Support/Google/Chrome", "Library/Caches/Google/Chrome", nil},
				{"firefox", Gecko, "Library/Application Support/Firefox", "Library/Caches/Firefox", []string{"Library/Application Support/Firefox/Profiles/a"}},
			}},
	}
}

// A folder with very many names must not stall discovery, and everything in known places is still found.
func TestDiscoverInAFullFolder(t *testing.T) {
	f := home(".config/chromium/Local State")
	for i := range 3 * namesLimit {
		f[fmt.Sprintf(".config/a%07d", i)] = ""
	}
	counted := &counting{files: f}
	found := Discover(counted, "linux", "/home/u")
	if len(found) != 1 || counted.n > 8*namesLimit {
		t.Errorf("found %d in %d steps", len(found), counted.n)
	}
}

type counting struct {
	files
	n int
}

func (c *counting) List(rel string) ([]string, error) {
	c.n++
	if strings.HasPrefix(rel, ".config/a") {
		return nil, errors.New("not a folder")
	}
	return c.files.List(rel)
}

func (c *counting) IsFile(rel string) bool {
	c.n++
	return c.files.IsFile(rel)
}

func TestTokens(t *testing.T) {
	found := []Found{
		{"chrome", Chromium, "a/User Data", "", []string{"a/User Data/Default"}},
		{"firefox", Gecko, "b/Firefox", "c/Firefox", nil},
	}
	want := map[string][]string{
		"CHROMIUM_ROOT": {`C:\Users\u\a\User Data`}, "CHROMIUM_PROFILE": {`C:\Users\u\a\User Data\Default`},
		"GECKO_ROOT": {`C:\Users\u\b\Firefox`}, "GECKO_CACHE": {`C:\Users\u\c\Firefox`},
	}
	if diff := cmp.Diff(want, Tokens("windows", `C:\Users\u`, found)); diff != "" {
		t.Error(diff)
	}
	if got := Tokens("linux", "/home/u", found)["GECKO_ROOT"]; got[0] != "/home/u/b/Firefox" {
		t.Error(got)
	}
}

func TestDescriptors(t *testing.T) {
	ids := map[string]bool{}
	for _, d := range Descriptors() {
		if ids[d.ID] || d.ID == Unknown || d.Name == "" {
			t.Errorf("%q: id or name", d.ID)
		}
		ids[d.ID] = true
		for _, goos := range []string{"linux", "windows", "darwin"} {
			if len(d.Processes[goos]) == 0 || !slices.ContainsFunc(d.Roots, func(r Root) bool { return r.OS == goos }) {
				t.Errorf("%s: nothing for %s", d.ID, goos)
			}
		}
		for _, r := range d.Roots {
			if _, err := path.Match(r.Data, ""); err != nil || path.Clean(r.Data) != r.Data || path.IsAbs(r.Data) {
				t.Errorf("%s: root %q", d.ID, r.Data)
			}
		}
	}
}
