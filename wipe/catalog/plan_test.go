package catalog

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
	"ipguard/wipe/locate"
)

var update = flag.Bool("update", false, "write the golden files anew")

type home struct {
	acct     wipe.Account
	userDirs string
	browsers map[wipe.Token][]string
}

// homes are synthetic accounts, one an operating system. Their entries are in testdata/GOOS.home, a line each; what the
// catalogue makes of them is in testdata/GOOS.golden.
func homes() map[string]home {
	return map[string]home{
		"linux": {
			acct: wipe.Account{Name: "permanence", ID: "1001", UID: 1001, Home: "/home/permanence"},
			userDirs: `XDG_DOWNLOAD_DIR="$HOME/Téléchargements"` + "\n" + `XDG_DESKTOP_DIR="$HOME/Bureau"` + "\n" +
				`XDG_PICTURES_DIR="$HOME/Images"` + "\n",
			browsers: map[wipe.Token][]string{
				locate.ChromiumRoot:    {"/home/permanence/.config/chromium", "/home/permanence/snap/chromium/common/chromium"},
				locate.ChromiumProfile: {"/home/permanence/.config/chromium/Default", "/home/permanence/.config/chromium/Profile 1"},
				locate.ChromiumCache:   {"/home/permanence/.cache/chromium"},
				locate.GeckoRoot:       {"/home/permanence/.config/mozilla/firefox", "/home/permanence/.mozilla/firefox"},
				locate.GeckoProfile:    {"/home/permanence/.config/mozilla/firefox/x1.default-esr"},
				locate.GeckoCache:      {"/home/permanence/.cache/mozilla/firefox"},
			},
		},
		"windows": {
			acct: wipe.Account{Name: "Permanence", ID: "S-1-5-21-1-2-3-1001", Home: `C:\Users\Permanence`},
			browsers: map[wipe.Token][]string{
				locate.ChromiumRoot:    {`C:\Users\Permanence\AppData\Local\Google\Chrome\User Data`},
				locate.ChromiumProfile: {`C:\Users\Permanence\AppData\Local\Google\Chrome\User Data\Default`},
			},
		},
		"darwin": {
			acct: wipe.Account{Name: "permanence", ID: "501", UID: 501, Home: "/Users/permanence"},
			browsers: map[wipe.Token][]string{
				locate.GeckoRoot:    {"/Users/permanence/Library/Application Support/Firefox"},
				locate.GeckoProfile: {"/Users/permanence/Library/Application Support/Firefox/Profiles/x1.default-release"},
				locate.GeckoCache:   {"/Users/permanence/Library/Caches/Firefox"},
			},
		},
	}
}

// TestGoldenPlans shows on one machine what the catalogue says on three.
func TestGoldenPlans(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for goos, h := range homes() {
		t.Run(goos, func(t *testing.T) {
			tokens := locate.Home(goos, h.acct.Home, []byte(h.userDirs))
			maps.Copy(tokens, h.browsers)
			maps.Copy(tokens, locate.System(goos, "", h.acct))
			entries, err := os.ReadFile(filepath.Join("testdata", goos+".home"))
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			root := NewClassifier(arts, goos, tokens, h.acct.Home).Root()
			for rel := range strings.SplitSeq(strings.TrimSpace(string(entries)), "\n") {
				m := descend(root, rel)
				id, class := m.Artifact()
				fmt.Fprintf(&got, "%-62s %-24s %-12s %-9s %s\n", rel, id, class, m.Kind(), m.Enroll())
			}
			got.WriteString("\n")
			for _, f := range locate.Resolve(arts, goos, tokens, h.acct) {
				fmt.Fprintf(&got, "%-42s %-30s %-20s %-10s %s\n", f.Dir, f.Pattern, f.Artifact, f.Class, f.Kind)
			}
			golden(t, goos+".golden", got.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestOwnedNamesLieInOwnedFolders keeps a rule that only gives a name from being taken for one that removes.
func TestOwnedNamesLieInOwnedFolders(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	whole, named := map[string]bool{}, map[string]wipe.ArtifactID{}
	for _, art := range arts {
		for _, loc := range art.Locations {
			for _, goos := range loc.OS {
				key := goos + " " + string(loc.Base)
				switch {
				case loc.Kind == wipe.KindOwned && loc.Pattern == "":
					whole[key] = true
				case loc.Kind == wipe.KindOwned || loc.Kind == wipe.KindLive && !insideHome(loc.Base):
					named[key] = art.ID
				}
			}
		}
	}
	for key, id := range named {
		if !whole[key] {
			t.Errorf("%s: nothing owns the whole folder %s", id, key)
		}
	}
}

func insideHome(token wipe.Token) bool {
	info, _ := locate.Lookup(token)
	return info.Inside
}

// TestNothingPersonalIsKeptInABrowser: whatever is new in a browser's folders is personal until a rule says otherwise,
// and what is known to name sites, people or secrets never is kept.
func TestNothingPersonalIsKeptInABrowser(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	h := homes()["linux"]
	tokens := locate.Home("linux", h.acct.Home, nil)
	maps.Copy(tokens, h.browsers)
	root := NewClassifier(arts, "linux", tokens, h.acct.Home).Root()
	chromium := []string{
		"Cookies", "Cookies-journal", "Network/Cookies", "Login Data", "Login Data For Account", "Web Data", "History", "Favicons",
		"Sessions/Session_1", "Sessions_Encrypted/x", "Local Storage/leveldb/1.ldb", "IndexedDB/https_a/1", "shared_proto_db/1",
		"Service Worker/Database/1", "File System/0/1", "TransportSecurity", "Reporting and NEL", "Bookmarks", "Local Extension Settings/a/1",
		"Sync Data/1", "Safe Browsing Network/Safe Browsing Cookies", "SomethingNew/1",
	}
	gecko := []string{
		"cookies.sqlite", "cookies.sqlite-wal", "places.sqlite-wal", "logins.json", "logins.db", "key4.db", "formhistory.sqlite",
		"storage/default/https+++a/ls/data.sqlite", "storage/private/u/.metadata-v2", "sessionstore.jsonlz4", "permissions.sqlite",
		"ClientAuthRememberList.bin", "SiteSecurityServiceState.bin", "cert_override.txt", "webappsstore.sqlite", "chat-store.sqlite",
		"bookmarkbackups/1.jsonlz4", "something-new.sqlite",
	}
	check := func(dir string, names []string) {
		for _, name := range names {
			if got := descend(root, dir+"/"+name).Enroll(); got != wipe.EnrollPersonal {
				t.Errorf("%s/%s: %s", dir, name, got)
			}
		}
	}
	check(".config/chromium/Default", chromium)
	check(".config/chromium/Profile 1", chromium)
	check(".config/mozilla/firefox/x1.default-esr", gecko)
	check(".config/chromium", []string{
		"segmentation_platform/ukm_db", "Safe Browsing Cookies", "Snapshots/1/Default/History", "Crash Reports/1.dmp", "SomethingNew",
	})
	if descend(root, ".config/chromium/Safe Browsing/Url.store").Enroll() != wipe.EnrollKeep {
		t.Error("the lists of Safe Browsing would be downloaded for each person")
	}
}
