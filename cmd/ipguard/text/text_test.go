package text

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"
)

func TestForChoosesTheLanguage(t *testing.T) {
	const fr, nl, de, en = "✔ Prêt.", "✔ Klaar.", "✔ Bereit.", "✔ Ready."
	for _, tc := range []struct {
		name   string
		wishes []string
		want   string
	}{
		{"locale with charset", []string{"fr_BE.UTF-8"}, fr},
		{"locale", []string{"nl_BE"}, nl},
		{"tag", []string{"nl-BE"}, nl},
		{"language alone", []string{"de"}, de},
		{"capitals", []string{"FR"}, fr},
		{"locale with modifier", []string{"de_BE@euro"}, de},
		{"charset and modifier", []string{"de_BE.ISO-8859-15@euro"}, de},
		{"American", []string{"en_US.UTF-8"}, en},
		{"C", []string{"C"}, en},
		{"C with charset", []string{"C.UTF-8"}, en},
		{"POSIX", []string{"POSIX"}, en},
		{"LANG is not set", nil, en},
		{"LANG is empty", []string{""}, en},
		{"empty before a language", []string{"", "nl_BE"}, nl},
		{"another language", []string{"ar_EG.UTF-8"}, fr},
		{"another language of Belgium", []string{"wa_BE"}, fr},
		{"another language whose readers know German", []string{"lb_LU.UTF-8"}, de},
		{"another language, then one of ours", []string{"ar_EG.UTF-8", "nl_BE"}, nl},
		{"no language at all", []string{"!?"}, fr},
		{"no language at all, then one of ours", []string{"!?", "de_BE"}, de},
		{"the first of two", []string{"nl", "fr_BE.UTF-8"}, nl},
		{"the flag before C", []string{"fr", "C"}, fr},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := For(tc.wishes).Text("status.clean"); got != tc.want {
				t.Errorf("For(%q) says %q, want %q", tc.wishes, got, tc.want)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	numbers := []int{0, 1, 2, 1000000}
	for tag, want := range map[language.Tag][]string{
		language.French: {
			"✘ Pas prêt\u00a0: il reste 0 élément.", "✘ Pas prêt\u00a0: il reste 1 élément.",
			"✘ Pas prêt\u00a0: il reste 2 éléments.", "✘ Pas prêt\u00a0: il reste 1\u00a0000\u00a0000 éléments.",
		},
		language.Dutch: {
			"✘ Niet klaar: er zijn nog 0 items over.", "✘ Niet klaar: er is nog 1 item over.",
			"✘ Niet klaar: er zijn nog 2 items over.", "✘ Niet klaar: er zijn nog 1.000.000 items over.",
		},
		language.German: {
			"✘ Nicht bereit: 0 Elemente sind noch da.", "✘ Nicht bereit: 1 Element ist noch da.",
			"✘ Nicht bereit: 2 Elemente sind noch da.", "✘ Nicht bereit: 1.000.000 Elemente sind noch da.",
		},
		language.English: {
			"✘ Not ready: 0 things are left.", "✘ Not ready: 1 thing is left.",
			"✘ Not ready: 2 things are left.", "✘ Not ready: 1,000,000 things are left.",
		},
	} {
		say := For([]string{tag.String()})
		var got []string
		for _, n := range numbers {
			got = append(got, say.Text("report.incomplete", n))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tag, diff)
		}
	}
}

// A sentence may be given a number that it does not say, and a name that looks like a placeholder is only a name.
func TestTextTakesArgumentsAsTheyAre(t *testing.T) {
	for _, tag := range Languages() {
		say := For([]string{tag.String()})
		if diff := cmp.Diff(say.Text("status.clean"), say.Text("status.clean", 7)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tag, diff)
		}
		if diff := cmp.Diff(say.Text("version", "1%d"), "ipguard 1%d"); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tag, diff)
		}
	}
}
