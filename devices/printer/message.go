package printer

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"

	"github.com/OpenPrinting/goipp"
)

// What stands in every request: the address of this service, which it does not compare with its name, and a number.
const (
	here   = "ipp://localhost"
	number = 1 // of every request: there is one on a connection
)

// request begins a message with what every one has (RFC 8011, section 4.1.4, in this order) and the object it is about.
func (s *Spooler) request(op goipp.Op, uri string, wanted ...string) *goipp.Message {
	m := goipp.NewRequest(goipp.MakeVersion(2, 0), op, number)
	add := func(name string, tag goipp.Tag, v goipp.Value) { m.Operation.Add(goipp.MakeAttribute(name, tag, v)) }
	add("attributes-charset", goipp.TagCharset, goipp.String("utf-8"))
	add("attributes-natural-language", goipp.TagLanguage, goipp.String("en"))
	add("printer-uri", goipp.TagURI, goipp.String(uri))
	add("requesting-user-name", goipp.TagName, goipp.String(s.user))
	if len(wanted) > 0 {
		a := goipp.Attribute{Name: "requested-attributes"}
		for _, w := range wanted {
			a.Values.Add(goipp.TagKeyword, goipp.String(w))
		}
		m.Operation.Add(a)
	}
	return m
}

// answer is a checked answer.
type answer struct {
	status goipp.Status
	groups goipp.Groups
}

// decode reads an answer. Values in values ("collections") are refused before the decoder sees them: it would follow
// them to any depth, and nothing that is asked for here has any.
func decode(raw []byte, id uint32) (*answer, error) {
	if !flat(raw) {
		return nil, ErrAnswer
	}
	var m goipp.Message
	if err := m.DecodeBytes(raw); err != nil || m.RequestID != id {
		return nil, ErrAnswer // the decoder's error can hold words of the answer
	}
	return &answer{goipp.Status(m.Code), m.Groups}, nil
}

// flat tells that a message (RFC 8010, section 3.1) is whole, up to the tag that ends it, and holds no collection.
func flat(raw []byte) bool {
	const head, end, firstValue = 8, 0x03, 0x10
	if len(raw) < head {
		return false
	}
	for rest := raw[head:]; len(rest) > 0; {
		tag := rest[0]
		rest = rest[1:]
		switch {
		case tag == end:
			return true
		case tag < firstValue:
			continue
		case goipp.Tag(tag) == goipp.TagBeginCollection:
			return false
		}
		for range 2 { // name and value
			if len(rest) < 2 {
				return false
			}
			n := 2 + int(binary.BigEndian.Uint16(rest))
			if len(rest) < n {
				return false
			}
			rest = rest[n:]
		}
	}
	return false
}

// fault is the error that a status stands for, nil for success (RFC 8011, appendix B.1).
func (a *answer) fault() error {
	switch a.status {
	case goipp.StatusErrorNotFound, goipp.StatusErrorGone:
		return ErrNotFound
	case goipp.StatusErrorDocumentFormatNotSupported, goipp.StatusErrorDocumentFormatError,
		goipp.StatusErrorDocumentUnprintable:
		return ErrFormat
	case goipp.StatusErrorNotAcceptingJobs, goipp.StatusErrorPrinterIsDeactivated, goipp.StatusErrorTooManyJobs:
		return ErrNotAccepting
	case goipp.StatusErrorForbidden, goipp.StatusErrorNotAuthenticated, goipp.StatusErrorNotAuthorized:
		return ErrNotPermitted
	case goipp.StatusErrorRequestEntity:
		return ErrTooLarge
	}
	if a.status >= 0x0100 {
		return fmt.Errorf("%w: status %04x", ErrRefused, uint16(a.status))
	}
	return nil
}

// in returns the groups of one kind.
func (a *answer) in(tag goipp.Tag) []goipp.Attributes {
	var found []goipp.Attributes
	for _, g := range a.groups {
		if g.Tag == tag {
			found = append(found, g.Attrs)
		}
	}
	return found
}

// values returns the values of an attribute.
func values(attrs goipp.Attributes, name string) goipp.Values {
	for _, a := range attrs {
		if a.Name == name {
			return a.Values
		}
	}
	return nil
}

// words returns the values of an attribute that are text.
func words(attrs goipp.Attributes, name string) []string {
	var found []string
	for _, v := range values(attrs, name) {
		switch t := v.V.(type) {
		case goipp.String:
			found = append(found, string(t))
		case goipp.TextWithLang:
			found = append(found, t.Text)
		}
	}
	return found
}

// word returns the only text of an attribute, empty where there is none, or more than one.
func word(attrs goipp.Attributes, name string) string {
	if w := words(attrs, name); len(w) == 1 {
		return w[0]
	}
	return ""
}

// integer returns the number that an attribute is, 0 where it is none.
func integer(attrs goipp.Attributes, name string) int {
	if v := values(attrs, name); len(v) == 1 {
		if n, ok := v[0].V.(goipp.Integer); ok {
			return int(n)
		}
	}
	return 0
}

// yes tells whether an attribute is true.
func yes(attrs goipp.Attributes, name string) bool {
	v := values(attrs, name)
	return len(v) == 1 && v[0].V == goipp.Boolean(true)
}

// line makes one line of at most limit characters of foreign text, without what moves the cursor or turns the writing.
func line(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit])
	}
	return text
}
