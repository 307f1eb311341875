package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/OpenPrinting/goipp"
)

// errDocument marks errors of the document, not of the service.
var errDocument = errors.New("the document cannot be read")

// content reads a document, at most MaxDocument bytes of it.
type content struct {
	io.Reader
	left int64
	err  error // why it ended early; the HTTP of the standard library hides it
}

func (c *content) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if c.left -= int64(n); c.left < 0 {
		c.err = ErrTooLarge
		return 0, c.err
	}
	if err != nil && err != io.EOF {
		c.err = errDocument // its own words can hold a path
		return n, c.err
	}
	return n, err
}

// printable tells that documents of a type may be sent. The list is closed because a queue without filters takes any
// type and prints the bytes of an office file as pages of signs.
func printable(media string) bool {
	switch media {
	case "application/pdf", "application/postscript", "application/octet-stream", "text/plain":
		return true
	}
	sub, ok := strings.CutPrefix(media, "image/")
	return ok && sub != "" && len(media) < 100 && strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz0123456789.+-") == ""
}

// Print sends a document to a printer and returns the job as the service took it. The job's name is always "document".
// A document that cannot be read to its end, or is too large, makes no job.
func (s *Spooler) Print(ctx context.Context, printer string, d Document) (Job, error) {
	if s.err != nil {
		return Job{}, fmt.Errorf("printing: %w", s.err)
	}
	if !printable(d.Type) {
		return Job{}, fmt.Errorf("printing: %w", ErrFormat)
	}
	if !queue(printer) {
		return Job{}, fmt.Errorf("printing: %w", ErrNotFound)
	}
	in, err := d.Open()
	if err != nil {
		return Job{}, fmt.Errorf("printing: %w", errDocument)
	}
	defer in.Close()
	at := "/printers/" + printer // http escapes it
	m := s.request(goipp.OpPrintJob, here+"/printers/"+url.PathEscape(printer))
	m.Operation.Add(goipp.MakeAttribute("job-name", goipp.TagName, goipp.String("document")))
	m.Operation.Add(goipp.MakeAttribute("document-format", goipp.TagMimeType, goipp.String(d.Type)))
	// Proven to be root, the service would make it root's job: the name in the request only counts where none is proven.
	as := s.user
	if s.peer != s.user {
		as = ""
	}
	a, err := s.exchange(ctx, at, m, &content{Reader: in, left: MaxDocument}, as)
	if err == nil {
		err = a.fault()
	}
	if err != nil {
		return Job{}, fmt.Errorf("printing: %w", err)
	}
	for _, g := range a.in(goipp.TagJobGroup) {
		if j := job(g, s.user); j.ID > 0 {
			j.Printer, j.Mine = printer, true
			return j, nil
		}
	}
	return Job{}, fmt.Errorf("printing: %w", ErrAnswer)
}
