package catalog

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"ipguard/wipe"
)

// TestLoad is the schema test: the built-in catalogue must pass every check, or the program could not start a wipe.
func TestLoad(t *testing.T) {
	arts, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	oses := map[string]bool{}
	classes := map[wipe.Class]bool{}
	for _, art := range arts {
		classes[art.Class] = true
		for _, loc := range art.Locations {
			for _, goos := range loc.OS {
				oses[goos] = true
			}
		}
	}
	for _, class := range wipe.Classes() {
		made := class == wipe.ClassUnknown || class == wipe.ClassKept // by the engine, not by a rule
		if !made && !classes[class] {
			t.Errorf("class %q has no artifact", class)
		}
	}
	if len(oses) != 3 {
		t.Errorf("operating systems covered: %v", oses)
	}
}

func TestFilesAreAllRead(t *testing.T) {
	names, err := fs.Glob(data, "data/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".yaml") {
			t.Errorf("%s would be ignored", name)
		}
	}
}

const good = `application: Test
doc: A trace.
urls: [https://example.org/]
artifacts:
  - id: test.one
    class: browser
    enroll: personal
    locations:
      - {os: [linux], kind: home, base: XDG_CONFIG, pattern: "test/*/file"}
`

func TestParseFillsDefaults(t *testing.T) {
	arts, err := Parse(fstest.MapFS{"a.yaml": {Data: []byte(strings.Replace(good, "    enroll: personal\n", "", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	if a := arts[0]; a.Doc != "A trace." || len(a.URLs) != 1 || a.Enroll != wipe.EnrollKeep {
		t.Errorf("got %+v", a)
	}
}

const goodLocation = `{os: [linux], kind: home, base: XDG_CONFIG, pattern: "test/*/file"}`

// replaced is the good file with one thing changed.
func replaced(old, new string) string {
	if !strings.Contains(good, old) {
		panic("not in the sample: " + old)
	}
	return strings.Replace(good, old, new, 1)
}

// at is the good file with another location.
func at(os, kind, base, pattern string) string {
	return replaced(goodLocation, `{os: [`+os+`], kind: `+kind+`, base: `+base+`, pattern: '`+pattern+`'}`)
}

func TestParseRefuses(t *testing.T) {
	refuses(t, map[string]string{
		"a key that runs something":       replaced("class: browser", "class: browser\n    run: rm -rf ~"),
		"unknown key at the top":          "exec: true\n" + good,
		"unknown key in a location":       replaced("kind: home,", "kind: home, command: x,"),
		"same key twice":                  replaced("class: browser", "class: browser\n    class: mail"),
		"two documents":                   good + "---\n" + good,
		"alias":                           replaced("[https://example.org/]", "&a [https://example.org/]"),
		"tag":                             replaced("id: test.one", "id: !!str test.one"),
		"merge key":                       replaced("id: test.one", "id: test.one\n    <<: {class: mail}"),
		"not a map":                       "- 1\n- 2\n",
		"empty":                           "",
		"not yaml":                        "\x00\xff{",
		"wrong type":                      replaced("[https://example.org/]", "{a: b}"),
		"number as list":                  replaced("os: [linux]", "os: 7"),
		"too large":                       good + "# " + strings.Repeat("x", sizeLimit),
		"no application":                  replaced("application: Test", `application: " "`),
		"no artifact":                     good[:strings.Index(good, "artifacts")] + "artifacts: []\n",
		"no doc":                          replaced("doc: A trace.\n", ""),
		"no url":                          replaced("urls: [https://example.org/]\n", ""),
		"url without encryption":          replaced("https://", "http://"),
		"url that is a file":              replaced("https://example.org/", "file:///etc/passwd"),
		"url with a password":             replaced("https://", "https://a:b@"),
		"id with capitals":                replaced("test.one", "Test.One"),
		"id with a slash":                 replaced("test.one", "test/one"),
		"no id":                           replaced("test.one", `""`),
		"unknown class":                   replaced("class: browser", "class: secrets"),
		"class unknown":                   replaced("class: browser", "class: unknown"),
		"unknown enrollment rule":         replaced("personal", "always"),
		"no location":                     strings.Replace(replaced("    locations:\n", ""), "      - "+goodLocation+"\n", "", 1),
		"no os":                           replaced("os: [linux]", "os: []"),
		"unknown os":                      replaced("os: [linux]", "os: [plan9]"),
		"os twice":                        replaced("os: [linux]", "os: [linux, linux]"),
		"control character in a pattern":  replaced(`"test/*/file"`, `"a\nb"`),
		"artifact that appears twice":     good + good[strings.Index(good, "  - id"):],
		"list of artifacts that is a map": replaced("  - id: test.one", "   id: test.one"),
	})
}

func TestParseRefusesLocations(t *testing.T) {
	refuses(t, map[string]string{
		"unknown kind":                  at("linux", "command", "XDG_CONFIG", "a"),
		"unknown token":                 at("linux", "home", "ETC", "a"),
		"token of another os":           at("windows", "home", "XDG_CONFIG", "a"),
		"absolute":                      at("linux", "home", "XDG_CONFIG", "/etc"),
		"parent":                        at("linux", "home", "XDG_CONFIG", "a/../../.."),
		"dot":                           at("linux", "home", "XDG_CONFIG", "./a"),
		"empty component":               at("linux", "home", "XDG_CONFIG", "a//b"),
		"trailing slash":                at("linux", "home", "XDG_CONFIG", "a/"),
		"drive":                         at("windows", "home", "APPDATA", "C:/x"),
		"backslash at the end":          at("windows", "home", "APPDATA", `a\`),
		"open bracket":                  at("linux", "home", "XDG_CONFIG", "a[b"),
		"unknown variable":              at("linux", "matched", "TMP", "${HOME}.${UID}"),
		"variable inside the home":      at("linux", "home", "XDG_CONFIG", "${ACCOUNT}"),
		"whole home":                    at("linux", "home", "HOME", ""),
		"whole home by star":            at("linux", "home", "HOME", "*"),
		"whole home by two stars":       at("linux", "home", "HOME", "**"),
		"whole home by question mark":   at("linux", "home", "HOME", "?*"),
		"whole home one level down":     at("linux", "home", "HOME", "*/x"),
		"whole home by class":           at("linux", "home", "HOME", "[^x]*"),
		"all hidden names":              at("linux", "home", "HOME", ".*"),
		"all hidden names by class":     at("linux", "home", "HOME", ".[a-z]*"),
		"whole home volatile":           at("linux", "volatile", "HOME", "*"),
		"home kind outside":             at("linux", "home", "TMP", "a"),
		"volatile outside":              at("linux", "volatile", "TMP", "a"),
		"live where nothing lives":      at("linux", "live", "CRONTABS", "a"),
		"live without pattern":          at("linux", "live", "RUNTIME", ""),
		"owned inside":                  at("linux", "owned", "XDG_CACHE", "a"),
		"baselined inside":              at("linux", "baselined", "HOME", "a"),
		"matched without pattern":       at("linux", "matched", "COREDUMP", ""),
		"matched whoever it belongs to": at("linux", "matched", "COREDUMP", "core.*"),
		"baselined without pattern":     at("linux", "baselined", "CRONTABS", ""),
		"print job without pattern":     at("linux", "print_job", "CUPS_SPOOL", ""),
		"pattern on the way, outside":   at("linux", "owned", "TMP", "*/cache"),
		"variable on the way, outside":  at("linux", "baselined", "ACCOUNTS_SERVICE", "${ACCOUNT}/x"),
	})
}

func refuses(t *testing.T, tests map[string]string) {
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			arts, err := Parse(fstest.MapFS{"bad.yaml": {Data: []byte(content)}})
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("got %d artifacts and error %v; want ErrInvalid", len(arts), err)
			}
		})
	}
}

func TestParseRefusesSameIDInTwoFiles(t *testing.T) {
	_, err := Parse(fstest.MapFS{"a.yaml": {Data: []byte(good)}, "b.yaml": {Data: []byte(good)}})
	if !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
	if _, err := Parse(fstest.MapFS{}); !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("a: &a [*a]\n")
	f.Add("artifacts: [{locations: [{}]}]")
	f.Fuzz(func(t *testing.T, content string) {
		arts, err := Parse(fstest.MapFS{"a.yaml": {Data: []byte(content)}})
		if err != nil {
			return
		}
		for _, art := range arts {
			if err := check(art); err != nil {
				t.Fatal(err)
			}
		}
	})
}
