package browsertest

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Program starts a program of the account on the desktop and waits until a window with such a title is there. The program
// is ended with the desktop.
func (d *Desktop) Program(t testing.TB, title string, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := d.Command(context.Background(), argv[0], argv[1:]...)
	said := new(tail)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatalf("browsertest: starting %s: %v", argv[0], err)
	}
	t.Cleanup(func() {
		d.end(t)
		cmd.Wait()
	})
	if titles, ok := d.shown(t, title, 20*time.Second); !ok {
		t.Fatalf("browsertest: no window %q of %s, but %q: %s", title, argv[0], titles, said)
	}
	return cmd
}

// Shows waits until a window whose title has a text in it is on the screen.
func (d *Desktop) Shows(t testing.TB, title string) {
	t.Helper()
	if titles, ok := d.shown(t, title, 30*time.Second); !ok {
		t.Fatalf("browsertest: no window %q, but %q", title, titles)
	}
}

func (d *Desktop) shown(t testing.TB, title string, most time.Duration) (titles []string, ok bool) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		titles, _ = d.Titles(t.Context())
		if slices.ContainsFunc(titles, func(s string) bool { return strings.Contains(s, title) }) {
			return titles, true
		}
	}
	return titles, false
}

// Type types a text into the window whose title matches a regular expression.
func (d *Desktop) Type(t testing.TB, title, text string) {
	t.Helper()
	out, err := d.Command(t.Context(), "sh", "-c", `
		window=$(xdotool search --onlyvisible --name "$1" | tail -n 1) && [ -n "$window" ] &&
		xdotool windowactivate --sync "$window" && xdotool type --delay 20 "$2"`, "sh", title, text).CombinedOutput()
	if err != nil {
		t.Fatalf("browsertest: typing: %v: %s", err, out)
	}
}

// Writer opens LibreOffice Writer with a new letter and types a text, which nothing saves.
func (d *Desktop) Writer(t testing.TB, text string) {
	t.Helper()
	d.Program(t, "LibreOffice Writer", "soffice", "--writer", "--norestore", "--nologo", "--nofirststartwizard")
	time.Sleep(time.Second) // the window is there before it takes keys
	d.Type(t, "LibreOffice Writer", text)
}

// AnswerSave answers Writer's question whether to save with yes, and gives the letter a name.
func (d *Desktop) AnswerSave(t testing.TB, name string) {
	t.Helper()
	d.Shows(t, "Save Document?")
	if err := d.Press(t.Context(), "Save Document", "Return"); err != nil { // its first button saves
		t.Fatal(err)
	}
	d.Shows(t, "Save")
	time.Sleep(time.Second)
	d.Type(t, "^Save", name)
	if err := d.Press(t.Context(), "^Save", "Return"); err != nil {
		t.Fatal(err)
	}
}

// Gone waits until no window with a text in its title is on the screen.
func (d *Desktop) Gone(t testing.TB, title string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		titles, err := d.Titles(t.Context())
		if err == nil && !slices.ContainsFunc(titles, func(s string) bool { return strings.Contains(s, title) }) {
			return
		}
	}
	t.Fatalf("browsertest: the window %q stays", title)
}

// Scan scans a page with Document Scanner, as simple-scan calls itself, from the scanner that SANE has for tests, and saves
// it at a path, whose ending says as what.
func (d *Desktop) Scan(t testing.TB, path string) {
	t.Helper()
	d.Write(t, "/etc/sane.d/dll.conf", "test\n")
	d.Program(t, "Document Scanner", "simple-scan", "test:0")
	time.Sleep(2 * time.Second) // the window is there before it takes keys
	press := func(keys string) {
		t.Helper()
		if err := d.Press(t.Context(), "Document Scanner", keys); err != nil {
			t.Fatal(err)
		}
	}
	press("ctrl+1")
	// As long as the page is being scanned, nothing can be saved.
	for end := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Second) {
		titles, _ := d.Titles(t.Context())
		if slices.ContainsFunc(titles, func(s string) bool { return strings.HasPrefix(s, "Save As") }) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("browsertest: nothing can be saved; the windows are %q", titles)
		}
		press("ctrl+s")
	}
	time.Sleep(time.Second)
	if err := d.Press(t.Context(), "^Save As", "ctrl+a"); err != nil {
		t.Fatal(err)
	}
	d.Type(t, "^Save As", path)
	if err := d.Press(t.Context(), "^Save As", "Return"); err != nil {
		t.Fatal(err)
	}
	d.Gone(t, "Save As")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if info, err := os.Stat(d.Path(path)); err == nil && info.Size() > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("browsertest: the scan was not saved")
		}
	}
}
