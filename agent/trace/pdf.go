package trace

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

const (
	margin     = 20.0 // millimeters, on every side
	millimeter = 72 / 25.4
	leading    = 1.45 // the distance of lines, in sizes of their letters
	family     = "go"
)

// PDF returns the sheet as pages of A4. ErrTooMuch, or what the library says, are the errors. The same sheet gives the same
// bytes. A letter that the font has not, as in Arabic, shows as a box: see Missing.
func PDF(s Sheet) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	s = s.cleaned()
	w := newWriter(s)
	w.heading(s.Title, 1.6)
	w.paragraph(s.Line)
	w.space(0.5)
	for _, p := range s.Before {
		w.paragraph(p)
	}
	for _, section := range s.Sections {
		w.section(section)
	}
	if len(s.After) > 0 {
		w.space(1)
		w.rule(0.6)
		for _, p := range s.After {
			w.paragraph(p)
		}
	}
	var out bytes.Buffer
	err := w.pdf.Output(&out)
	return out.Bytes(), err
}

// writer puts text on pages.
type writer struct {
	pdf   *fpdf.Fpdf
	size  float64 // of the letters, in points
	faces *faces
}

func newWriter(s Sheet) *writer {
	pdf := fpdf.New("P", "mm", "A4", "")
	// No hour, no program, no machine: nothing that links a sheet to where it was made.
	pdf.SetCreationDate(time.Unix(0, 0).UTC())
	pdf.SetModificationDate(time.Unix(0, 0).UTC())
	pdf.SetProducer("", true)
	pdf.SetCatalogSort(true)
	pdf.SetTitle(s.Title, true)
	pdf.SetLang(s.Language)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin)
	pdf.AddUTF8FontFromBytes(family, "", goregular.TTF)
	pdf.AddUTF8FontFromBytes(family, "B", gobold.TTF)
	w := &writer{pdf: pdf, size: float64(s.points()), faces: newFaces()}
	pdf.SetFooterFunc(func() {
		if pdf.PageNo() > 1 {
			pdf.SetY(-margin * 0.7)
			pdf.SetFont(family, "", w.size*0.7)
			pdf.CellFormat(0, 5, "- "+strconv.Itoa(pdf.PageNo())+" -", "", 0, "C", false, 0, "")
		}
	})
	pdf.AddPage()
	return w
}

// line is the height of a line of letters of a size, in millimeters.
func line(points float64) float64 { return points * leading / millimeter }

// heading writes a heading, larger than the rest by a factor, on the page of what follows it.
func (w *writer) heading(s string, factor float64) {
	size := w.size * factor
	w.keep(line(size) + 3*line(w.size))
	w.write(s, "B", size, margin)
}

func (w *writer) paragraph(s string) {
	if s != "" {
		w.write(s, "", w.size, margin)
		w.space(0.25)
	}
}

// section writes a part with a line under its heading.
func (w *writer) section(s Section) {
	w.space(0.7)
	w.heading(s.Heading, 1.2)
	w.rule(0.6)
	for _, item := range s.Items {
		w.item(item)
	}
	for _, p := range s.Text {
		w.paragraph(p)
	}
	for range s.Blank {
		w.keep(2 * line(w.size))
		w.space(1.3)
		w.rule(0.2)
	}
}

// item writes an entry of a list, its letters beside the bullet.
func (w *writer) item(s string) {
	indent := w.size * 0.5
	w.keep(line(w.size))
	w.pdf.SetFont(family, "", w.size)
	w.pdf.SetX(margin)
	w.pdf.CellFormat(indent, line(w.size), "\u2022", "", 0, "L", false, 0, "")
	w.write(s, "", w.size, margin+indent)
	w.space(0.15)
}

// write writes text from a left edge on, broken at blanks, and within words that are longer than a line.
func (w *writer) write(s, style string, points, left float64) {
	w.pdf.SetFont(family, style, points)
	w.pdf.SetLeftMargin(left)
	w.pdf.SetX(left)
	width, _ := w.pdf.GetPageSize()
	w.pdf.MultiCell(width-left-margin, line(points), w.fit(w.faces.known(s), width-left-margin-2), "", "L", false)
	w.pdf.SetLeftMargin(margin)
	w.pdf.SetX(margin)
}

// fit breaks words that no line has room for.
func (w *writer) fit(s string, width float64) string {
	words := strings.Split(s, " ")
	for i, word := range words {
		if w.pdf.GetStringWidth(word) <= width {
			continue
		}
		var parts strings.Builder
		from := 0
		letters := []rune(word)
		for at := range letters {
			if at > from && w.pdf.GetStringWidth(string(letters[from:at+1])) > width {
				parts.WriteString(string(letters[from:at]) + "\n")
				from = at
			}
		}
		words[i] = parts.String() + string(letters[from:])
	}
	return strings.Join(words, " ")
}

// space leaves room, in lines.
func (w *writer) space(lines float64) { w.pdf.Ln(lines * line(w.size)) }

// rule draws a line across, of a thickness in millimeters.
func (w *writer) rule(thick float64) {
	width, _ := w.pdf.GetPageSize()
	w.pdf.SetLineWidth(thick)
	y := w.pdf.GetY()
	w.pdf.Line(margin, y, width-margin, y)
	w.pdf.Ln(0.3 * line(w.size))
}

// keep begins a new page unless there is so much room on this one.
func (w *writer) keep(height float64) {
	_, page := w.pdf.GetPageSize()
	if w.pdf.GetY()+height > page-margin {
		w.pdf.AddPage()
	}
}
