package text

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// Somebody who reads one of these words must know what will happen to a document. So each has one translation, which is
// used for nothing else: it occurs in a sentence if and only if the English word does.
func TestDestructiveWordsHaveOneTranslation(t *testing.T) {
	type words map[language.Tag]string
	for _, w := range []words{
		{ // for ever, now: wipe, erase; and "deleted", said of erased files
			language.English: `\bwip(e|es|ed|ing)\b|\beras(e|es|ed|ing)\b|\bdeleted\b`, language.French: `effac`,
			language.Dutch: `\b(ge)?wis(t|te|sen|beurt)?\b`, language.German: `lösch`,
		},
		{ // for ever, at a deadline
			language.English: `destroy`, language.French: `détrui`, language.Dutch: `vernietig`, language.German: `vernicht`,
		},
		{ // not for ever: hold, set aside
			language.English: `\bset(s|ting)?\b[^.;:]*\baside\b|\bis held\b|\bare held\b`, language.French: `de côté`,
			language.Dutch: `\bopzij`, language.German: `beiseite`,
		},
		{language.English: `\brefus`, language.French: `\brefus`, language.Dutch: `weiger`, language.German: `ablehn|abgelehnt`},
		{ // by the helper's own hand
			language.English: `\bremov`, language.French: `\bretir`, language.Dutch: `\bhaal\b.*\bweg\b|weghalen|weggehaald`,
			language.German: `entfern`,
		},
		{ // a program, and nothing is lost
			language.English: `\bclos(e|es|ing)\b`, language.French: `\bferm(e|er|ez|ent|eture)\b`,
			language.Dutch: `\bsluit(en)?\b|gesloten`, language.German: `schließ|geschlossen`,
		},
	} {
		for _, tag := range Languages() {
			in, english := pattern(w[tag]), pattern(w[language.English])
			translated := load(tag)
			for key, said := range load(language.English) {
				want := english.MatchString(prose(said))
				if got := in.MatchString(prose(translated[key])); got != want {
					t.Errorf("%s: %s: %q is there: %v, in English: %v", tag, key, w[tag], got, want)
				}
			}
		}
	}
}

// Words that would leave a doubt about what happens have no place at all.
func TestOtherDestructiveWordsAreNotUsed(t *testing.T) {
	for tag, words := range map[language.Tag]string{
		language.French:  `supprim|nettoy|purg|écras|enlev|\bjet(er|ez)\b|\bvide(r|z)\b|éliminer`,
		language.Dutch:   `verwijder|opkuis|opruim|leegma|weggooi|verniel|schrap`,
		language.German:  `bereinig|wegwerf|zerstör|tilg|beseitig|räum`,
		language.English: `purg|clean(s|ed|ing)? up|shred|discard|eliminat`,
	} {
		for key, e := range load(tag) {
			if found := pattern(words).FindString(prose(e)); found != "" {
				t.Errorf("%s: %s has %q", tag, key, found)
			}
		}
	}
}

// typed is what people type, and words that are the same in every language: translations of nothing.
const typed = `ipguard (enroll|wipe|status|demo)\b|--[a-z][a-z-]*(=[a-z]+)?|\bhold\b|\brefuse \(`

// prose returns a sentence, or both forms of it, as one line without what is typed.
func prose(e entry) string {
	return strings.Join(strings.Fields(regexp.MustCompile(typed).ReplaceAllString(e.One+" "+e.Other, "")), " ")
}

func pattern(words string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + words) }
