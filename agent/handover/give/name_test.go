package give

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// hostile are names that somebody may have given to a document, and what they become.
func hostile() [][2]string {
	return [][2]string{
		{"Attestation.pdf", "Attestation.pdf"},
		{"Déclaration d’impôts 2026.pdf", "Déclaration d’impôts 2026.pdf"},
		{"De\u0301claration.pdf", "Déclaration.pdf"},
		{"", "document"}, {".", "document"}, {"..", "document"}, {"...", "document"}, {"   ", "document"}, {". . .", "document"},
		{"\u200b", "document"}, {"\u202e\u2066", "document"}, {"\u3164", "document"}, {"\u2800", "document"},
		{"a:b.txt", "a_b.txt"}, {"what?.pdf", "what_.pdf"}, {"*.doc", "_.doc"}, {`say "hi".txt`, "say _hi_.txt"},
		{"<script>.htm", "_script_.htm"}, {"a|b", "a_b"}, {`C:\Windows\x.txt`, "C__Windows_x.txt"},
		{"../../etc/passwd", "_.._etc_passwd"}, {"/etc/passwd", "_etc_passwd"}, {`..\..\x`, "_.._x"},
		{"a\x00b", "a_b"}, {"a\nb.txt", "a_b.txt"}, {"tab\there", "tab_here"}, {"\x1b[31mred.txt", "_[31mred.txt"},
		{"del\x7f.txt", "del_.txt"}, {"c1\u0085.txt", "c1_.txt"}, {"line\u2028sep.txt", "line_sep.txt"},
		{"CON", "CON_"}, {"con.txt", "con_.txt"}, {"PRN.tar.gz", "PRN_.tar.gz"}, {"aux .txt", "aux_.txt"}, {"Nul. ", "Nul_"},
		{"COM1", "COM1_"}, {"com0.pdf", "com0_.pdf"}, {"COM¹.txt", "COM¹_.txt"}, {"LPT³", "LPT³_"}, {"lpt9.x", "lpt9_.x"},
		{"CONIN$", "CONIN$_"}, {"conout$.txt", "conout$_.txt"}, {"COM10.txt", "COM10.txt"}, {"CONTRAT.pdf", "CONTRAT.pdf"},
		{"\u200bCON", "CON_"}, {"CO\u00adN.txt", "CON_.txt"}, {" NUL", "NUL_"}, {".CON", "CON_"},
		{" leading.txt", "leading.txt"}, {"trailing. . .", "trailing"}, {"name.txt ", "name.txt"}, {"name.txt.", "name.txt"},
		{".bashrc", "bashrc"}, {"..hidden.pdf", "hidden.pdf"}, {"\u00a0nbsp\u00a0.txt", "nbsp .txt"},
		{"bad\xff\xfebytes.pdf", "bad_bytes.pdf"}, {"\xc3\x28.txt", "_(.txt"}, {"\xed\xa0\x80.txt", "_.txt"},
		{"photo\u202egpj.exe", "photogpj.exe"}, {"zero\u200bwidth\u200d.txt", "zerowidth.txt"}, {"\ufeffbom.txt", "bom.txt"},
		{"tag\U000e0041.txt", "tag.txt"}, {"vs\ufe0f.txt", "vs.txt"}, {"private\ue000.txt", "private_.txt"}, {"non\uffff.txt", "non_.txt"},
		{"run.lnk", "run.lnk"}, {"setup.exe", "setup.exe"}, {"😀😀.png", "😀😀.png"}, {"日本語.docx", "日本語.docx"},
		{"-rf", "-rf"}, {"~$lock.docx", "~$lock.docx"}, {"%2e%2e.txt", "%2e%2e.txt"}, {"LONGNA~1.PDF", "LONGNA~1.PDF"},
		{strings.Repeat("a", 300) + ".pdf", strings.Repeat("a", 196) + ".pdf"},
		{strings.Repeat("é", 300) + ".pdf", strings.Repeat("é", 118) + ".pdf"},
		{strings.Repeat("😀", 200) + ".pdf", strings.Repeat("😀", 59) + ".pdf"},
		{strings.Repeat("x", 5000) + ":.pdf", strings.Repeat("x", 196) + ".pdf"},
		{"a" + strings.Repeat("\u0316", 100) + ".txt", "a" + strings.Repeat("\u0316", 8) + ".txt"},
		{"a." + strings.Repeat("e", 300), "a." + strings.Repeat("e", 198)},
		{strings.Repeat(".", 300) + "a", "a"},
		{strings.Repeat("ab ", 100) + ".pdf", strings.TrimRight(strings.Repeat("ab ", 66)[:196], " ") + ".pdf"},
	}
}

