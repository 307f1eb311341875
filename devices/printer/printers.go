package printer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/OpenPrinting/goipp"
)

// Facts of CUPS: https://www.cups.org/doc/spec-ipp.html.
const (
	isDefault      = 0x00020000 // bit of printer-type
	isFax          = 0x00040000 // bit of printer-type: it sends what it gets to a telephone number
	printerStopped = 5          // printer-state, RFC 8011, section 5.4.11
)

// Printers returns the printers that the service offers, the default one first, then by name. None is no error. At most
// 500 are returned; those whose name cannot be one are left out.
func (s *Spooler) Printers(ctx context.Context) ([]Printer, error) {
	m := s.request(goipp.OpCupsGetPrinters, here+"/", "printer-name", "printer-info", "printer-type", "printer-state",
		"printer-state-reasons", "printer-is-accepting-jobs")
	m.Operation.Add(goipp.MakeAttribute("limit", goipp.TagInteger, goipp.Integer(maxPrinters)))
	a, err := s.exchange(ctx, "/", m, nil, s.peer)
	if err == nil {
		err = a.fault()
	}
	if errors.Is(err, ErrNotFound) {
		return nil, nil // what CUPS says where it has none
	}
	if err != nil {
		return nil, fmt.Errorf("listing printers: %w", err)
	}
	var found []Printer
	for _, g := range a.in(goipp.TagPrinterGroup) {
		p := Printer{
			Name: word(g, "printer-name"), Info: line(word(g, "printer-info"), maxInfo),
			Default: integer(g, "printer-type")&isDefault != 0, Accepting: yes(g, "printer-is-accepting-jobs"),
			Paused: integer(g, "printer-state") == printerStopped, Reason: why(words(g, "printer-state-reasons")),
		}
		if !queue(p.Name) || integer(g, "printer-type")&isFax != 0 || len(found) == maxPrinters {
			continue
		}
		if p.Info == "" {
			p.Info = line(p.Name, maxInfo)
		}
		if p.Paused && p.Reason == "" {
			p.Reason = Paused
		}
		found = append(found, p)
	}
	slices.SortStableFunc(found, func(a, b Printer) int {
		if a.Default != b.Default {
			if a.Default {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return found, nil
}

// queue tells that a text can be the name of a queue (lpadmin(8): any printable character but /, #, space and quotes).
func queue(name string) bool {
	return name != "" && len(name) <= maxName && !strings.ContainsAny(name, "/#?\\\"'") &&
		strings.IndexFunc(name, func(r rune) bool {
			return r == unicode.ReplacementChar || r == ' ' || !unicode.IsPrint(r)
		}) < 0
}
