package text

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"
)

// Whoever reads another language must get the same facts and be told to type the same thing.
func TestLanguagesSayTheSame(t *testing.T) {
	type fixed struct{ One, Other []string }
	placeholder := regexp.MustCompile(`%(\.\d)?(\[\d+\])?[a-z%]`)
	typed := regexp.MustCompile(`--[a-z][a-z-]*(=[a-z]+)?|(sudo )?ipguard (enroll|wipe|status|demo)\b|chmod \d+|/var/[a-z/]+|\bJSON\b`)
	fix := func(s string) []string {
		all := append(placeholder.FindAllString(s, -1), typed.FindAllString(s, -1)...)
		slices.Sort(all)
		return all
	}
	facts := func(tag language.Tag) map[string]fixed {
		all := map[string]fixed{}
		for key, e := range load(tag) {
			all[key] = fixed{fix(e.One), fix(e.Other)}
			if e.Other == "" {
				t.Errorf("%s: %s is empty", tag, key)
			}
		}
		return all
	}
	plural := func(tag language.Tag) []string {
		all := load(tag)
		maps.DeleteFunc(all, func(_ string, e entry) bool { return e.One == "" })
		return slices.Sorted(maps.Keys(all))
	}
	for _, tag := range Languages() {
		if diff := cmp.Diff(facts(language.English), facts(tag)); diff != "" {
			t.Errorf("placeholders, or what is to be typed: (-en +%s)\n%s", tag, diff)
		}
		if diff := cmp.Diff(plural(language.English), plural(tag)); diff != "" {
			t.Errorf("sentences that depend on a number: (-en +%s)\n%s", tag, diff)
		}
	}
}

// Every placeholder has its number, so that a language may put the words in its own order.
func TestPlaceholdersAreNumbered(t *testing.T) {
	bare := regexp.MustCompile(`%[^\[.]|%$|%\[\d+\][^ds]|%\.1\[\d+\][^f]`)
	for _, x := range sentences() {
		tag, key, s := x.tag, x.key, x.text
		if found := bare.FindString(s); found != "" {
			t.Errorf("%s: %s has %q", tag, key, found)
		}
	}
	for _, tag := range Languages() {
		for key, e := range load(tag) {
			if e.One != "" && !strings.Contains(e.Other, "%[1]d") {
				t.Errorf("%s: %s depends on a number that does not come first", tag, key)
			}
		}
	}
}

// A terminal, a screen reader or a table must not stumble over a sentence.
func TestSentencesAreClean(t *testing.T) {
	for _, x := range sentences() {
		tag, key, s := x.tag, x.key, x.text
		long := strings.HasPrefix(key, "help.") && !strings.HasSuffix(key, ".short")
		for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
			if strings.ContainsFunc(line, unicode.IsControl) || line != strings.TrimRightFunc(line, unicode.IsSpace) {
				t.Errorf("%s: %s has a control character or ends with a blank: %q", tag, key, line)
			}
			if long && len([]rune(line)) > 120 {
				t.Errorf("%s: %s has a line of more than 120 characters: %q", tag, key, line)
			}
		}
		if !long && strings.Contains(s, "\n") {
			t.Errorf("%s: %s has more than one line", tag, key)
		}
	}
}

// What is said of the disk, and the answer of status, stand on lines of their own: a terminal of 80 columns would cut a
// longer one in the middle of a word.
func TestLinesFitATerminal(t *testing.T) {
	short := regexp.MustCompile(`^(assurance|limit|media|weak)\.|\.not_as_it_should$|^status\.(clean|recoverable)$`)
	bullet := regexp.MustCompile(`^(limit|weak)\.`)
	for _, x := range sentences() {
		if !short.MatchString(x.key) {
			continue
		}
		width := len([]rune(strings.ReplaceAll(x.text, "%[1]d", "1,000"))) + 2
		if bullet.MatchString(x.key) {
			width += 2
		}
		if strings.Contains(x.key, "status.") || strings.Contains(x.key, "report.") {
			width -= 2 // not indented
		}
		if width > 80 {
			t.Errorf("%s: %s takes %d columns: %q", x.tag, x.key, width, x.text)
		}
	}
}

// Nobody may be told that anything is secure: what can be said is what was done, and what remains possible.
func TestNothingIsCalledSecure(t *testing.T) {
	for tag, words := range map[language.Tag]string{
		language.French: `sécuris|définitiv|irrécupér`, language.Dutch: `\bveilig (ge)?wis|definitief|onherstelbaar`,
		language.German: `sicher (ge)?lösch|endgültig|unwiederbring`, language.English: `secure|permanent|unrecoverable|for good`,
	} {
		for key, e := range load(tag) {
			if found := pattern(words).FindString(prose(e)); found != "" {
				t.Errorf("%s: %s has %q", tag, key, found)
			}
		}
	}
}

func TestFrenchSpacing(t *testing.T) {
	wrong := regexp.MustCompile(`[^\x{a0}][:;!?»]( |$|")|«[^\x{a0}]`)
	for _, x := range sentences() {
		tag, key, s := x.tag, x.key, x.text
		// A sign at the beginning stands for itself.
		if found := wrong.FindString(strings.TrimPrefix(s, "!")); tag == language.French && found != "" {
			t.Errorf("%s: %q needs a no-break space", key, found)
		}
	}
}

type sentence struct {
	tag       language.Tag
	key, text string
}

// sentences returns every sentence of every language.
func sentences() []sentence {
	var all []sentence
	for _, tag := range Languages() {
		for key, e := range load(tag) {
			all = append(all, sentence{tag, key, e.Other})
			if e.One != "" {
				all = append(all, sentence{tag, key, e.One})
			}
		}
	}
	return all
}
