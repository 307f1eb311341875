package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Session is a browser with real windows on a desktop, which a test may question. The questions go through the browser's
// own remote control, switched on by an argument of the same start: how the browser was started stays what it was.
// The controlled tab, which the methods drive, is the first one that opened.
type Session struct {
	*Browser
	Desktop *Desktop

	control control
}

// control is what a session needs of a browser's remote control.
type control interface {
	page
	// windows lists what is open.
	windows(ctx context.Context) ([]Window, error)
	// script runs an expression in the controlled tab and returns its value once it is there.
	script(ctx context.Context, expression string) (any, error)
	// view loads a document in the controlled tab; viewer says whether the browser's own viewer shows it there.
	view(ctx context.Context, url string) error
	viewer(ctx context.Context) (bool, error)
	// asking says whether the browser is asking the person whether the page may use the camera.
	asking(ctx context.Context) (bool, error)
	policies(ctx context.Context) (Policies, error)
	close()
}

// Window is an open tab with what the browser says of the window around it.
type Window struct {
	Title, URL string
	// Private is the browser's own statement. Chromium: the window's new tab is the page "You've gone Incognito", and its
	// data does not belong to the profile that the browser runs with. Firefox: PrivateBrowsingUtils.isWindowPrivate.
	Private bool
}

// ErrNoWindow means that the browser opened no window of its own: it ended, or it shows a dialog instead.
var ErrNoWindow = errors.New("no window")

// Chromium starts Chromium, or Firefox starts Firefox, with a whole command line, the program first, and returns when a
// window is open. When none opens the error is ErrNoWindow. Ending ctx kills the browser.
func (d *Desktop) Chromium(ctx context.Context, argv ...string) (*Session, error) {
	return d.chromium(ctx, argv)
}

// Firefox is to Firefox what Chromium is to Chromium.
func (d *Desktop) Firefox(ctx context.Context, argv ...string) (*Session, error) {
	return d.firefox(ctx, argv)
}

// Start is Chromium or Firefox, by name.
func (d *Desktop) Start(ctx context.Context, name string, argv ...string) (*Session, error) {
	if name == firefox {
		return d.firefox(ctx, argv)
	}
	return d.chromium(ctx, argv)
}

// session waits for what started to open a window.
func (d *Desktop) session(ctx context.Context, b *Browser, c control) (*Session, error) {
	s := &Session{Browser: b, Desktop: d, control: c}
	if _, err := s.Wait(ctx, 1); err != nil {
		b.kill()
		return nil, fmt.Errorf("%w: %s", err, b.output)
	}
	return s, nil
}

// Icon returns the command line of an icon of the desktop, for a web page or for none (url is empty).
func Icon(name, url string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join("/usr/share/applications", name+".desktop"))
	if err != nil {
		return nil, fmt.Errorf("reading an icon: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "Exec=")
		if !ok {
			continue
		}
		var argv []string
		for _, word := range strings.Fields(command) { // quotes are not used by the two icons
			if word != "%u" && word != "%U" {
				argv = append(argv, word)
			} else if url != "" {
				argv = append(argv, url)
			}
		}
		return argv, nil
	}
	return nil, errors.New("reading an icon: no command")
}

// Windows lists every tab of every window that is open now.
func (s *Session) Windows(ctx context.Context) ([]Window, error) { return s.control.windows(ctx) }

// Wait waits until at least n tabs are open and returns them.
func (s *Session) Wait(ctx context.Context, n int) ([]Window, error) {
	for {
		windows, err := s.control.windows(ctx)
		if err == nil && len(windows) >= n {
			return windows, nil
		}
		select {
		case <-s.done:
			return windows, ErrNoWindow
		case <-ctx.Done():
			return windows, errors.Join(fmt.Errorf("waiting for %d windows, %d are open: %w", n, len(windows), ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Open loads a page in the controlled tab.
func (s *Session) Open(ctx context.Context, url string) error { return s.control.open(ctx, url) }

// Visit makes a whole visit of the site, as StartChromium does: everything is stored, typed and sent, one download is
// complete in ~/Downloads and another half done. It fails when a dialog keeps a download from landing there.
func (s *Session) Visit(ctx context.Context, site *Site) error { return s.run(ctx, s.control, site) }

// Policies returns what the browser itself says of the settings that it was given.
func (s *Session) Policies(ctx context.Context) (Policies, error) { return s.control.policies(ctx) }

// Viewer opens a document and waits until the browser's own viewer shows it.
func (s *Session) Viewer(ctx context.Context, url string) error {
	if err := s.control.view(ctx, url); err != nil {
		return err
	}
	return until(ctx, "the viewer", func() (bool, error) { return s.control.viewer(ctx) })
}

// Asks is the answer of Camera while the browser asks the person.
const Asks = "asks"

// Camera opens a page of the site, lets it ask for the camera and returns Asks when the browser asks the person, "granted",
// or the name of the error that the page got: NotAllowedError when it was refused without asking.
func (s *Session) Camera(ctx context.Context, site *Site) (string, error) {
	if err := s.control.open(ctx, site.URL+"/"+s.Name+"/form"); err != nil {
		return "", err
	}
	if _, err := s.control.script(ctx, `(window.camera = "", navigator.mediaDevices.getUserMedia({video: true}).then(
		() => { window.camera = "granted"; }, err => { window.camera = err.name; }), true)`); err != nil {
		return "", err
	}
	answer := ""
	err := until(ctx, "an answer about the camera", func() (bool, error) {
		state, err := s.control.script(ctx, "window.camera")
		if text, ok := state.(string); ok && text != "" {
			answer = text
			return true, nil
		}
		if err != nil {
			return false, err
		}
		asking, err := s.control.asking(ctx)
		if asking {
			answer = Asks
		}
		return asking, err
	})
	return answer, err
}

// Kill ends the whole browser as a crash does: nothing can be written any more.
func (s *Session) Kill() {
	s.kill()
	s.Desktop.kill()
}

// kill ends everything that the account runs on the desktop but its message bus.
func (d *Desktop) kill() {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		left := 0
		for _, pid := range d.Processes() {
			if uid, alive := owner(pid); alive && uid == d.User.UID && pid != d.bus {
				left++
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if left == 0 {
			return
		}
	}
}

// until asks again and again until the answer is yes.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting for %s: %w", what, ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
