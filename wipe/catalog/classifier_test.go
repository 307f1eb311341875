package catalog

import (
	"strings"
	"testing"

	"ipguard/wipe"
	"ipguard/wipe/locate"
)

func rules(goos string, rows ...[3]string) []wipe.Artifact {
	var arts []wipe.Artifact
	for _, row := range rows {
		base, pattern, _ := strings.Cut(row[1], ":")
		arts = append(arts, wipe.Artifact{
			ID: wipe.ArtifactID(row[0]), Class: wipe.ClassBrowser, Enroll: wipe.Enroll(row[2]),
			Locations: []wipe.Location{{
				OS: []string{goos}, Kind: wipe.KindHome, Base: wipe.Token(base), Pattern: pattern,
			}},
		})
	}
	return arts
}

func descend(m Match, rel string) Match {
	for name := range strings.SplitSeq(rel, "/") {
		if name != "" {
			m = m.Child(name)
		}
	}
	return m
}

func TestClassifier(t *testing.T) {
	tokens := locate.Home("linux", "/home/u", nil)
	tokens[locate.Downloads] = []string{"/home/u/Downloads", "/srv/downloads"}
	arts := rules("linux",
		[3]string{"root", "XDG_CONFIG:app", "personal"},
		[3]string{"wild", "XDG_CONFIG:app/*", "personal"},
		[3]string{"half", "XDG_CONFIG:app/hos*", "personal"},
		[3]string{"hosts", "XDG_CONFIG:app/hosts", "keep"},
		[3]string{"deep", "XDG_CONFIG:app/*/deep/*.db", "mixed"},
		[3]string{"later", "XDG_CONFIG:app/hosts", "personal"},
		[3]string{"cache", "XDG_CACHE:", "rebuilt"},
		[3]string{"lists", "XDG_CACHE:*/lists", "keep"},
		[3]string{"downloads", "DOWNLOADS:", "personal"},
		[3]string{"system", "TMP:", "keep"},
		[3]string{"variable", "XDG_CONFIG:${ACCOUNT}", "personal"},
	)
	tests := []struct {
		rel  string
		id   wipe.ArtifactID
		keep bool // MayKeepBelow
	}{
		{"", "unknown", true},
		{".config", "unknown", true},
		{".config/app", "root", true},
		{".config/app/x", "wild", true},
		{".config/app/host", "half", true},
		{".config/app/hosts", "hosts", true},
		{".config/app/hosts/a/b/c", "hosts", false},
		{".config/app/x/deep", "wild", true},
		{".config/app/x/deep/a.db", "deep", false},
		{".config/app/x/deep/a.db/b", "deep", false},
		{".config/app/x/shallow/a.db", "wild", false},
		{".config/App", "unknown", false},
		{".cache", "cache", true},
		{".cache/a/lists/b", "lists", false},
		{".cache/a/b/lists", "cache", false},
		{"Downloads/a.pdf", "downloads", false},
		{".config/${ACCOUNT}", "unknown", false},
		{"tmp", "unknown", false},
		{".config/app/\xff\xfe", "wild", true},
	}
	c := NewClassifier(arts, "linux", tokens, "/home/u")
	for _, tt := range tests {
		m := descend(c.Root(), tt.rel)
		if id, _ := m.Artifact(); id != tt.id || m.MayKeepBelow() != tt.keep {
			t.Errorf("%q: got %q, keep below %v; want %q, %v", tt.rel, id, m.MayKeepBelow(), tt.id, tt.keep)
		}
	}
	// The same rules over another root of the same account.
	elsewhere := NewClassifier(arts, "linux", tokens, "/srv/downloads").Root()
	if id, _ := elsewhere.Artifact(); id != "downloads" {
		t.Errorf("a folder on another volume: %q", id)
	}
	if id, class := NewClassifier(arts, "linux", tokens, "/home/other").Root().Artifact(); id != Unknown || class != wipe.ClassUnknown {
		t.Errorf("a home that the rules are not for: %q", id)
	}
}

func TestClassifierFoldsCase(t *testing.T) {
	for goos, home := range map[string]string{"windows": `C:\Users\U`, "darwin": "/Users/u"} {
		tokens := locate.Home(goos, home, nil)
		arts := rules(goos, [3]string{"lock", "DOWNLOADS:*.LOCK", "personal"}, [3]string{"list", "DOWNLOADS:List", "keep"})
		root := NewClassifier(arts, goos, tokens, home).Root()
		for rel, want := range map[string]wipe.ArtifactID{
			"DOWNLOADS/a.lock": "lock", "downloads/LIST/x": "list", "downloads/lists": Unknown,
		} {
			if id, _ := descend(root, rel).Artifact(); id != want {
				t.Errorf("%s: %s: got %q, want %q", goos, rel, id, want)
			}
		}
	}
	// The same folder in another spelling is still the root.
	tokens := locate.Home("windows", `\\?\c:\users\u`, nil)
	arts := rules("windows", [3]string{"list", "DOWNLOADS:List", "keep"})
	if id, _ := descend(NewClassifier(arts, "windows", tokens, `C:\Users\U`).Root(), "Downloads/list").Artifact(); id != "list" {
		t.Errorf("another spelling of the home: %q", id)
	}
}

// TestClassifierOfRuntime shows how a root outside the home is classified: a live socket is told from what else is there.
func TestClassifierOfRuntime(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	acct := wipe.Account{Name: "u", ID: "1000", UID: 1000}
	root := NewClassifier(arts, "linux", locate.System("linux", "", acct), "/run/user/1000").Root()
	for name, want := range map[string]wipe.Kind{
		"bus": wipe.KindLive, "pipewire-0": wipe.KindLive, "copy.pdf": wipe.KindOwned, "busy": wipe.KindOwned,
	} {
		if got := root.Child(name).Kind(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A walk asks once an entry, so what nothing further can match must cost nothing.
func TestChildBelowEveryRuleAllocatesNothing(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	m := descend(NewClassifier(arts, "linux", locate.Home("linux", "/home/u", nil), "/home/u").Root(), "work/a/b")
	if n := testing.AllocsPerRun(100, func() { m.Child("file.txt") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkChildOfHome(b *testing.B) {
	arts, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	root := NewClassifier(arts, "linux", locate.Home("linux", "/home/u", nil), "/home/u").Root()
	for b.Loop() {
		root.Child("some file name.pdf")
	}
}
