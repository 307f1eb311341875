package locate

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

func TestHomeByDefault(t *testing.T) {
	tests := map[string]struct {
		home string
		want map[wipe.Token]string
	}{
		"linux": {"/home/u", map[wipe.Token]string{
			HomeFolder: "/home/u", XDGConfig: "/home/u/.config", XDGData: "/home/u/.local/share", XDGCache: "/home/u/.cache",
			XDGState: "/home/u/.local/state", Downloads: "/home/u/Downloads", Videos: "/home/u/Videos",
			PublicShare: "/home/u/Public", Templates: "/home/u/Templates",
		}},
		"windows": {`C:\Users\u`, map[wipe.Token]string{
			HomeFolder: `C:\Users\u`, AppData: `C:\Users\u\AppData\Roaming`, LocalAppData: `C:\Users\u\AppData\Local`,
			LocalLow: `C:\Users\u\AppData\LocalLow`, Downloads: `C:\Users\u\Downloads`, Videos: `C:\Users\u\Videos`,
		}},
		"darwin": {"/Users/u", map[wipe.Token]string{
			HomeFolder: "/Users/u", Library: "/Users/u/Library", AppSupport: "/Users/u/Library/Application Support",
			LibCaches: "/Users/u/Library/Caches", Videos: "/Users/u/Movies", PublicShare: "/Users/u/Public",
		}},
	}
	for goos, tt := range tests {
		got := Home(goos, tt.home, nil)
		for token, want := range tt.want {
			if diff := cmp.Diff([]string{want}, got[token]); diff != "" {
				t.Errorf("%s: %s: %s", goos, token, diff)
			}
		}
		for token := range got {
			if info, ok := Lookup(token); !ok || !info.Inside || !slices.Contains(info.OS, goos) {
				t.Errorf("%s: token %s does not belong", goos, token)
			}
		}
	}
}

