package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallState puts the state on a file system of its own with room for a few MB.
func (l *laptop) smallState() {
	l.Helper()
	dir := filepath.Dir(l.state)
	if err := unix.Mount("ipgt-state", dir, "tmpfs", 0, "size=3m,mode=755"); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

// fillState leaves no byte free where the state is, and returns what gives the space back.
func (l *laptop) fillState() (free func()) {
	l.Helper()
	file := filepath.Join(filepath.Dir(l.state), "filler")
	f, err := os.Create(file)
	if err != nil {
		l.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	return func() {
		if err := os.Remove(file); err != nil {
			l.Fatal(err)
		}
	}
}

// Held documents are counted for everybody, named only in the index, and nothing that the account can do reaches them.
func TestHeldDocumentsAreOutOfReach(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir -p Documents Downloads; echo private > Documents/Letter.odt; ln Documents/Letter.odt "$HOME/second name"
		echo page > Downloads/form.pdf; echo half > Downloads/half.pdf.part; echo half > Downloads/x.crdownload; echo x > unknown`)
	r := l.wipe(exitDone, "--documents=hold")
	if r.answer.Held.Count != 2 || r.answer.Held.Minutes != 30 {
		t.Errorf("held %+v, want 2 documents for 30 minutes", r.answer.Held)
	}
	if s := l.status(exitDone); s.answer.Held.Count != 2 || s.answer.Held.Minutes < 29 {
		t.Errorf("status counts %+v", s.answer.Held)
	}
	if p := l.plain("status"); !strings.Contains(p.out, "2 documents are set aside") || strings.Contains(p.out, "Letter") {
		t.Errorf("status does not say what is held, or names it:\n%s", p.out)
	}
	if s := l.ipguardAs("status"); s.answer.Held.Count != 2 {
		t.Errorf("the account's own status counts %d", s.answer.Held.Count)
	}
	held := filepath.Join(l.accountDir(), "held")
	reach := l.user.Command(context.Background(), "sh", "-c", `ls "$1" || cat "$1"/*/* || touch "$1/x" || rm -rf "$1"`, "sh", held)
	if out, err := reach.CombinedOutput(); err == nil {
		t.Errorf("the account reaches the holding folder:\n%s", out)
	}
	index, err := exec.Command("sh", "-c", `cat "$1"/*/index.jsonl; cd "$1"/*; for f in *; do case $f in index.jsonl) ;; *) cat "$f"; esac; done`, "sh", held).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, index)
	}
	if !strings.Contains(string(index), "private\n") || !strings.Contains(string(index), "page\n") || strings.Contains(string(index), "half") {
		t.Errorf("what is held:\n%s", index)
	}
}

// A document for which there is no room stays where it is and the laptop is not ready; with room it is held.
func TestDocumentsThatDoNotFit(t *testing.T) {
	l := newLaptop(t)
	l.smallState()
	l.as(`mkdir -p Documents; echo empty > Documents/Form.odt`)
	l.ipguard("enroll", "--account", l.user.Name, "--yes", "--json")
	l.as(`mkdir -p Documents; head -c 200000 /dev/zero > Documents/Letter.odt; echo filled in > Documents/Form.odt; echo x > unknown`)
	free := l.fillState()
	r := l.wipe(exitIncomplete, "--documents=hold")
	if !r.has("residual", "no_space") {
		t.Errorf("the reason is missing:\n%s", r.out)
	}
	if p := l.plain("status"); p.code != exitNotClean || !strings.Contains(p.out, "Not ready") {
		t.Errorf("status: exit %d\n%s", p.code, p.out)
	}
	for rel, stays := range map[string]bool{"Documents/Letter.odt": true, "Documents/Form.odt": true, "unknown": false} {
		if _, err := os.Lstat(l.path(rel)); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %v", rel, err, stays)
		}
	}
	if form, err := os.ReadFile(l.path("Documents/Form.odt")); string(form) != "filled in\n" {
		t.Errorf("the form is %q, %v", form, err)
	}
	free()
	if r := l.wipe(exitDone, "--documents=hold"); r.answer.Held.Count != 2 {
		t.Errorf("%d documents are held, want 2", r.answer.Held.Count)
	}
	l.status(exitDone)
}

// Refusing the documents needs no room at all, and what was written down before is still true.
func TestWipeWithoutSpaceForState(t *testing.T) {
	l := newLaptop(t)
	l.smallState()
	l.enroll()
	l.as(`mkdir -p Documents; echo x > Documents/letter.odt; echo evil >> .bashrc`)
	free := l.fillState()
	l.wipe(exitDone)
	l.status(exitDone)
	l.as(`echo x > unknown`)
	if r := l.ipguard("enroll", "--account", l.user.Name, "--yes"); r.code != exitError || r.answer.Error != "no_space" {
		t.Errorf("enrolling: exit %d, error %q; want 1 and no_space", r.code, r.answer.Error)
	}
	l.wipe(exitDone)
	// A state file that was lost cannot be written anew: nobody may say clean.
	if err := os.Remove(filepath.Join(l.accountDir(), "state")); err != nil {
		t.Fatal(err)
	}
	l.fillState()
	l.as(`echo x > unknown`)
	r := l.wipe(exitIncomplete)
	if _, err := os.Lstat(l.path("unknown")); err == nil || !r.answer.Unsaved {
		t.Errorf("unsaved %v, and the unknown file: %v", r.answer.Unsaved, err)
	}
	if p := l.plain("wipe", "--yes"); p.code != exitIncomplete || !strings.Contains(p.out, "could not be written down") || strings.Contains(p.out, "✔") {
		t.Errorf("exit %d\n%s%s", p.code, p.out, p.err)
	}
	l.status(exitNotClean)
	free()
	l.wipe(exitDone)
	l.status(exitDone)
}
