package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipguard/browser/browsertest"
)

// The two browsers that these tests open, by the names that browsertest and status have for them.
const (
	aChromium = "chromium"
	aFirefox  = "firefox"
)

// The files that the program writes for them.
func settingsFile(name string) string {
	return map[string]string{
		aChromium: "/etc/chromium/policies/managed/zz-ipguard.json", aFirefox: "/etc/firefox/policies/policies.json",
	}[name]
}

// desk is an enrolled laptop with a screen, and with an /etc of its own to write browsers' settings to.
type desk struct {
	*laptop
	*browsertest.Desktop
	name string // of the browser
	site *browsertest.Site
}

// onDesks runs a test with each browser, beside the other tests of this kind: browsers wait more than they work.
func onDesks(t *testing.T, test func(context.Context, *desk)) {
	t.Helper()
	t.Parallel()
	for _, name := range []string{aChromium, aFirefox} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			d := newDesk(t, name)
			began := time.Now()
			test(ctx, d)
			t.Logf("%s: %.1f s", name, time.Since(began).Seconds())
		})
	}
}

// newDesk enrolls a new account.
func newDesk(t testing.TB, name string) *desk {
	t.Helper()
	l := newLaptop(t)
	d := &desk{
		laptop: l, Desktop: browsertest.NewDesktop(t, l.user), name: name,
		site: browsertest.NewSite(t, fmt.Sprintf("ipgt%016x", rand.Uint64())),
	}
	d.must(exitDone, "enroll", "--account", l.user.Name, "--yes")
	return d
}

// must runs the program as root where it sees the desktop's own /etc, and fails the test unless it ends with the code.
func (d *desk) must(code int, args ...string) result {
	d.Helper()
	cmd := d.Root(context.Background(), os.Getenv(programEnv), append(args, "--json", "--state-dir", d.state)...)
	cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
	r := d.run(cmd)
	if r.code != code {
		d.Fatalf("%v: exit %d, want %d\n%s%s", args, r.code, code, r.out, r.err)
	}
	return r
}

// apply writes the settings, and lets the test's remote control in, as far as another tool could.
func (d *desk) apply() {
	d.Helper()
	d.must(exitDone, "browser", "apply")
	if d.name == aChromium {
		d.Write(d, filepath.Join(filepath.Dir(settingsFile(aChromium)), "zzz-test.json"),
			`{"DeveloperToolsAvailability": 1, "RemoteDebuggingAllowed": true}`)
		return
	}
	path := settingsFile(aFirefox)
	text, err := os.ReadFile(d.Path(path))
	if err != nil {
		d.Fatal(err)
	}
	var file struct {
		Policies map[string]any `json:"policies"`
	}
	if err := json.Unmarshal(text, &file); err != nil || file.Policies["DisableDeveloperTools"] != true {
		d.Fatalf("the settings of Firefox: %v, %v", file.Policies["DisableDeveloperTools"], err)
	}
	file.Policies["DisableDeveloperTools"] = false
	if text, err = json.Marshal(file); err != nil {
		d.Fatal(err)
	}
	d.Write(d, path, string(text))
}

// stands says how the browsers stand.
func (d *desk) stands(code int) browsersJSON {
	d.Helper()
	var all browsersJSON
	if err := json.Unmarshal([]byte(d.must(code, "browser", "status").out), &all); err != nil {
		d.Fatal(err)
	}
	return all
}

// standing is how the installed browser of the desk stands.
func (d *desk) standing(code int) browserJSON {
	d.Helper()
	return d.pick(d.stands(code), "native")
}

func (d *desk) pick(all browsersJSON, packaged string) browserJSON {
	d.Helper()
	at := slices.IndexFunc(all.Browsers, func(b browserJSON) bool { return b.ID == d.name && b.Package == packaged })
	if at < 0 {
		d.Fatalf("no %s of %s among %+v", packaged, d.name, all.Browsers)
	}
	return all.Browsers[at]
}

// is fails the test unless a browser has the word and all of the reasons, and none besides but that the test let itself in.
func (d *desk) is(b browserJSON, word string, reasons ...string) {
	d.Helper()
	want := append(slices.Clone(reasons), "partly")
	for _, r := range b.Reasons {
		if !slices.Contains(want, r) {
			d.Errorf("%s: reason %s besides %v", word, r, reasons)
		}
	}
	for _, r := range reasons {
		if !slices.Contains(b.Reasons, r) {
			d.Errorf("%s: reason %s is missing in %v", word, r, b.Reasons)
		}
	}
	if b.Word != word {
		d.Errorf("%s is said of the browser, want %s: %+v", b.Word, word, b)
	}
}

// icon starts the browser as its icon does.
func (d *desk) icon(ctx context.Context, more ...string) *browsertest.Session {
	d.Helper()
	argv, err := browsertest.Icon(map[string]string{aChromium: "chromium", aFirefox: "firefox-esr"}[d.name], "")
	if err != nil {
		d.Fatal(err)
	}
	s, err := d.Start(ctx, d.name, append(argv, more...)...)
	if err != nil {
		d.Fatal(err)
	}
	return s
}

// windows fails the test unless every window that is open is private, or none is.
func (d *desk) windows(ctx context.Context, s *browsertest.Session, private bool) []browsertest.Window {
	d.Helper()
	all, err := s.Windows(ctx)
	if err != nil || len(all) == 0 {
		d.Errorf("%d windows, %v", len(all), err)
	}
	for _, w := range all {
		if w.Private != private {
			d.Errorf("private: %v, want %v: %+v", w.Private, private, w)
		}
	}
	return all
}

// folder makes a folder of the account's outside the home.
func (d *desk) folder() string {
	d.Helper()
	dir, err := os.MkdirTemp("", "ipgt-elsewhere-")
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, int(d.user.UID), int(d.user.GID)); err != nil {
		d.Fatal(err)
	}
	return dir
}

// noRows fails the test if a store has rows that only an ordinary window writes, or if there is no store.
func (d *desk) noRows(ctx context.Context, folders ...string) {
	d.Helper()
	rows, err := browsertest.CountRows(ctx, append(folders, d.user.Home)...)
	if err != nil || len(rows) == 0 {
		d.Errorf("counting rows: %d tables, %v", len(rows), err)
	}
	stores := map[string]bool{}
	for _, r := range rows {
		stores[r.Store] = true
		if r.Count > 0 {
			d.Errorf("%d rows in %s of %s", r.Count, r.Table, strings.TrimPrefix(r.Store, d.user.Home))
		}
	}
	d.Logf("%s: %d stores, %d tables, none has rows", d.name, len(stores), len(rows))
}

// nothingLeft fails the test if a trace of the site is anywhere where the account could leave one, but in the folders skip.
func (d *desk) nothingLeft(skip ...string) {
	d.Helper()
	roots, err := browsertest.Writable(d.user)
	if err != nil {
		d.Fatal(err)
	}
	hits, err := browsertest.Find(context.Background(), append(roots, d.user.Home), skip, d.site.Marker)
	if err != nil {
		d.Fatal(err)
	}
	for _, h := range hits {
		d.Errorf("left: %s %s %s", h.Trace, h.In, strings.ReplaceAll(h.Where, d.site.Marker, "MARKER"))
	}
}
