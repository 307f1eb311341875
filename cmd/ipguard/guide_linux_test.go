package main

import (
	"bytes"
	"crypto/rand"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ipguard/browser/browsertest"
	"ipguard/devices/printer/printertest"
)

// through answers questions one after another: what is waited for, and what is typed then.
func (t *terminal) through(steps ...[2]string) {
	t.Helper()
	at := 0
	for _, s := range steps {
		end := time.Now().Add(20 * time.Second)
		for {
			all := flat(t.written())
			if i := strings.Index(all[at:], s[0]); i >= 0 {
				at += i + len(s[0])
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%q was not written after what came before:\n%s", s[0], all)
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.kind(s[1])
	}
}

// printing gives a laptop a print service with a queue that prints and one that is paused.
func printing(t *testing.T, l *laptop) *printertest.Service {
	t.Helper()
	s := printertest.New(t)
	s.Queue("desk", "file:/dev/null")
	s.Queue("paused", "file:/dev/null")
	s.Run("/usr/sbin/cupsdisable", "paused")
	s.Run("/usr/sbin/lpadmin", "-d", "desk")
	return s
}

// paperOf has a queue print to the test and returns what came out so far, a job each.
func paperOf(t *testing.T, s *printertest.Service, queue string) func() [][]byte {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var pages [][]byte
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			raw, _ := io.ReadAll(conn)
			conn.Close()
			mu.Lock()
			pages = append(pages, raw)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	s.Queue(queue, "socket://"+l.Addr().String())
	return func() [][]byte {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(pages)
	}
}

// lp prints a text as an account, as a program of the desktop does.
func lp(t *testing.T, s *printertest.Service, u browsertest.User, queue, text string) {
	t.Helper()
	cmd := u.Command(t.Context(), "sh", "-c", `echo "$1" | lp -d "$2" -t "title of $1"`, "sh", text, queue)
	cmd.Env = append(cmd.Env, "CUPS_SERVER="+s.Socket)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("lp (install cups-client): %v: %s", err, out)
	}
}

// A print job that has not come out is asked about; only the account's own are ended, and nothing of them stays.
func TestGuidedEndWithPrintJobs(t *testing.T) {
	l, other := newLaptop(t), browsertest.NewUser(t)
	l.enroll()
	s := printing(t, l)
	lp(t, s, l.user, "paused", "canaryofmine")
	lp(t, s, l.user, "desk", "canaryprinted")
	lp(t, s, other, "paused", "canaryofothers")
	one := "has not come out yet. Enter = look again, 2 = cancel"
	term := l.onTerminal([]string{"CUPS_SERVER=" + s.Socket}, "wipe", "--account", l.user.Name)
	term.through([2]string{askServices, "\n"}, [2]string{askSaved, "\n"}, [2]string{askSheet, "\n"},
		[2]string{one, "\n"}, [2]string{one, "\n"}, [2]string{one, "2\n"}, [2]string{askYes, "yes\n"})
	if out := flat(term.end(exitDone)); !strings.Contains(out, "Print job cancelled.") {
		t.Errorf("it is not said:\n%s", out)
	}
	if files := s.Files(); len(files) != 2 {
		t.Errorf("the spool has %q; want the other account's job alone", files)
	}
	for _, word := range []string{"canaryofmine", "canaryprinted"} {
		if found := s.Holds(word, "error_log", "access_log"); len(found) > 0 {
			t.Errorf("%s is in %q", word, found)
		}
	}
	for _, which := range []string{"not-completed", "completed"} {
		if out := s.Run("lpstat", "-W", which, "-o"); strings.Contains(out, l.user.Name) || which == "not-completed" && !strings.Contains(out, other.Name) {
			t.Errorf("%s jobs:\n%s", which, out)
		}
	}
}

// What is typed for the person's sheet is on their paper, and nowhere else.
func TestSheetIsForgotten(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	d := l.serve()
	s := printing(t, l)
	l.as(`mkdir -p Documents; echo letter > Documents/letter.txt`)
	paper := paperOf(t, s, "desk")
	term := l.onTerminal([]string{"CUPS_SERVER=" + s.Socket}, "wipe", "--account", l.user.Name)
	canary := "Zwaluw" + rand.Text() // no constant: it would be in the test's own program
	term.through([2]string{askServices, "\n"}, [2]string{askSaved, "\n"}, [2]string{askDocuments, "2\n"}, [2]string{"0 = back:", "1\n"},
		[2]string{"in hand?", "yes\n"},
		[2]string{askSheet, "2\n"}, [2]string{"In which language?", "2\n"}, [2]string{"What was done?", "1,3\n"},
		[2]string{"One line.", "Line " + canary + "\n"}, [2]string{"Another line?", "\n"}, [2]string{"Where was a draft", "in " + canary + "\n"},
		[2]string{"For which services", "1\n"}, [2]string{"What was not done", "\n"}, [2]string{"Which printer?", "1\n"},
		[2]string{askYes, "yes\n"})
	out := flat(term.end(exitDone))
	if !strings.Contains(out, "1 document is with the person.") || !strings.Contains(out, "Ready.") {
		t.Errorf("it is not said:\n%s", out)
	}
	if got := l.status(exitDone).answer.Held.Count; got != 0 {
		t.Errorf("%d are held", got)
	}
	if pages := paper(); len(pages) != 2 || !bytes.Contains(pages[1], []byte("%PDF")) {
		t.Errorf("%d things were printed, want the letter and the sheet", len(pages))
	}
	if strings.Contains(d.log.String(), canary) || strings.Contains(l.status(exitDone).out, canary) {
		t.Error("it is in the log or the status")
	}
	for _, dir := range []string{l.user.Home, filepath.Dir(l.state), s.Dir, os.TempDir(), "/var/tmp", "/var/log", "/dev/shm", "/run"} {
		for _, found := range having(t, dir, canary) {
			t.Errorf("it is in %s", found)
		}
	}
}

// having lists the files below a folder whose name or content has a word in it.
func having(t *testing.T, dir, word string) (found []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // it went, or is another's
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<20 {
			return nil
		}
		content, err := os.ReadFile(path)
		if err == nil && (bytes.Contains(content, []byte(word)) || strings.Contains(path, word)) {
			found = append(found, path)
		}
		return nil
	})
	slices.Sort(found)
	return found
}
