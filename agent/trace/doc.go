// Package trace makes the sheet that a person takes home: what was done, what to bring next time, where there is help. It
// comes as HTML and as PDF.
//
// Both are made in memory; nothing is written to a disk, kept or logged here, and neither says when within the day or on
// which machine it was made. The words come from the caller. The HTML is the one for screen readers: it has headings, lists
// and a language. The PDF has its text in reading order, but no structure, because the library that makes it knows none.
package trace

import (
	"errors"
	"unicode/utf8"
)

// Sheet is the content of one sheet, in the words that people read.
type Sheet struct {
	Language string   // "fr", "nl", "de" or "en"
	Title    string   // the heading
	Line     string   // stands under it: date, place, organization
	Before   []string // paragraphs before the sections
	Sections []Section
	After    []string // paragraphs after them
	Large    int      // the size of the letters, in points: 12 to 28; anything else is 16
}

// Section is a part of a sheet.
type Section struct {
	Heading string
	Items   []string // a list
	Text    []string // paragraphs
	Blank   int      // empty lines to write on by hand
}

const (
	// maxLines and maxLetters bound a sheet: so many paragraphs, items and headings, each of so many letters.
	maxLines, maxLetters = 200, 1000
	maxBlank             = 20
)

// ErrTooMuch says that a sheet has more than anybody would read.
var ErrTooMuch = errors.New("too much for a sheet")

// lines returns every text of a sheet in reading order.
func (s Sheet) lines() []string {
	all := append([]string{s.Title, s.Line}, s.Before...)
	for _, section := range s.Sections {
		all = append(append(append(all, section.Heading), section.Items...), section.Text...)
	}
	return append(all, s.After...)
}

// check refuses what no sheet needs.
func (s Sheet) check() error {
	all := s.lines()
	for _, text := range all {
		if utf8.RuneCountInString(text) > maxLetters {
			return ErrTooMuch
		}
	}
	for _, section := range s.Sections {
		if section.Blank > maxBlank {
			return ErrTooMuch
		}
	}
	if len(all) > maxLines {
		return ErrTooMuch
	}
	return nil
}

// points is the size of the letters.
func (s Sheet) points() int {
	if s.Large < 12 || s.Large > 28 {
		return 16
	}
	return s.Large
}

// clean takes out what is no letter to read: control characters, and bytes that are no text.
func clean(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case r == utf8.RuneError, r < ' ' && r != '\t', r >= 0x7f && r < 0xa0:
			out = append(out, '\ufffd')
		case r == '\t':
			out = append(out, ' ')
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // would turn the letters after it around
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// cleaned is the sheet with every text clean.
func (s Sheet) cleaned() Sheet {
	texts := func(all []string) []string {
		out := make([]string, len(all))
		for i, t := range all {
			out[i] = clean(t)
		}
		return out
	}
	out := Sheet{
		Language: s.Language, Title: clean(s.Title), Line: clean(s.Line), Before: texts(s.Before), After: texts(s.After),
		Large: s.points(),
	}
	for _, section := range s.Sections {
		out.Sections = append(out.Sections, Section{
			Heading: clean(section.Heading), Items: texts(section.Items), Text: texts(section.Text), Blank: section.Blank,
		})
	}
	return out
}
