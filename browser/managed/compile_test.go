package managed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// edition is a browser as the golden files know it.
type edition struct {
	name, id string
	major    int
}

func editions() []edition {
	return []edition{
		{"chrome", "chrome", 156},
		{"chromium", "chromium", 156},
		{"edge", "edge", 156},
		{"brave", "brave", 156},
		{"vivaldi", "vivaldi", 8},
		{"opera", "opera", 130},
		{"firefox", "firefox", 153},
		{"firefox-esr", "firefox", 140},
		{"librewolf", "librewolf", 153},
	}
}

func systems() []string { return []string{"linux", "windows", "darwin"} }

func descriptor(t *testing.T, id string) browser.Descriptor {
	t.Helper()
	for _, d := range browser.Descriptors() {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("there is no browser %q", id)
	return browser.Descriptor{}
}

func facts(goos string, major int) managed.Facts {
	return managed.Facts{
		GOOS: goos, Major: major, Downloads: "/downloads", Modules: map[string]string{"Belgium eID": "/eid/module"},
	}
}

// full is a policy that sets everything that a policy can.
func full() policy.Browsers {
	b := policy.BrowserPresets()[0].Browsers
	b.StartPage = "https://start.example.org/"
	b.Links = []policy.Link{{Name: "Town", URL: "https://town.example.org/?a=1&b=2"}}
	b.Search = policy.Search{Name: "Example", URL: "https://search.example.org/?q={searchTerms}"}
	b.Extensions = []policy.Extension{{
		Name: "Reader", Chromium: "aaaabbbbccccddddeeeeffffgggghhhh", Edge: "hhhhggggffffeeeeddddccccbbbbaaaa",
		Firefox: "reader@example.org",
	}}
	b.EmbeddedLogins = []string{"https://[*.]login.example.org"}
	b.Card.LocalSites = []string{"https://[*.]sign.example.org", "https://one.example.org:8443/path"}
	return b
}

// cases are the presets, the other mode, and a policy that sets everything.
func cases() map[string]policy.Browsers {
	all := map[string]policy.Browsers{"full": full()}
	for _, p := range policy.BrowserPresets() {
		all[p.Name] = p.Browsers
	}
	ephemeral := policy.BrowserPresets()[0].Browsers
	ephemeral.Mode = policy.BrowsersEphemeral
	all["ephemeral"] = ephemeral
	return all
}

func compile(t *testing.T, b policy.Browsers, e edition, goos string) managed.Settings {
	t.Helper()
	s, err := managed.Compile(b, descriptor(t, e.id), facts(goos, e.major))
	if err != nil {
		t.Fatalf("%s on %s: %v", e.name, goos, err)
	}
	return s
}

type goldenCase struct {
	Private  bool            `json:"private"`
	Decisive string          `json:"decisive"`
	Settings json.RawMessage `json:"settings"`
}

type golden struct {
	Documentation string                `json:"documentation"`
	Major         int                   `json:"major"`
	Cases         map[string]goldenCase `json:"cases"`
}

// The golden files are read by people against the page that each names. Run with -update, then read the difference.
func TestGolden(t *testing.T) {
	for _, goos := range systems() {
		for _, e := range editions() {
			t.Run(goos+"-"+e.name, func(t *testing.T) {
				g := golden{Documentation: descriptor(t, e.id).URL, Major: e.major, Cases: map[string]goldenCase{}}
				if g.Documentation == "" {
					t.Error("the descriptor names no page that documents the settings")
				}
				for name, b := range cases() {
					s := compile(t, b, e, goos)
					text, err := s.JSON()
					if err != nil {
						t.Fatal(err)
					}
					g.Cases[name] = goldenCase{Private: s.Private, Decisive: s.Decisive, Settings: text}
				}
				compare(t, filepath.Join("testdata", "golden", goos+"-"+e.name+".json"), g)
			})
		}
	}
}

func compare(t *testing.T, file string, g golden) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(g); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("settings changed (-golden +now):\n%s", diff)
	}
}

func TestWhatIsForced(t *testing.T) {
	for _, goos := range systems() {
		for _, e := range editions() {
			for name, b := range cases() {
				s := compile(t, b, e, goos)
				force := map[string]string{
					"firefox": "PrivateBrowsingModeAvailability", "librewolf": "PrivateBrowsingModeAvailability", "edge": "",
				}
				decisive, known := force[e.id]
				if !known {
					decisive = "IncognitoModeAvailability"
				}
				if b.Mode != policy.BrowsersPrivate {
					decisive = ""
				}
				if s.Decisive != decisive || s.Private != (decisive != "") {
					t.Errorf("%s %s %s: private %v by %q, want %q", goos, e.name, name, s.Private, s.Decisive, decisive)
				}
				if decisive != "" && !managed.Equal(s.Values[decisive], 2) {
					t.Errorf("%s %s %s: %s is %v", goos, e.name, name, decisive, s.Values[decisive])
				}
				if b.Mode == policy.BrowsersEphemeral {
					for _, setting := range []string{
						"IncognitoModeAvailability", "InPrivateModeAvailability", "PrivateBrowsingModeAvailability",
					} {
						if _, set := s.Values[setting]; set {
							t.Errorf("%s %s: %s is set for ordinary windows", goos, e.name, setting)
						}
					}
				}
			}
		}
	}
}

