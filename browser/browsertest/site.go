package browsertest

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"
)

//go:embed pages
var pages embed.FS

const (
	partialSent = 1 << 20  // bytes of the half-finished download that are sent
	partialSize = 64 << 20 // bytes that it claims to have
)

// Site is a web site on http://localhost (which browsers hold for a secure origin, so that service workers and private
// files work) that leaves traces. One site serves any number of visits, each under a path of its own.
type Site struct {
	Marker string // at most 31 letters and digits; begins every trace that the site leaves
	URL    string // http://localhost:PORT, without a slash at the end

	pages *template.Template

	mu     sync.Mutex
	visits map[string]*visit
}

// visit is what a site knows of one browser's visit. A channel is closed when its step was reached.
type visit struct {
	stored, form, login, whole, half chan struct{}
	problem                          string // what the page's script could not do; set before stored is closed
	once                             map[chan struct{}]*sync.Once
}

// NewSite starts a site whose traces begin with marker. It ends with the test; half-finished downloads go on until then.
func NewSite(t testing.TB, marker string) *Site {
	t.Helper()
	if len(marker) < 8 || len(marker) > 31 || strings.Trim(strings.ToLower(marker), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		t.Fatal("browsertest: a marker is 8 to 31 letters and digits")
	}
	s := &Site{Marker: marker, visits: map[string]*visit{}}
	s.pages = template.Must(template.ParseFS(pages, "pages/*"))
	srv := httptest.NewServer(s.routes())
	t.Cleanup(func() {
		srv.CloseClientConnections() // ends the half-finished downloads, which Close would wait for
		srv.Close()
	})
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://localhost:" + port
	return s
}

// Paper is the address of a document (PDF) that a browser shows by itself.
func (s *Site) Paper(visit string) string { return s.URL + "/" + visit + "/" + s.Marker + "-paper.pdf" }

func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	for _, name := range []string{"form", "login", "files"} {
		mux.HandleFunc("GET /{visit}/"+name, s.page(name+".html"))
	}
	mux.HandleFunc("GET /{visit}/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{
			Name: s.Marker + "-" + TraceHTTPOnly, Value: s.Marker + "-" + TraceHTTPOnly,
			Path: "/", MaxAge: 864000, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		s.page("index.html")(w, r)
	})
	mux.HandleFunc("GET /{visit}/"+s.Marker+"-history", s.page("history.html"))
	mux.HandleFunc("GET /{visit}/sw.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		s.page("sw.js")(w, r)
	})
	mux.HandleFunc("GET /"+s.Marker+"-favicon.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Cache-Control", "max-age=86400")
		w.Write(dot())
	})
	mux.HandleFunc("GET /{visit}/"+s.Marker+"-paper.pdf", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		w.Write(pdf(s.Marker + "-paper")) // to be read in the browser, not kept
	})
	mux.HandleFunc("GET /"+s.Marker+"-httpcache.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Cache-Control", "max-age=86400")
		// Long enough that no browser finds it cheaper not to keep it.
		io.WriteString(w, strings.Repeat("// "+s.Marker+"-"+TraceHTTPCache+"\n", 200))
	})
	mux.HandleFunc("POST /{visit}/stored", func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(io.LimitReader(r.Body, 1000))
		v := s.visit(r.PathValue("visit"))
		v.reach(v.stored, func() { v.problem = string(b) })
	})
	mux.HandleFunc("POST /{visit}/{form}", func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(r.PathValue("visit"))
		switch r.PathValue("form") {
		case "form":
			v.reach(v.form, nil)
		case "login":
			v.reach(v.login, nil)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>Sent</title><p>Thank you.")
	})
	mux.HandleFunc("GET /{visit}/{file}", s.file)
	return mux
}

func (s *Site) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := s.pages.ExecuteTemplate(&b, name, struct{ Marker, Visit string }{s.Marker, r.PathValue("visit")}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.Write(b.Bytes())
	}
}

// file serves the two downloads: one whole, one that only trickles after partialSent bytes until its connection
// ends.
func (s *Site) file(w http.ResponseWriter, r *http.Request) {
	name, v := r.PathValue("file"), s.visit(r.PathValue("visit"))
	w.Header().Set("Content-Disposition", "attachment")
	switch {
	case strings.HasPrefix(name, s.Marker+"-"+TraceDownload):
		b := pdf(s.Marker + "-" + TraceDownload)
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.Write(b)
		v.reach(v.whole, nil)
	case strings.HasPrefix(name, s.Marker+"-"+TracePartial):
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(partialSize))
		// So that it could be resumed: browsers then take more care to keep what they have.
		w.Header().Set("Accept-Ranges", "bytes")
		w.Header().Set("ETag", strconv.Quote(s.Marker))
		line := []byte(s.Marker + "-" + TracePartial + "\n")
		w.Write(bytes.Repeat(line, partialSent/len(line)))
		flush(w)
		v.reach(v.half, nil)
		// A little more now and then: a browser that gets nothing at all may keep the last of it in memory.
		for tick := time.NewTicker(100 * time.Millisecond); r.Context().Err() == nil; <-tick.C {
			w.Write(bytes.Repeat(line, 100))
			flush(w)
		}
	default:
		http.NotFound(w, r)
	}
}

func flush(w http.ResponseWriter) {
	http.NewResponseController(w).Flush() // fails when the browser has gone, which ends the request's context too
}

// visit returns the visit of that name, which begins with the first question for it.
func (s *Site) visit(name string) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.visits[name]
	if v == nil {
		v = &visit{once: map[chan struct{}]*sync.Once{}}
		for _, c := range []*chan struct{}{&v.stored, &v.form, &v.login, &v.whole, &v.half} {
			*c = make(chan struct{})
			v.once[*c] = new(sync.Once)
		}
		s.visits[name] = v
	}
	return v
}

func (v *visit) reach(step chan struct{}, before func()) {
	v.once[step].Do(func() {
		if before != nil {
			before()
		}
		close(step)
	})
}

func (v *visit) wait(ctx context.Context, step chan struct{}, what string) error {
	select {
	case <-step:
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
	}
	if step == v.stored && v.problem != "" {
		return errors.New("storing from the page: " + v.problem)
	}
	return nil
}
