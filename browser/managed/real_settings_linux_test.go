package managed_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"ipguard/browser/browsertest"
	"ipguard/browser/managed"
	"ipguard/policy"
)

// A setting that a browser does not know, or has another type for, protects nobody. What the browsers themselves say of
// each is asked for every policy: each preset, all that a policy can say, and ordinary windows.
//
// The settings that keep remote control out are let go for it (DeveloperTools). That the browsers list them with their
// other value shows that the names and types are right.
func TestRealChromiumTakesEverySetting(t *testing.T) {
	b := newBench(t, "chromium", "chromium") // not while another one copies the accounts
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	all := cases()

	s := b.take(ctx, t, all["belgium"], b.major)
	b.camera(ctx, t, s, browsertest.Asks)
	b.view(ctx, t, s)
	b.arrives(ctx, t, s, b.site.URL+"/v/"+b.site.Marker+"-download-v.pdf", b.site.Marker+"-"+browsertest.TraceDownload)
	s.Kill()
	s = b.take(ctx, t, all["strict"], b.major)
	b.camera(ctx, t, s, "NotAllowedError")
	b.arrives(ctx, t, s, b.site.Paper("v"), b.site.Marker+"-paper")
	s.Kill()
	// Chromium says its version only when it is started, which the program does not do.
	b.take(ctx, t, all["france"], 0).Kill()
	b.take(ctx, t, all["full"], b.major).Kill()
	b.ordinary(ctx, t, all["ephemeral"])
}

// ordinary is Chromium with ordinary windows. The page of a new tab is what tells windows apart, so that the setting that
// makes it an empty page is left out.
func (b *bench) ordinary(ctx context.Context, t *testing.T, p policy.Browsers) {
	t.Helper()
	p.DeveloperTools = true
	settings := b.settings(t, p, b.major)
	delete(settings.Values, "NewTabPageLocation")
	b.apply(t, settings)
	s := b.start(ctx, t)
	defer s.Kill()
	windows(ctx, t, s, false)
	said, err := s.Policies(ctx)
	if err != nil {
		t.Error(err)
	}
	obeyed(t, settings, said, nil)
}

// Firefox 153 reads its settings when it starts.
func TestRealFirefoxTakesEverySetting(t *testing.T) {
	b := newBench(t, "firefox", "firefox-esr") // not while another one copies the accounts
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	all := cases()

	s := b.take(ctx, t, all["strict"], b.major)
	b.camera(ctx, t, s, "NotAllowedError")
	b.arrives(ctx, t, s, b.site.Paper("v"), b.site.Marker+"-paper")
	s.Kill()
	for _, made := range []string{".config", ".cache", ".mozilla"} { // as a wipe does
		if err := os.RemoveAll(filepath.Join(b.User.Home, made)); err != nil {
			t.Fatal(err)
		}
	}
	s = b.take(ctx, t, all["belgium"], b.major)
	b.camera(ctx, t, s, browsertest.Asks)
	b.arrives(ctx, t, s, b.site.URL+"/v/"+b.site.Marker+"-download-v.pdf", b.site.Marker+"-"+browsertest.TraceDownload)
	s.Kill()
	// Its first session was killed early; documents must be shown, not kept, in the next one too.
	s = b.take(ctx, t, all["france"], b.major)
	b.view(ctx, t, s)
	s.Kill()
	b.take(ctx, t, all["full"], b.major).Kill()
	b.take(ctx, t, all["ephemeral"], b.major).Kill()
}

// take starts the browser with what a policy compiles to for a version, 0 for an unknown one, and asks it what it says.
func (b *bench) take(ctx context.Context, t *testing.T, p policy.Browsers, major int) *browsertest.Session {
	t.Helper()
	p.DeveloperTools = true
	settings := b.settings(t, p, major)
	var old []string // what is only for other versions
	known := b.settings(t, p, b.major)
	for name := range settings.Values {
		if _, ok := known.Values[name]; !ok {
			old = append(old, name)
		}
	}
	b.apply(t, settings)
	s := b.start(ctx, t)
	windows(ctx, t, s, p.Mode == policy.BrowsersPrivate)
	if settings.Private != (p.Mode == policy.BrowsersPrivate) {
		t.Errorf("private by the settings: %v", settings.Private)
	}
	said, err := s.Policies(ctx)
	if err != nil {
		t.Error(err)
	}
	obeyed(t, settings, said, old)
	return s
}

// obeyed fails for each setting that the browser does not list as it was given, or lists with a reservation; those of
// other versions are excused.
func obeyed(t *testing.T, settings managed.Settings, said browsertest.Policies, excused []string) {
	t.Helper()
	if !said.Active {
		t.Error("the browser obeys no settings")
	}
	problems := 0
	have := map[string]browsertest.Policy{}
	for _, p := range said.Set {
		have[p.Name] = p
	}
	for name, want := range settings.Values {
		p, listed := have[name]
		delete(have, name)
		if slices.Contains(excused, name) {
			if p.Error != "" {
				problems++
			}
			if p.Warning != "" {
				problems++
			}
			t.Logf("for other versions: %s: error %q, warning %q, deprecated %v", name, p.Error, p.Warning, p.Deprecated)
			continue
		}
		if !listed || !within(want, p.Value) {
			t.Errorf("%s is %#v, want %#v", name, p.Value, want)
		}
		if p.Ignored || p.Deprecated || p.Error != "" || p.Warning != "" || p.Info != "" {
			t.Errorf("%s: ignored %v, deprecated %v, %q, %q, %q", name, p.Ignored, p.Deprecated, p.Error, p.Warning, p.Info)
		}
	}
	for name := range have {
		t.Errorf("%s was not set", name)
	}
	if len(said.Problems) != problems {
		t.Errorf("problems: %q", said.Problems)
	}
	t.Logf("%d settings", len(settings.Values))
}

// within says that a value is what is wanted. Objects may have more members: Firefox fills in the page of an empty start.
func within(want, got any) bool {
	members, ok := want.(map[string]any)
	if !ok {
		return managed.Equal(want, got)
	}
	have, ok := got.(map[string]any)
	for name, value := range members {
		ok = ok && within(value, have[name])
	}
	return ok
}
