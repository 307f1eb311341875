package policy_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/policy"
)

func TestBrowserPresets(t *testing.T) {
	var names []string
	for _, p := range policy.BrowserPresets() {
		names = append(names, p.Name)
		t.Run(p.Name, func(t *testing.T) { valid(t, p.Browsers) })
	}
	if diff := cmp.Diff([]string{"belgium", "france", "strict"}, names); diff != "" {
		t.Errorf("presets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(policy.BrowserPresets()[0].Browsers, policy.Default().Browsers); diff != "" {
		t.Errorf("the first preset is not the default (-preset +default):\n%s", diff)
	}
}

// valid is what every browser can obey without an error.
func valid(t *testing.T, b policy.Browsers) {
	t.Helper()
	if b.Mode != policy.BrowsersPrivate {
		t.Errorf("mode %q: a preset forces private windows", b.Mode)
	}
	if b.DeveloperTools {
		t.Error("developer tools show the cookies of whoever is signed in")
	}
	if b.CheckEvery <= 0 {
		t.Errorf("looks again every %v", b.CheckEvery)
	}
	if b.StartPage != "" {
		address(t, b.StartPage)
	}
	for _, l := range b.Links {
		if address(t, l.URL); l.Name == "" {
			t.Errorf("%q has no name", l.URL)
		}
	}
	if (b.Search.Name == "") != (b.Search.URL == "") {
		t.Errorf("half a search engine: %+v", b.Search)
	}
	if b.Search.URL != "" {
		if address(t, b.Search.URL); !strings.Contains(b.Search.URL, "{searchTerms}") {
			t.Errorf("%q has no place for the words", b.Search.URL)
		}
	}
	for _, site := range slices.Concat(b.EmbeddedLogins, b.Card.LocalSites) {
		address(t, strings.Replace(site, "[*.]", "", 1))
	}
	for _, e := range slices.Concat(b.Extensions, b.Card.Extensions) {
		extension(t, e)
	}
	host := regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`) // what Chromium takes
	for _, h := range b.Card.Hosts {
		if !host.MatchString(h) {
			t.Errorf("%q cannot be the name of a native messaging host", h)
		}
	}
	modules(t, b.Card.Modules)
}

func address(t *testing.T, text string) {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		t.Errorf("%q is not an https address: %v", text, err)
	}
}

func extension(t *testing.T, e policy.Extension) {
	t.Helper()
	chromium := regexp.MustCompile(`^[a-p]{32}$`)
	firefox := regexp.MustCompile(`^([A-Za-z0-9._-]*@[A-Za-z0-9._-]+|\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$`)
	for _, id := range []string{e.Chromium, e.Edge} {
		if id != "" && !chromium.MatchString(id) {
			t.Errorf("%s: %q is not an ID of Chromium", e.Name, id)
		}
	}
	if e.Firefox != "" && !firefox.MatchString(e.Firefox) {
		t.Errorf("%s: %q is not an ID of Firefox", e.Name, e.Firefox)
	}
	if e.Name == "" || e.Chromium+e.Edge+e.Firefox == "" {
		t.Errorf("an extension without a name or without an ID: %+v", e)
	}
}

func modules(t *testing.T, all []policy.Module) {
	t.Helper()
	begin := map[string]*regexp.Regexp{
		"linux": regexp.MustCompile(`^/`), "darwin": regexp.MustCompile(`^/`), "windows": regexp.MustCompile(`^[A-Z]:\\`),
	}
	for _, m := range all {
		if m.Name == "" {
			t.Error("a module has no name")
		}
		for goos, files := range m.Files {
			re, known := begin[goos]
			if !known || len(files) == 0 {
				t.Errorf("%s: system %q has %d files", m.Name, goos, len(files))
				continue
			}
			for _, f := range files {
				if !re.MatchString(f) {
					t.Errorf("%s: %q is not absolute on %s", m.Name, f, goos)
				}
			}
		}
	}
}

// Who changes a preset must not change the others, nor what the next call returns.
func TestBrowserPresetsAreSeparate(t *testing.T) {
	want := policy.BrowserPresets()
	changed := policy.BrowserPresets()
	card := changed[0].Browsers.Card
	card.Extensions[0].Chromium, card.Hosts[0], card.Modules[0].Files["linux"][0] = "changed", "changed", "changed"
	if diff := cmp.Diff(want[1:], changed[1:]); diff != "" {
		t.Errorf("other presets changed:\n%s", diff)
	}
	if diff := cmp.Diff(want, policy.BrowserPresets()); diff != "" {
		t.Errorf("the next call returns what was changed:\n%s", diff)
	}
}