// Each of these has undone privacy, or kept a browser from starting, when it was tried.
func TestHarmfulSettings(t *testing.T) {
	for _, goos := range systems() {
		for _, e := range editions() {
			for name, b := range cases() {
				s := compile(t, b, e, goos)
				for _, harmful := range []string{
					"DisablePrivateBrowsing", "MandatoryExtensionsForIncognitoNavigation", "UserDataDir",
				} {
					if _, set := s.Values[harmful]; set {
						t.Errorf("%s %s %s: sets %s", goos, e.name, name, harmful)
					}
				}
				if v := s.Values["RestoreOnStartup"]; managed.Equal(v, 1) || managed.Equal(v, 6) {
					t.Errorf("%s %s %s: the last session comes back", goos, e.name, name)
				}
				if goos == "darwin" && s.Values["BackgroundModeEnabled"] != nil {
					t.Errorf("%s: BackgroundModeEnabled is not for this system", e.name)
				}
				if goos != "windows" && s.Values["StartupBoostEnabled"] != nil {
					t.Errorf("%s %s: StartupBoostEnabled is for Windows", goos, e.name)
				}
				types(t, goos+" "+e.name, s.Values)
			}
		}
	}
}

// types fails for values of types that a Store does not know how to write.
func types(t *testing.T, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case bool, int, string:
	case []any:
		for _, each := range v {
			types(t, where, each)
		}
	case map[string]any:
		for name, each := range v {
			types(t, where+" "+name, each)
		}
	default:
		t.Errorf("%s has a %T", where, v)
	}
}

func TestOldFirefoxIsNotCalledPrivate(t *testing.T) {
	for major, want := range map[int]bool{0: true, 115: false, 128: false, 130: true, 153: true} {
		s := compile(t, full(), edition{"firefox", "firefox", major}, "linux")
		if s.Private != want || (s.Decisive != "") != want {
			t.Errorf("version %d: private %v by %q, want %v", major, s.Private, s.Decisive, want)
		}
		if !managed.Equal(s.Values["PrivateBrowsingModeAvailability"], 2) {
			t.Errorf("version %d is not asked", major)
		}
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		browser string
		major   int
		setting string
		want    bool
	}{
		{"chromium", 153, "AutofillSettings", false},
		{"chromium", 153, "AutofillAddressEnabled", true},
		{"chromium", 156, "AutofillSettings", true},
		{"chromium", 156, "AutofillAddressEnabled", false},
		{"chromium", 0, "AutofillSettings", true},
		{"chromium", 0, "AutofillCreditCardEnabled", true},
		{"vivaldi", 8, "AutofillSettings", true}, // its own count says nothing of Chromium's
		{"opera", 130, "AutofillSettings", true},
		{"firefox", 140, "SanitizeOnShutdown", true},
		{"firefox", 140, "ClearOnShutdown", false},
		{"firefox", 153, "SanitizeOnShutdown", false},
		{"firefox", 153, "ClearOnShutdown", true},
		{"firefox", 0, "SanitizeOnShutdown", true},
		{"firefox", 140, "GenerativeAI", true},
		{"firefox", 140, "AIControls", false},
		{"firefox", 153, "AIControls", true},
		{"firefox", 153, "GenerativeAI", false},
	}
	for _, test := range tests {
		s := compile(t, full(), edition{test.browser, test.browser, test.major}, "linux")
		if _, got := s.Values[test.setting]; got != test.want {
			t.Errorf("%s %d has %s: %v, want %v", test.browser, test.major, test.setting, got, test.want)
		}
	}
}

func TestModulesThatAreMissingAreNotNamed(t *testing.T) {
	f := facts("linux", 153)
	f.Modules = map[string]string{"Somebody else's": "/elsewhere"}
	s, err := managed.Compile(full(), descriptor(t, "firefox"), f)
	if err != nil {
		t.Fatal(err)
	}
	if v, set := s.Values["SecurityDevices"]; set {
		t.Errorf("names %v", v)
	}
}

func TestUnmanaged(t *testing.T) {
	for _, mode := range []policy.BrowserMode{policy.BrowsersUnmanaged, ""} {
		b := full()
		b.Mode = mode
		for _, e := range editions() {
			s := compile(t, b, e, "linux")
			if len(s.Values) != 0 || s.Private || s.Decisive != "" || s.Browser != e.id {
				t.Errorf("%s in mode %q: %+v", e.name, mode, s)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	chrome := descriptor(t, "chrome")
	odd := full()
	odd.Mode = "odd"
	tests := map[string]struct {
		b policy.Browsers
		d browser.Descriptor
		f managed.Facts
	}{
		"mode":   {odd, chrome, facts("linux", 0)},
		"family": {full(), browser.Descriptor{ID: "odd"}, facts("linux", 0)},
		"system": {full(), chrome, facts("plan9", 0)},
	}
	for name, test := range tests {
		if _, err := managed.Compile(test.b, test.d, test.f); !errors.Is(err, managed.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who changes what Compile returned must not change what it returns next, nor the policy.
func TestCompileShares(t *testing.T) {
	b := full()
	e := edition{"firefox", "firefox", 153}
	first := compile(t, b, e, "linux")
	want, err := first.JSON()
	if err != nil {
		t.Fatal(err)
	}
	first.Values["ExtensionSettings"].(map[string]any)["*"] = "changed"
	first.Values["ManagedBookmarks"].([]any)[0] = "changed"
	got, err := compile(t, b, e, "linux").JSON()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}
