package printer

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"
)

// A service that hangs, talks nonsense or never stops talking is an error in bounded time and memory.
func TestHostileService(t *testing.T) {
	for _, c := range []struct {
		name, says string
		want       error
	}{
		{"hung", "", ErrNoService},
		{"half", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc", ErrNoService},
		{"no HTTP", strings.Repeat("garbage\r\n", 100), ErrAnswer},
		{"no IPP", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ErrAnswer},
		{"endless head", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 1<<20), ErrAnswer},
		{"endless body", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("a", 2<<20), ErrAnswer},
	} {
		socket := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			io.WriteString(conn, c.says)
			io.Copy(io.Discard, conn)
		}()
		_, err = New(Options{Socket: socket, User: "nobody", Within: 300 * time.Millisecond}).Printers(t.Context())
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), socket) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		l.Close()
		<-ended
	}
	for _, socket := range []string{filepath.Join(t.TempDir(), "none"), "print.example.org:631"} {
		_, err := New(Options{Socket: socket, User: "nobody"}).Printers(t.Context())
		if !errors.Is(err, ErrNoService) || strings.Contains(err.Error(), socket) {
			t.Errorf("no service: %v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	m := goipp.NewResponse(goipp.MakeVersion(2, 0), goipp.StatusOk, number)
	m.Job.Add(goipp.MakeAttribute("job-id", goipp.TagInteger, goipp.Integer(7)))
	m.Job.Add(goipp.MakeAttribute("job-originating-user-name", goipp.TagName, goipp.String("somebody")))
	raw, err := m.EncodeBytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(append(bytes.Clone(raw[:8]), bytes.Repeat([]byte("\x02\x34\x00\x01a\x00\x00"), 10000)...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := decode(raw, number)
		if err != nil {
			return
		}
		for _, g := range a.groups {
			if j := job(g.Attrs, "somebody"); j.Bytes < 0 {
				t.Errorf("a job of %d bytes", j.Bytes)
			}
		}
	})
}
