package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipguard/agent/state"
	"ipguard/browser/browsertest"
)

// screenOf is what a program needs of the environment to be on a desktop's screen.
func screenOf(t *testing.T, d *browsertest.Desktop) []string {
	t.Helper()
	var env []string
	for _, v := range d.Command(t.Context(), "true").Env {
		if strings.HasPrefix(v, "DISPLAY=") || strings.HasPrefix(v, "XAUTHORITY=") {
			env = append(env, v)
		}
	}
	return env
}

// A letter that was never saved, and a page in the browser: both are told of, nothing ends before an answer, however long
// that takes, and then the letter is one of the documents.
func TestUnsavedLetter(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	desk := browsertest.NewDesktop(t, l.user)
	l.as(`mkdir -p Downloads; printf '%%PDF-1.4\n' > Downloads/form.pdf`)
	icon, err := browsertest.Icon("chromium", "file://"+l.path("Downloads/form.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Chromium(t.Context(), icon...); err != nil {
		t.Fatal(err)
	}
	desk.Writer(t, "Dear Mrs Example")
	term := l.onTerminal(screenOf(t, desk), "wipe", "--account", l.user.Name)
	term.through([2]string{askServices, "\n"}, [2]string{"1 browser window is open.", ""}, [2]string{"1 other window is open.", "\n"},
		[2]string{"waits for an answer (save?)", "\n"}, [2]string{"waits for an answer (save?)", ""})
	desk.AnswerSave(t, "letter")
	desk.Gone(t, "LibreOffice")
	term.kind("\n")
	term.expect("Everything is saved.")
	term.expect(askDocuments)
	if out := term.written(); !strings.Contains(out, "letter.odt") || !strings.Contains(out, "form.pdf") {
		t.Errorf("not both are offered:\n%s", out)
	}
	if titles, _ := desk.Titles(t.Context()); len(titles) == 0 {
		t.Error("the browser has ended before an answer")
	}
	term.kind("\n")
	term.expect(askSheet)
	term.kind("\n")
	term.expect(askYes)
	term.kind("yes\n")
	if out := flat(term.end(exitDone)); !strings.Contains(out, "2 documents are set aside") {
		t.Errorf("%s", out)
	}
	if titles, _ := desk.Titles(t.Context()); len(titles) != 0 {
		t.Errorf("windows are left: %d", len(titles))
	}
}

// asInstalled puts the program where nobody but root can change it, as it is on a laptop: only then does a wipe leave the one
// that asked for it alone.
func asInstalled(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "ipgt-program-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	content, err := os.ReadFile(os.Getenv(programEnv))
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "ipguard"), content, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(programEnv, filepath.Join(dir, "ipguard"))
}

// The button opens a large window in the account's session, in which the keyboard is enough; the wipe leaves that window until
// somebody has read it.
func TestDesktopButton(t *testing.T) {
	asInstalled(t)
	l := newLaptop(t)
	l.enroll()
	d := l.serve()
	desk := browsertest.NewDesktop(t, l.user)
	l.as(`mkdir -p Documents; echo letter > Documents/letter.odt`)
	d.eventually("the session is noticed", func() bool { return l.record() == state.InUse })
	desk.LogIn(t)
	// Outside the desktop's own folders: whose programs are whose could not be told from there.
	button := l.user.Command(t.Context(), os.Getenv(programEnv), "end-window", "--state-dir", l.state, "--lang", "en")
	button.Env = append(button.Env, screenOf(t, desk)...)
	if out, err := button.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	desk.Shows(t, "End of session")
	for range 3 { // services, documents, sheet
		time.Sleep(time.Second)
		if err := desk.Press(t.Context(), "End of session", "Return"); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	desk.Type(t, "End of session", "yes\n")
	d.eventually("the wipe ends", func() bool { return l.record() == state.Clean })
	desk.Shows(t, "End of session")
	if s := l.status(exitDone); s.answer.Held.Count != 1 {
		t.Errorf("%d are held", s.answer.Held.Count)
	}
	if err := desk.Press(t.Context(), "End of session", "Return"); err != nil {
		t.Fatal(err)
	}
	desk.Gone(t, "End of session")
}
