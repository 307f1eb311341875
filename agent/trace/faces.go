package trace

import (
	"slices"
	"strings"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// missing stands for a letter that the font has not: a box, which the font has.
const missing = '\u25a1'

// faces knows which letters the font has.
type faces struct {
	font *sfnt.Font
	buf  sfnt.Buffer
}

// newFaces reads the font, which is part of the program; a test reads it too.
func newFaces() *faces {
	f, _ := sfnt.Parse(goregular.TTF)
	return &faces{font: f}
}

func (f *faces) has(r rune) bool {
	if f.font == nil {
		return true
	}
	i, err := f.font.GlyphIndex(&f.buf, r)
	return err == nil && i != 0
}

// known puts a box in the place of every letter that the font has not.
func (f *faces) known(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || f.has(r) {
			return r
		}
		return missing
	}, s)
}

// Missing reports whether the PDF of a sheet shows boxes in the place of letters. The HTML then shows them.
func Missing(s Sheet) bool {
	f := newFaces()
	return slices.ContainsFunc(s.cleaned().lines(), func(line string) bool { return f.known(line) != line })
}