func TestSafeName(t *testing.T) {
	if n := len(hostile()); n < 60 {
		t.Fatalf("only %d names", n)
	}
	for _, c := range hostile() {
		if diff := cmp.Diff(c[1], SafeName(c[0])); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", c[0], diff)
		}
		valid(t, SafeName(c[0]))
	}
}

// valid says what a name has that FAT, exFAT, NTFS, Windows or a person would stumble over.
func valid(t *testing.T, s string) {
	t.Helper()
	bad := func(what string) { t.Errorf("%q: %s", s, what) }
	if s == "" || len(s) > 240 || len([]rune(s)) > 200 || units(s) > 200 {
		bad("length")
	}
	if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
		bad("no UTF-8 in NFC")
	}
	if strings.ContainsAny(s, `:?*"<>|\/`) || strings.HasPrefix(s, ".") || strings.TrimSpace(s) != s || strings.HasSuffix(s, ".") {
		bad("characters")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			bad("invisible")
		}
	}
	first, _, _ := strings.Cut(strings.ToUpper(s), ".")
	first = strings.TrimRight(first, " ")
	for _, r := range []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} {
		if first == r {
			bad("reserved")
		}
	}
	for _, r := range []string{"COM", "LPT"} {
		if rest, ok := strings.CutPrefix(first, r); ok && len([]rune(rest)) == 1 && strings.Contains("0123456789¹²³", rest) {
			bad("reserved")
		}
	}
	if SafeName(s) != s {
		bad("not safe for itself")
	}
}

func FuzzSafeName(f *testing.F) {
	for _, c := range hostile() {
		f.Add(c[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		valid(t, SafeName(s))
		var n Namer
		one, two := n.Name(s), n.Name(strings.ToUpper(s))
		valid(t, one)
		valid(t, two)
		if strings.EqualFold(one, two) {
			t.Errorf("%q and %q are one on FAT", one, two)
		}
	})
}

func TestNamer(t *testing.T) {
	var n Namer
	var got []string
	in := []string{"Factuur.pdf", "factuur.PDF", "FACTUUR.pdf", "factuur (2).pdf", "straße", "STRASSE", "é.txt", "e\u0301.txt", "É.TXT",
		"a:b", "a?b", "", ".", strings.Repeat("a", 300) + ".pdf", strings.Repeat("A", 301) + ".pdf", "\u212a", "k", "x.tar.gz", "X.TAR.GZ"}
	for _, name := range in {
		s := n.Name(name)
		valid(t, s)
		got = append(got, s)
	}
	want := []string{"Factuur.pdf", "factuur (2).PDF", "FACTUUR (3).pdf", "factuur (2) (2).pdf", "straße", "STRASSE (2)", "é.txt",
		"é (2).txt", "É (3).TXT", "a_b", "a_b (2)", "document", "document (2)", strings.Repeat("a", 196) + ".pdf",
		strings.Repeat("A", 192) + " (2).pdf", "K", "k (2)", "x.tar.gz", "X.TAR (2).GZ"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for range 10000 { // must not take the square of that
		n.Name("scan.pdf")
	}
	if got := n.Name("scan.pdf"); got != "scan (10001).pdf" {
		t.Errorf("the 10,001st scan is %q", got)
	}
}
