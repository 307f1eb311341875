package trace

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func french() Sheet {
	return Sheet{
		Language: "fr", Title: "Ce que nous avons fait aujourd’hui", Line: "24 novembre 2026 · Bibliothèque d’Œuvres-lez-Ciel · Réseau d’essai",
		Before: []string{"Merci de votre visite."},
		Sections: []Section{
			{Heading: "Ce qui a été fait", Items: []string{"Déclaration d’impôt : envoyée", "Rendez-vous pris à la mutualité, le 3 décembre à 10 h"}, Blank: 2},
			{Heading: "À apporter la prochaine fois", Items: []string{"Carte d’identité et code PIN", "Une clé USB"}},
			{Heading: "Où trouver de l’aide", Text: []string{"Chaque mardi, de 9 h à 11 h 30, même lieu."}},
		},
		After: []string{"Aucune copie de cette feuille n’est gardée."}, Large: 16,
	}
}

func other(language, title, item string) Sheet {
	return Sheet{Language: language, Title: title, Line: "x", Sections: []Section{{Heading: title + "?", Items: []string{item}, Text: []string{item}}}}
}

func sheets() []Sheet {
	return []Sheet{
		french(),
		other("nl", "Wat we vandaag gedaan hebben", "Meervoudigepersoonlijkheidsstoornisvragenlijstinvulhulp: coördinatie, reünie, één"),
		other("de", "Was wir heute gemacht haben", "Rechtsschutzversicherungsgesellschaftenangestelltenlohnsteuerbescheinigung: Größe, Übung, Straße"),
		other("en", "What we did today", "Łukasz, Ștefan, Ğüneş, Ελένη, Ольга: a letter"),
	}
}

// run returns what a tool says of a PDF.
func run(t *testing.T, pdf []byte, tool string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append(args, file)
	if tool == "pdftotext" {
		args = append(args, "-")
	}
	out, err := exec.Command(tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s (install poppler-utils): %v: %s", tool, err, out)
	}
	return string(out)
}

// order checks that texts come one after the other.
func order(t *testing.T, name, in string, texts []string) {
	t.Helper()
	in = strings.Join(strings.Fields(in), "")
	at := 0
	for _, text := range texts {
		want := strings.Join(strings.Fields(text), "")
		i := strings.Index(in[at:], want)
		if i < 0 {
			t.Errorf("%s: %q is not there, or not in its place", name, text)
			return
		}
		at += i + len(want)
	}
}

// Whoever has the sheet read aloud hears the same as who reads it, in the same order, with every accent.
func TestReadingOrder(t *testing.T) {
	for _, s := range sheets() {
		pdf, err := PDF(s)
		if err != nil {
			t.Fatal(err)
		}
		order(t, "PDF "+s.Language, run(t, pdf, "pdftotext"), s.lines())
		html, err := HTML(s)
		if err != nil || !bytes.Contains(html, []byte(`<html lang="`+s.Language+`">`)) {
			t.Errorf("%s: %v, or no language", s.Language, err)
		}
		order(t, "HTML "+s.Language, string(html), s.lines()[1:])
		if Missing(s) {
			t.Errorf("%s: a letter is missing", s.Language)
		}
	}
	arabic := other("fr", "x", "مريم")
	if !Missing(arabic) {
		t.Error("the font has Arabic?")
	}
	pdf, err := PDF(arabic)
	if err != nil || !strings.Contains(run(t, pdf, "pdftotext"), string(missing)) {
		t.Errorf("a missing letter is not shown: %v", err)
	}
}

// Nothing in a sheet says when within the day, or where, it was made; two sheets cannot be told apart.
func TestSheetsTellNothing(t *testing.T) {
	one, err := PDF(french())
	if err != nil {
		t.Fatal(err)
	}
	two, _ := PDF(french())
	if !bytes.Equal(one, two) {
		t.Error("two PDFs of one sheet differ")
	}
	htmlOne, _ := HTML(french())
	htmlTwo, _ := HTML(french())
	if !bytes.Equal(htmlOne, htmlTwo) {
		t.Error("two pages of one sheet differ")
	}
	info := run(t, one, "pdfinfo")
	for _, not := range []string{"fpdf", "FPDF", "Creator:", "Author:", "2026-"} {
		if strings.Contains(info, not) {
			t.Errorf("pdfinfo says %q:\n%s", not, info)
		}
	}
	if !strings.Contains(info, "Title:           Ce que nous") || !strings.Contains(info, "A4") {
		t.Errorf("pdfinfo:\n%s", info)
	}
	if len(one) > 100_000 {
		t.Errorf("the PDF has %d bytes", len(one))
	}
}

// What somebody types is text and nothing else.
func TestHostileTexts(t *testing.T) {
	for _, text := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=y>`, "{{.Title}}", "a\x00b\x1b[2Jc\x7f", "\u202eevil\u2066", "\xff\xfe", strings.Repeat("W", maxLetters),
		"(unbalanced \\ parentheses", "https://example.org/" + strings.Repeat("a/", 400), "", strings.Repeat("mot ", 200),
	} {
		s := Sheet{Language: "fr", Title: text, Line: text, Before: []string{text}, Sections: []Section{{Heading: text, Items: []string{text}, Text: []string{text}}}}
		page, err := HTML(s)
		if err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
		if bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("<img")) || bytes.ContainsAny(page, "\x00\x1b") {
			t.Errorf("%.20q got out", text)
		}
		pdf, err := PDF(s)
		if err != nil {
			t.Errorf("%.20q: %v", text, err)
			continue
		}
		if len([]rune(text)) >= 800 && !strings.Contains(text, " ") {
			order(t, "long", run(t, pdf, "pdftotext"), []string{text[:300]})
		}
	}
	much := Sheet{Before: make([]string, maxLines+1)}
	long := Sheet{Title: strings.Repeat("a", maxLetters+1)}
	for _, s := range []Sheet{much, long, {Sections: []Section{{Blank: maxBlank + 1}}}} {
		_, err1 := PDF(s)
		_, err2 := HTML(s)
		if !errors.Is(err1, ErrTooMuch) || !errors.Is(err2, ErrTooMuch) {
			t.Errorf("%v, %v", err1, err2)
		}
	}
}

// A long sheet goes on on further pages, and no heading stays alone at the foot of one.
func TestPages(t *testing.T) {
	s := french()
	for range 6 {
		s.Sections = append(s.Sections, french().Sections...)
	}
	pdf, err := PDF(s)
	if err != nil {
		t.Fatal(err)
	}
	text := run(t, pdf, "pdftotext")
	pages := strings.Split(text, "\f")
	if len(pages) < 4 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, page := range pages[:len(pages)-1] {
		lines := strings.Split(strings.TrimSpace(page), "\n")
		for _, section := range s.Sections {
			if last := lines[max(len(lines)-3, 0):]; i > 0 && last[0] == section.Heading && len(last) < 2 {
				t.Errorf("page %d ends with a heading: %q", i+1, last)
			}
		}
	}
}
