package browsertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Browser is a running browser that has been through a visit and has a download in progress.
type Browser struct {
	Name string // chromium or firefox
	PID  int    // the main process; it leads the process group of all the others

	user   User
	cmd    *exec.Cmd
	output *tail
	quit   func(context.Context) error // asks the browser to end as its own menu does
	done   chan struct{}               // closed when the main process has ended
	ended  func()                      // releases the connection, once
}

// page is what a visit needs of a browser: one tab.
type page interface {
	// open loads another page than the one that is there, and waits until it stands.
	open(ctx context.Context, url string) error
	// typeInto types text, key by key, into the element with that id.
	typeInto(ctx context.Context, id, text string) error
	click(ctx context.Context, id string) error
}

// launch starts a browser as the account. Its output is kept, for the error of a visit that fails.
func launch(name string, user User, cmd *exec.Cmd) (*Browser, error) {
	b := &Browser{Name: name, user: user, cmd: cmd, output: new(tail), done: make(chan struct{}), ended: func() {}}
	cmd.Stdout, cmd.Stderr = b.output, b.output
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s (install chromium and firefox-esr): %w", name, err)
	}
	b.PID = cmd.Process.Pid
	go func() {
		cmd.Wait()
		close(b.done)
	}()
	return b, nil
}

// Running says whether the main process is alive.
func (b *Browser) Running() bool {
	select {
	case <-b.done:
		return false
	default:
		return true
	}
}

// Close ends the browser as its own menu would, so that it writes out what it holds, and waits for it. A browser that
// does not end within 20 seconds is killed, which is an error; one that has ended already is not.
func (b *Browser) Close() error {
	if !b.Running() {
		b.ended()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := b.quit(ctx)
	select {
	case <-b.done:
		b.ended()
		return nil // a browser that is on its way out may drop the connection before it answers
	case <-ctx.Done():
		b.kill()
		return errors.Join(fmt.Errorf("%s did not end: %s", b.Name, b.output), err)
	}
}

func (b *Browser) kill() {
	syscall.Kill(-b.PID, syscall.SIGKILL)
	<-b.done
	b.ended()
}

// password is typed and kept; it is on disk only encrypted, so it carries no marker.
const password = "S3cret-typed"

// run makes the whole visit but for keeping the password.
func (b *Browser) run(ctx context.Context, p page, s *Site) error {
	v := s.visit(b.Name)
	base := s.URL + "/" + b.Name + "/"
	downloads := filepath.Join(b.user.Home, "Downloads")
	steps := []struct {
		what string
		do   func() error
	}{
		{"opening the site", func() error { return p.open(ctx, base) }},
		{"storing", func() error { return v.wait(ctx, v.stored, "what the page stores") }},
		{"opening a page", func() error { return p.open(ctx, base+s.Marker+"-"+TraceHistory) }},
		{"opening the form", func() error { return p.open(ctx, base+"form") }},
		{"typing into the form", func() error { return p.typeInto(ctx, "field", s.Marker+"-"+TraceForm) }},
		{"sending the form", func() error { return p.click(ctx, "send") }},
		{"sending the form", func() error { return v.wait(ctx, v.form, "the form") }},
		{"opening the login", func() error { return p.open(ctx, base+"login") }},
		{"typing the name", func() error { return p.typeInto(ctx, "user", s.Marker+"-"+TracePassword) }},
		{"typing the password", func() error { return p.typeInto(ctx, "secret", password) }},
		{"sending the login", func() error { return p.click(ctx, "send") }},
		{"sending the login", func() error { return v.wait(ctx, v.login, "the login") }},
		{"opening the files", func() error { return p.open(ctx, base+"files") }},
		{"starting a download", func() error { return p.click(ctx, "whole") }},
		{"downloading", func() error { return v.wait(ctx, v.whole, "a download") }},
		{"downloading", func() error {
			return holds(ctx, downloads, "*"+stores(b.Name)[TraceDownload], s.Marker+"-"+TraceDownload)
		}},
		{"starting a long download", func() error { return p.click(ctx, "half") }},
		{"half downloading", func() error { return v.wait(ctx, v.half, "half a download") }},
		// Until the file is there, opening another page would call the download off.
		{"half downloading", func() error {
			return holds(ctx, downloads, "*"+stores(b.Name)[TracePartial], s.Marker+"-"+TracePartial)
		}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// settle waits until each trace is found where the browser keeps it.
func (b *Browser) settle(ctx context.Context, marker string) error {
	for {
		hits, err := Find(ctx, []string{b.user.Home}, nil, marker)
		if err != nil {
			return fmt.Errorf("waiting for traces on disk: %w", err)
		}
		missing := unseen(hits, stores(b.Name))
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %v on disk: %w", missing, ctx.Err())
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// unseen returns the traces that no hit shows at its place.
func unseen(hits []Hit, places map[string]string) []string {
	var missing []string
	for trace, place := range places {
		if !slices.ContainsFunc(hits, func(h Hit) bool { return h.Trace == trace && strings.Contains(h.Where, place) }) {
			missing = append(missing, trace)
		}
	}
	slices.Sort(missing)
	return missing
}

// holds waits for a file of that name, with that text in it.
func holds(ctx context.Context, dir, pattern, text string) error {
	for {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(text)) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a file in the downloads: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tail keeps the last bytes of a browser's output.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (o *tail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b = append(o.b, p...)
	o.b = o.b[max(0, len(o.b)-4000):]
	return len(p), nil
}

func (o *tail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.b)
}