func TestUserDirs(t *testing.T) {
	const home = "/home/u"
	def := []string{"/home/u/Downloads"}
	tests := map[string]struct {
		line string
		want []string
	}{
		"localized":               {`XDG_DOWNLOAD_DIR="$HOME/Téléchargements"`, []string{"/home/u/Téléchargements"}},
		"nested":                  {`XDG_DOWNLOAD_DIR="$HOME/Data/In"`, []string{"/home/u/Data/In"}},
		"absolute in the home":    {`XDG_DOWNLOAD_DIR="/home/u/In"`, []string{"/home/u/In"}},
		"slash at the end":        {`XDG_DOWNLOAD_DIR="$HOME/In/"`, []string{"/home/u/In"}},
		"escaped quote":           {`XDG_DOWNLOAD_DIR="$HOME/a\"b"`, []string{`/home/u/a"b`}},
		"space around":            {"  XDG_DOWNLOAD_DIR=\"$HOME/In\" \r\n", []string{"/home/u/In"}},
		"last line counts":        {"XDG_DOWNLOAD_DIR=\"$HOME/A\"\nXDG_DOWNLOAD_DIR=\"$HOME/B\"", []string{"/home/u/B"}},
		"bad line after good":     {"XDG_DOWNLOAD_DIR=\"$HOME/A\"\nXDG_DOWNLOAD_DIR=\"/etc\"", []string{"/home/u/A"}},
		"none":                    {`XDG_DOWNLOAD_DIR="$HOME/"`, nil},
		"none without slash":      {`XDG_DOWNLOAD_DIR="$HOME"`, nil},
		"none, many slashes":      {`XDG_DOWNLOAD_DIR="$HOME///"`, nil},
		"none, absolute":          {`XDG_DOWNLOAD_DIR="/home/u"`, nil},
		"comment":                 {`#XDG_DOWNLOAD_DIR="$HOME/In"`, def},
		"root":                    {`XDG_DOWNLOAD_DIR="/"`, def},
		"system":                  {`XDG_DOWNLOAD_DIR="/etc"`, def},
		"another home":            {`XDG_DOWNLOAD_DIR="/home/user2"`, def},
		"parent":                  {`XDG_DOWNLOAD_DIR="$HOME/../other"`, def},
		"parent inside":           {`XDG_DOWNLOAD_DIR="$HOME/a/../../other"`, def},
		"parent by the last part": {`XDG_DOWNLOAD_DIR="$HOME/a/.."`, def},
		"dot":                     {`XDG_DOWNLOAD_DIR="$HOME/./a"`, def},
		"empty component":         {`XDG_DOWNLOAD_DIR="$HOME/a//b"`, def},
		"hidden":                  {`XDG_DOWNLOAD_DIR="$HOME/.config"`, def},
		"relative":                {`XDG_DOWNLOAD_DIR="In"`, def},
		"no quotes":               {`XDG_DOWNLOAD_DIR=$HOME/In`, def},
		"one quote":               {`XDG_DOWNLOAD_DIR="`, def},
		"quote in the middle":     {`XDG_DOWNLOAD_DIR="$HOME/a"b"`, def},
		"other variable":          {`XDG_DOWNLOAD_DIR="$OLDPWD/x"`, def},
		"variable further on":     {`XDG_DOWNLOAD_DIR="$HOME/$USER"`, def},
		"escaped variable":        {`XDG_DOWNLOAD_DIR="\$HOME/x"`, def},
		"command":                 {"XDG_DOWNLOAD_DIR=\"$HOME/`id`\"", def},
		"backslash at the end":    {`XDG_DOWNLOAD_DIR="$HOME/a\"`, def},
		"NUL":                     {"XDG_DOWNLOAD_DIR=\"$HOME/a\x00b\"", def},
		"not UTF-8":               {"XDG_DOWNLOAD_DIR=\"$HOME/a\xff\"", def},
		"prefix of the name":      {`XXDG_DOWNLOAD_DIR="$HOME/In"`, def},
		"home as a prefix":        {`XDG_DOWNLOAD_DIR="$HOMER/In"`, def},
		"too large":               {`XDG_DOWNLOAD_DIR="$HOME/In"` + strings.Repeat("\n", userDirsLimit), def},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Home("linux", home, []byte(tt.line))[Downloads]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzUserDirs(f *testing.F) {
	f.Add(`XDG_DESKTOP_DIR="$HOME/a"`)
	f.Fuzz(func(t *testing.T, content string) {
		for token, folders := range Home("linux", "/home/u", []byte(content)) {
			for _, folder := range folders {
				if token != HomeFolder && (path.Clean(folder) != folder || !strings.HasPrefix(folder, "/home/u/")) {
					t.Errorf("%s: %q", token, folder)
				}
			}
		}
	})
}

func TestSystem(t *testing.T) {
	acct := wipe.Account{Name: "u", ID: "1001", UID: 1001, Home: "/home/u"}
	got := System("linux", "/lab", acct)
	if diff := cmp.Diff([]string{"/lab/run/user/1001"}, got[Runtime]); diff != "" {
		t.Error(diff)
	}
	for token, folders := range got {
		if info, ok := Lookup(token); !ok || info.Inside {
			t.Errorf("%s is not a token outside the home", token)
		}
		for _, folder := range folders {
			if !strings.HasPrefix(folder, "/lab/") {
				t.Errorf("%s leaves the prefix", token)
			}
		}
	}
	for name, acct := range map[string]wipe.Account{
		"no number":    {Name: "u", UID: 1001},
		"not a number": {Name: "u", ID: "../0", UID: 1001},
		"root":         {Name: "root", ID: "0"},
	} {
		if folders := System("linux", "", acct)[Runtime]; folders != nil {
			t.Errorf("%s: %v", name, folders)
		}
	}
	win := wipe.Account{Name: "u", ID: "S-1-5-21-7-1001", Home: `D:\Users\u`}
	if diff := cmp.Diff([]string{`D:\$Recycle.Bin\S-1-5-21-7-1001`}, System("windows", "", win)[RecycleBin]); diff != "" {
		t.Error(diff)
	}
	win.ID = `S-1-5\..`
	if folders := System("windows", "", win)[RecycleBin]; folders != nil {
		t.Error(folders)
	}
}

func TestResolve(t *testing.T) {
	location := func(kind wipe.Kind, base wipe.Token, pattern string) wipe.Location {
		return wipe.Location{OS: []string{"linux"}, Kind: kind, Base: base, Pattern: pattern}
	}
	arts := []wipe.Artifact{
		{ID: "home", Locations: []wipe.Location{location(wipe.KindHome, XDGConfig, "x")}},
		{ID: "core", Class: wipe.ClassCrash, Locations: []wipe.Location{location(wipe.KindMatched, Coredump, "core.*.${UID}.*")}},
		{ID: "cron", Class: wipe.ClassSchedule, Locations: []wipe.Location{location(wipe.KindBaselined, Crontabs, "${ACCOUNT}")}},
		{ID: "user", Class: wipe.ClassDesktop, Locations: []wipe.Location{location(wipe.KindBaselined, AccountsService, "users/${ACCOUNT}")}},
		{ID: "tmp", Class: wipe.ClassTemporary, Locations: []wipe.Location{location(wipe.KindOwned, TMP, "")}},
		{ID: "name", Class: wipe.ClassTemporary, Locations: []wipe.Location{location(wipe.KindOwned, TMP, "lu*.tmp")}},
		{ID: "elsewhere", Locations: []wipe.Location{{OS: []string{"darwin"}, Kind: wipe.KindOwned, Base: TMP}}},
	}
	tokens := Tokens{TMP: {"/tmp"}, Coredump: {"/core"}, Crontabs: {"/cron"}, AccountsService: {"/as"}, XDGConfig: {"/home/u/.config"}}
	acct := wipe.Account{Name: `we[i]rd*?\`, ID: "1001", UID: 1001}
	got := Resolve(arts, "linux", tokens, acct)
	want := []wipe.Folder{
		{Artifact: "core", Class: wipe.ClassCrash, Kind: wipe.KindMatched, Dir: "/core", Pattern: "core.*.1001.*"},
		{Artifact: "cron", Class: wipe.ClassSchedule, Kind: wipe.KindBaselined, Dir: "/cron", Pattern: `we\[i]rd\*\?\\`},
		{Artifact: "user", Class: wipe.ClassDesktop, Kind: wipe.KindBaselined, Dir: "/as/users", Pattern: `we\[i]rd\*\?\\`},
		{Artifact: "tmp", Class: wipe.ClassTemporary, Kind: wipe.KindOwned, Dir: "/tmp"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range []string{acct.Name, "we[i]rdX", "wei", "other"} {
		ok, err := path.Match(got[1].Pattern, name)
		if err != nil || ok != (name == acct.Name) {
			t.Errorf("%q: match %v, error %v", name, ok, err)
		}
	}
	for _, acct := range []wipe.Account{{}, {Name: "..", ID: "1*"}, {Name: "a/b", ID: "-1"}, {Name: "${UID}", ID: "x"}} {
		for _, f := range Resolve(arts, "linux", tokens, acct) {
			if f.Artifact != "tmp" {
				t.Errorf("%+v: %+v", acct, f)
			}
		}
	}
}
