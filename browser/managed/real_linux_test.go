package managed_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"ipguard/browser"
	"ipguard/browser/browsertest"
	"ipguard/browser/managed"
	"ipguard/policy"
)

// bench is a real browser on a desktop of its own that is told what a policy compiles to, by the store that the program
// uses. Where the browser's remote control has to work, developer tools are allowed: they keep it out.
type bench struct {
	*browsertest.Desktop
	d     browser.Descriptor
	site  *browsertest.Site
	token *browsertest.Token
	major int
	argv  []string
}

func newBench(t *testing.T, id string, argv ...string) *bench {
	t.Helper()
	user := browsertest.NewUser(t)
	b := &bench{
		Desktop: browsertest.NewDesktop(t, user), d: descriptor(t, id), argv: argv,
		site: browsertest.NewSite(t, strings.ToLower(rand.Text())[:20]), token: browsertest.NewToken(t, user),
	}
	out, err := exec.Command(argv[0], "--version").Output()
	if err != nil {
		t.Fatalf("install chromium and firefox-esr: %v", err)
	}
	if b.major, err = strconv.Atoi(regexp.MustCompile(`\d+`).FindString(string(out))); err != nil {
		t.Fatal(err)
	}
	return b
}

// settings compiles as the service does, for the version that is installed or for an unknown one.
func (b *bench) settings(t *testing.T, p policy.Browsers, major int) managed.Settings {
	t.Helper()
	f := managed.Facts{
		GOOS: "linux", Major: major, Downloads: b.downloads(), Modules: map[string]string{"Belgium eID": b.token.Module},
	}
	if b.d.Family == browser.Gecko {
		f.Downloads = "${home}/Downloads"
	}
	s, err := managed.Compile(p, b.d, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) downloads() string { return filepath.Join(b.User.Home, "Downloads") }

// apply writes settings where the browser reads them on the desktop.
func (b *bench) apply(t *testing.T, s managed.Settings) {
	t.Helper()
	place := browser.Place{}
	for _, e := range b.d.Editions {
		if e.OS == "linux" && e.Package == browser.Native && e.Place.Proof == browser.Measured {
			place = e.Place
		}
	}
	place.Instead = "" // Debian's package brings none
	store, err := managed.NewStore(place, b.d.Family, b.Path(""))
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := store.Apply(s); err != nil || !changed {
		t.Fatalf("applying: changed %v, %v", changed, err)
	}
}

// start opens the browser as its icon does.
func (b *bench) start(ctx context.Context, t *testing.T) *browsertest.Session {
	t.Helper()
	argv := append([]string{"env", b.token.Env()[0]}, b.argv...)
	open := b.Chromium
	if b.d.Family == browser.Gecko {
		open = b.Firefox
	}
	s, err := open(ctx, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// camera lets a page ask for the camera.
func (b *bench) camera(ctx context.Context, t *testing.T, s *browsertest.Session, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if answer, err := s.Camera(ctx, b.site); err != nil || answer != want {
		t.Errorf("the camera: %q, want %q: %v", answer, want, err)
	}
}

// view opens a document, which must be shown and not kept.
func (b *bench) view(ctx context.Context, t *testing.T, s *browsertest.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := s.Viewer(ctx, b.site.Paper("v")); err != nil {
		t.Error(err)
	}
}

// arrives loads an address that is no page but a download, and waits for the file. A dialog would keep it away.
func (b *bench) arrives(ctx context.Context, t *testing.T, s *browsertest.Session, url, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	loading, stop := context.WithCancel(ctx)
	var loaded error
	done := make(chan struct{})
	go func() {
		defer close(done)
		loaded = s.Open(loading, url) // never succeeds: no page comes
	}()
	name := ""
	for name == "" && ctx.Err() == nil {
		entries, _ := os.ReadDir(b.downloads())
		for _, e := range entries {
			content, _ := os.ReadFile(filepath.Join(b.downloads(), e.Name()))
			if strings.HasSuffix(e.Name(), ".pdf") && bytes.Contains(content, []byte(text)) {
				name = e.Name()
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-done
	if name == "" {
		titles, err := b.Titles(t.Context())
		t.Errorf("no file in the downloads; loading said %v; on the screen: %q, %v", loaded, titles, err)
	}
}

// windows fails unless every window that is open is private, or ordinary.
func windows(ctx context.Context, t *testing.T, s *browsertest.Session, private bool) {
	t.Helper()
	all, err := s.Windows(ctx)
	if err != nil || len(all) == 0 {
		t.Errorf("%d windows: %v", len(all), err)
	}
	for _, w := range all {
		if w.Private != private {
			t.Errorf("private %v, want %v: %+v", w.Private, private, w)
		}
	}
}
