package give

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// How long a name may become: FAT, exFAT and NTFS count UTF-16 units and end at 255, ext4 counts bytes and ends there, too.
// The rest is for whoever copies the file on, into a longer folder or with a word added.
const (
	maxUnits = 200
	maxBytes = 240
	maxExt   = 24 // bytes; what is longer behind a dot is no extension
	maxMarks = 8  // marks on one letter
)

// noName stands for a name of which nothing is left.
const noName = "document"

// SafeName returns a name that FAT, exFAT and NTFS take and Windows opens, as close to the given one as that allows. The
// rules are those of "Naming Files, Paths, and Namespaces" (Microsoft), and besides: nothing invisible, nothing that turns
// the direction of reading, no leading dot, not longer than 200 UTF-16 units and 240 bytes with the extension kept. The name of
// a safe name is itself.
func SafeName(name string) string {
	const rounds = 8 // each takes something away or composes it, so that few are needed
	for range rounds {
		next := safer(name)
		if next == name {
			return name
		}
		name = next
	}
	return noName // nothing known comes here
}

// Windows and FAT refuse these in a name.
const forbidden = `:?*"<>|\/`

func safer(s string) string {
	// A hostile name can be of any length; what counts is at its two ends.
	if len(s) > 16*maxBytes {
		s = s[:8*maxBytes] + s[len(s)-8*maxBytes:]
	}
	s = norm.NFC.String(visible(strings.ToValidUTF8(s, "_")))
	s = strings.TrimLeft(strings.TrimRight(s, ". "), ". ")
	if s == "" {
		return noName
	}
	s = unreserved(s)
	base, ext := split(s)
	return fit(base, "", ext)
}

// visible takes out what nobody sees and replaces what no file system or no screen can show.
func visible(s string) string {
	var b strings.Builder
	marks := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), filler(r):
			continue
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				continue
			}
			b.WriteRune(r)
			continue
		case unicode.Is(unicode.Zs, r):
			r = ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp, unicode.Co), r == utf8.RuneError,
			r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef, strings.ContainsRune(forbidden, r):
			r = '_'
		}
		marks = 0
		b.WriteRune(r)
	}
	return b.String()
}

// filler recognizes letters that show nothing.
func filler(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return false
}

// unreserved changes a name that Windows takes for a device, whatever its extension.
func unreserved(s string) string {
	base, rest, dotted := strings.Cut(s, ".")
	base = strings.TrimRight(base, " ")
	if !device(strings.ToUpper(base)) {
		return s
	}
	if dotted {
		rest = "." + rest
	}
	return base + "_" + rest
}

func device(s string) bool {
	switch s {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	port, ok := strings.CutPrefix(s, "COM")
	if !ok {
		port, ok = strings.CutPrefix(s, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// split returns a name's extension apart, with its dot.
func split(s string) (base, ext string) {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 || len(s)-i > maxExt || strings.ContainsRune(s[i:], ' ') {
		return s, ""
	}
	return s[:i], s[i:]
}

// fit joins the parts of a name and cuts the first one until it is short enough.
func fit(base, number, ext string) string {
	for long(base + number + ext) {
		r, n := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-n]
		for unicode.Is(unicode.M, r) && base != "" { // a letter goes with its marks
			r, n = utf8.DecodeLastRuneInString(base)
			base = base[:len(base)-n]
		}
		if !long(base + number + ext) {
			base = strings.TrimRight(base, ". ")
		}
	}
	return base + number + ext
}

func long(s string) bool { return len(s) > maxBytes || units(s) > maxUnits }

// units counts what FAT, exFAT and NTFS count.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}
