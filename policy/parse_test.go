package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/policy"
)

// What a file says counts, and what it does not say stays as it is built in.
func TestParse(t *testing.T) {
	for _, x := range []struct {
		name, text string
		change     func(*policy.Policy)
	}{
		{"nothing but the version", "version: 1", func(*policy.Policy) {}},
		{"from an editor on Windows", "\ufeff# ours\r\nversion: 1\r\n", func(*policy.Policy) {}},
		{"one key beside others", "version: 1\napplications: {close_within: 9s}", func(p *policy.Policy) {
			p.Applications.CloseWithin = 9 * time.Second
		}},
		{"the version last", "stow: {power_off: true}\nversion: 1", func(p *policy.Policy) { p.Stow.PowerOff = true }},
		{"one trigger", "version: 1\ntriggers: {boot: false, lid: {on: false}}", func(p *policy.Policy) {
			p.Triggers.Boot, p.Triggers.Lid.On = false, false
		}},
		{"sizes", "version: 1\nenrollment: {max_bytes: 2 GiB}\nfree_space: {reserve: 4096}", func(p *policy.Policy) {
			p.Enrollment.MaxBytes, p.FreeSpace.Reserve = 2<<30, 4096
		}},
		{"a list as a whole", "version: 1\nservices: [{id: x, name: {de: X}}]\nprocedures: []", func(p *policy.Policy) {
			p.Services = []policy.Service{{ID: "x", Name: policy.Text{"de": "X"}}}
			p.Procedures = []policy.Procedure{}
		}},
		{"a list in a preset", "version: 1\nbrowsers: {card: {hosts: []}}", func(p *policy.Policy) {
			p.Browsers.Card.Hosts = []string{}
		}},
		{"a preset after what changes it", "version: 1\nbrowsers: {camera: true, preset: strict}", func(p *policy.Policy) {
			p.Browsers = policy.BrowserPresets()[2].Browsers
			p.Browsers.Camera = true
		}},
		{"places", `
version: 1
keep: [{base: HOME, pattern: "[Dd]esk/*.pdf"}, {base: XDG_CONFIG, pattern: a}]
watch: {folders: [{base: DOCUMENTS}]}`, func(p *policy.Policy) {
			p.Keep = []policy.KeepRule{{Base: "HOME", Pattern: "[Dd]esk/*.pdf"}, {Base: "XDG_CONFIG", Pattern: "a"}}
			p.Watch.Folders = []policy.Folder{{Base: "DOCUMENTS"}}
		}},
		{"a sheet", "version: 1\ntrace: {sections: [not, done], large: 28, title: {fr: Été}}", func(p *policy.Policy) {
			p.Trace.Sections = []policy.Section{policy.SectionNot, policy.SectionDone}
			p.Trace.Large, p.Trace.Title = 28, policy.Text{"fr": "Été"}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			want := policy.Default()
			x.change(&want)
			got, err := policy.Parse([]byte(x.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type badFile struct {
	text    string // after "version: 1" in the first line
	line    int
	key     string
	problem policy.Problem
}

func badFiles() []badFile {
	many := func(n int, item string) string { return strings.Repeat(item+", ", n) }
	return []badFile{
		{"documents: [", 3, "", policy.ProblemNotYAML},
		{"\tstow: {}", 2, "", policy.ProblemNotYAML},
		{"stow: \x01", 0, "", policy.ProblemNotYAML},
		{"stow: \xff", 0, "", policy.ProblemNotYAML},
		{"---\nversion: 1", 0, "", policy.ProblemSeveral},
		{"documents: &a {hold_for: 1m}", 2, "documents", policy.ProblemNotPlain},
		{"documents: {hold_for: &a 1m}\nsession: {countdown: *a}", 2, "documents.hold_for", policy.ProblemNotPlain},
		{"&a stow: {}", 2, "", policy.ProblemNotPlain},
		{"documents: {hold_for: !!str 1m}", 2, "documents.hold_for", policy.ProblemNotPlain},
		{"documents: !mine {}", 2, "documents", policy.ProblemNotPlain},
		{"# " + strings.Repeat("x", policy.MaxSize), 0, "", policy.ProblemTooLarge},
		{"secret_name: 1", 2, "", policy.ProblemUnknownKey},
		{"documents:\n  hold: 30m", 3, "documents", policy.ProblemUnknownKey},
		{"Documents: {hold_for: 30m}", 2, "", policy.ProblemUnknownKey},
		{"preset: strict", 2, "", policy.ProblemUnknownKey},
		{"<<: {stow: {}}", 2, "", policy.ProblemUnknownKey},
		{"organization: {name: {es: Biblioteca}}", 2, "organization.name", policy.ProblemUnknownKey},
		{"browsers: {card: {modules: [{name: a, files: {plan9: [/a]}}]}}", 2, "browsers.card.modules[1].files", policy.ProblemUnknownKey},
		{"version: 1", 2, "", policy.ProblemDuplicateKey},
		{"stow: {}\nstow: {}", 3, "", policy.ProblemDuplicateKey},
		{"browsers: {preset: strict, preset: france}", 2, "browsers", policy.ProblemDuplicateKey},
		{"organization: {name: {fr: a, fr: b}}", 2, "organization.name", policy.ProblemDuplicateKey},
		{"stow:", 2, "stow", policy.ProblemWrongType},
		{"stow: true", 2, "stow", policy.ProblemWrongType},
		{"stow: {power_off: yes}", 2, "stow.power_off", policy.ProblemWrongType},
		{"stow: {power_off: \"true\"}", 2, "stow.power_off", policy.ProblemWrongType},
		{"services: {id: a}", 2, "services", policy.ProblemWrongType},
		{"services:\n  - id: 12\n    name: {fr: a}", 3, "services[1].id", policy.ProblemWrongType},
		{"organization: {name: Library}", 2, "organization.name", policy.ProblemWrongType},
		{"organization: {name: {fr: [a]}}", 2, "organization.name.fr", policy.ProblemWrongType},
		{"trace: {large: 16.5}", 2, "trace.large", policy.ProblemWrongType},
		{"trace: {large: \"16\"}", 2, "trace.large", policy.ProblemWrongType},
		{"{a: b}: c", 2, "", policy.ProblemWrongType},
		{"documents: {hold_for: 30}", 2, "documents.hold_for", policy.ProblemNotADuration},
		{"documents: {hold_for: half an hour}", 2, "documents.hold_for", policy.ProblemNotADuration},
		{"enrollment: {max_bytes: 4 gigabytes}", 2, "enrollment.max_bytes", policy.ProblemNotASize},
		{"enrollment: {max_bytes: 9223372036854775807KiB}", 2, "enrollment.max_bytes", policy.ProblemNotASize},
		{"enrollment: {max_bytes: -1}", 2, "enrollment.max_bytes", policy.ProblemNotASize},
		{"documents: {hold_for: 0s}", 2, "documents.hold_for", policy.ProblemOutOfRange},
		{"documents: {hold_for: 9h}", 2, "documents.hold_for", policy.ProblemOutOfRange},
		{"documents: {hold_for: -30m}", 2, "documents.hold_for", policy.ProblemOutOfRange},
		{"applications: {close_within: 0s}", 2, "applications.close_within", policy.ProblemOutOfRange},
		{"applications: {save_within: 1h}", 2, "applications.save_within", policy.ProblemOutOfRange},
		{"session: {countdown: 1h}", 2, "session.countdown", policy.ProblemOutOfRange},
		{"triggers:\n  idle:\n    after: 1s", 4, "triggers.idle.after", policy.ProblemOutOfRange},
		{"enrollment: {max_files: 0}", 2, "enrollment.max_files", policy.ProblemOutOfRange},
		{"enrollment: {max_bytes: 2TiB}", 2, "enrollment.max_bytes", policy.ProblemOutOfRange},
		{"free_space: {within: 1s}", 2, "free_space.within", policy.ProblemOutOfRange},
		{"free_space: {reserve: 2TiB}", 2, "free_space.reserve", policy.ProblemOutOfRange},
		{"browsers: {check_every: 1s}", 2, "browsers.check_every", policy.ProblemOutOfRange},
		{"trace: {large: 11}", 2, "trace.large", policy.ProblemOutOfRange},
		{"trace: {large: 29}", 2, "trace.large", policy.ProblemOutOfRange},
		{"session: {end: reboot}", 2, "session.end", policy.ProblemNotInList},
		{"erase: {at_least: shredded}", 2, "erase.at_least", policy.ProblemNotInList},
		{"browsers: {preset: spain}", 2, "browsers.preset", policy.ProblemNotInList},
		{"browsers: {mode: open}", 2, "browsers.mode", policy.ProblemNotInList},
		{"trace:\n  sections:\n    - done\n    - weather", 5, "trace.sections[2]", policy.ProblemNotInList},
		{"keep: [{base: /home, pattern: a}]", 2, "keep[1].base", policy.ProblemNotInList},
		{"keep: [{base: TMP, pattern: a}]", 2, "keep[1].base", policy.ProblemNotInList},
		{"keep: [{pattern: a}]", 2, "keep[1].base", policy.ProblemNotInList},
		{"services: [" + many(201, "{id: a, name: {fr: a}}") + "]", 2, "services", policy.ProblemTooMany},
		{"procedures: [" + many(201, "{id: a, name: {fr: a}}") + "]", 2, "procedures", policy.ProblemTooMany},
		{"keep: [" + many(101, "{base: HOME, pattern: a}") + "]", 2, "keep", policy.ProblemTooMany},
		{"trace: {sections: [" + many(8, "done") + "]}", 2, "trace.sections", policy.ProblemTooMany},
		{"services:\n  - id: a\n    name: {fr: a}\n    logout: http://example.org/", 5, "services[1].logout", policy.ProblemNotHTTPS},
		{"services: [{id: a, name: {fr: a}, logout: \"https://me:secret@example.org/\"}]", 2, "services[1].logout", policy.ProblemNotHTTPS},
		{"services: [{id: a, name: {fr: a}, logout: \"https:///path\"}]", 2, "services[1].logout", policy.ProblemNotHTTPS},
		{"services: [{id: a, name: {fr: a}, logout: \"https://example.org/ b\"}]", 2, "services[1].logout", policy.ProblemNotHTTPS},
		{"services: [{id: a, name: {fr: a}, logout: \"javascript:alert(1)\"}]", 2, "services[1].logout", policy.ProblemNotHTTPS},
		{"browsers: {start_page: \"file:///etc/passwd\"}", 2, "browsers.start_page", policy.ProblemNotHTTPS},
		{"browsers: {links: [{name: a, url: example.org}]}", 2, "browsers.links[1].url", policy.ProblemNotHTTPS},
		{"browsers: {embedded_logins: [\"https://[*.]org\"]}", 2, "browsers.embedded_logins[1]", policy.ProblemNotHTTPS},
		{"browsers: {card: {local_sites: [\"*\"]}}", 2, "browsers.card.local_sites[1]", policy.ProblemNotHTTPS},
		{"browsers: {search: {name: a, url: \"https://example.org/\"}}", 2, "browsers.search.url", policy.ProblemNoSearchTerm},
		{"browsers: {search: {name: a}}", 2, "browsers.search.url", policy.ProblemMissing},
		{"organization: {name: {fr: \"\"}}", 2, "organization.name.fr", policy.ProblemNotAText},
		{"organization:\n  place:\n    fr: \"a\\nb\"", 4, "organization.place.fr", policy.ProblemNotAText},
		{"organization: {name: {fr: \"\\e[2J\"}}", 2, "organization.name.fr", policy.ProblemNotAText},
		{"organization: {name: {fr: \"a\\u202Eb\"}}", 2, "organization.name.fr", policy.ProblemNotAText},
		{"trace: {title: {nl: " + strings.Repeat("é", 301) + "}}", 2, "trace.title.nl", policy.ProblemNotAText},
		{"services: [{id: A-b, name: {fr: a}}]", 2, "services[1].id", policy.ProblemBadID},
		{"services: [{id: " + strings.Repeat("a", 33) + ", name: {fr: a}}]", 2, "services[1].id", policy.ProblemBadID},
		{"services: [{name: {fr: a}}]", 2, "services[1].id", policy.ProblemBadID},
		{"browsers: {card: {hosts: [../evil]}}", 2, "browsers.card.hosts[1]", policy.ProblemBadID},
		{"browsers: {extensions: [{name: a, chromium: zzz}]}", 2, "browsers.extensions[1].chromium", policy.ProblemBadID},
		{"browsers: {extensions: [{name: a}]}", 2, "browsers.extensions[1]", policy.ProblemMissing},
		{"services:\n  - id: a\n    name: {fr: a}\n  - id: a\n    name: {fr: a}", 5, "services[2].id", policy.ProblemDuplicateID},
		{"procedures: [{id: a, name: {fr: a}}, {id: a, name: {fr: a}}]", 2, "procedures[2].id", policy.ProblemDuplicateID},
		{"trace: {sections: [done, done]}", 2, "trace.sections[2]", policy.ProblemDuplicateID},
		{"services: [{id: a}]", 2, "services[1].name", policy.ProblemMissing},
		{"services: [{id: a, name: {}}]", 2, "services[1].name", policy.ProblemMissing},
		{"keep: [{base: HOME, pattern: ../other}]", 2, "keep[1].pattern", policy.ProblemBadPattern},
		{"keep: [{base: DOCUMENTS, pattern: a/../..}]", 2, "keep[1].pattern", policy.ProblemBadPattern},
		{"keep: [{base: DOCUMENTS, pattern: /etc}]", 2, "keep[1].pattern", policy.ProblemBadPattern},
		{"keep: [{base: DOCUMENTS, pattern: 'C:\\Users'}]", 2, "keep[1].pattern", policy.ProblemBadPattern},
		{"keep: [{base: DOCUMENTS, pattern: 'a[b'}]", 2, "keep[1].pattern", policy.ProblemBadPattern},
		{"watch: {folders: [{base: DOCUMENTS, pattern: a/../b}]}", 2, "watch.folders[1].pattern", policy.ProblemBadPattern},
		{"keep: [{base: HOME}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: HOME, pattern: \"*\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: HOME, pattern: \"?*/*\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: HOME, pattern: \".*\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: HOME, pattern: \"[!.]*\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: HOME, pattern: \"[A-Z][a-z]*\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"keep: [{base: DOCUMENTS, pattern: \"**\"}]", 2, "keep[1].pattern", policy.ProblemWholeFolder},
		{"watch: {folders: [{base: HOME}]}", 2, "watch.folders[1].pattern", policy.ProblemWholeFolder},
		{"browsers: {card: {modules: [{name: a, files: {linux: [lib.so]}}]}}", 2, "browsers.card.modules[1].files.linux[1]", policy.ProblemNotAbsolute},
		{"browsers: {card: {modules: [{name: a, files: {linux: [/usr/../tmp/x]}}]}}", 2, "browsers.card.modules[1].files.linux[1]", policy.ProblemNotAbsolute},
		{"browsers: {card: {modules: [{name: a, files: {windows: ['\\\\host\\x']}}]}}", 2, "browsers.card.modules[1].files.windows[1]", policy.ProblemNotAbsolute},
	}
}

// A file that is not what it should be is refused as a whole, with the place where somebody can put it right.
func TestParseRefuses(t *testing.T) {
	met := []policy.Problem{policy.ProblemVersion} // below
	builtin := policy.Default()
	for _, x := range badFiles() {
		met = append(met, x.problem)
		name := x.text[:min(len(x.text), 60)]
		got, err := policy.Parse([]byte("version: 1\n" + x.text + "\n"))
		var at *policy.FileError
		if !errors.As(err, &at) {
			t.Errorf("%q: error %v", name, err)
			continue
		}
		want := &policy.FileError{Line: x.line, Key: x.key, Problem: x.problem}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(builtin, got); diff != "" {
			t.Errorf("%q: what comes with the error is not the built-in policy:\n%s", name, diff)
		}
	}
	for _, p := range policy.Problems() {
		if !slices.Contains(met, p) {
			t.Errorf("no document has the problem %q", p)
		}
	}
}

func TestParseRefusesVersions(t *testing.T) {
	for text, want := range map[string]*policy.FileError{
		"":                         {Key: "version", Problem: policy.ProblemMissing},
		"# nothing\n":              {Key: "version", Problem: policy.ProblemMissing},
		"{}":                       {Key: "version", Problem: policy.ProblemMissing},
		"stow: {}":                 {Key: "version", Problem: policy.ProblemMissing},
		"version: 2":               {Line: 1, Key: "version", Problem: policy.ProblemVersion},
		"\nversion: 0":             {Line: 2, Key: "version", Problem: policy.ProblemVersion},
		"version: \"1\"":           {Line: 1, Key: "version", Problem: policy.ProblemWrongType},
		"version: 1.0":             {Line: 1, Key: "version", Problem: policy.ProblemWrongType},
		"[version, 1]":             {Line: 1, Problem: policy.ProblemWrongType},
		strings.Repeat("[", 20000): {Line: 1, Problem: policy.ProblemNotYAML},
	} {
		_, err := policy.Parse([]byte(text))
		var at *policy.FileError
		if !errors.As(err, &at) {
			t.Errorf("%.40q: error %v", text, err)
		} else if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("%.40q (-want +got):\n%s", text, diff)
		}
	}
}

// Whatever a file says, an error has nothing of it, and what is accepted is valid.
func FuzzParse(f *testing.F) {
	f.Add([]byte("version: 1\n"))
	f.Add([]byte("version: 1\nbrowsers: {preset: strict, card: {modules: [{name: a, files: {linux: [/a]}}]}}\n"))
	for _, x := range badFiles() {
		if len(x.text) < 1000 {
			f.Add([]byte("version: 1\n" + x.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Parse(data)
		if bad := p.Validate(); bad != nil {
			t.Errorf("an invalid policy: %v", bad)
		}
		var at *policy.FileError
		if err != nil && (!errors.As(err, &at) || !slices.Contains(policy.Problems(), at.Problem)) {
			t.Errorf("error %v", err)
		}
		if at != nil && strings.Trim(at.Key, "abcdefghijklmnopqrstuvwxyz_.[]0123456789") != "" {
			t.Errorf("key %q", at.Key)
		}
	})
}
