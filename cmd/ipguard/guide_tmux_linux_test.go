package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A whole guided end with the keyboard alone, on a real terminal of 80 columns, in the languages of the desks: nothing is cut
// within a word, and whoever has no colors or a screen reader gets the same.
func TestGuidedEndInTmux(t *testing.T) {
	for _, c := range []struct{ env, sure, documents string }{
		{"LANG=fr_BE.UTF-8", "oui", "3 documents"}, {"LANG=nl_BE.UTF-8 NO_COLOR=1", "ja", "3 documenten"},
		{"LANG=de_BE.UTF-8 ACCESSIBLE=1", "ja", "3 Dokumente"}, {"LANG=en_GB.UTF-8 TERM=dumb", "yes", "3 documents"},
	} {
		t.Run(c.env, func(t *testing.T) {
			l := newLaptop(t)
			l.enroll()
			l.as(`mkdir -p Documents Downloads; for f in a b; do echo $f >Documents/$f.odt; done; echo c >Downloads/c.pdf`)
			socket := filepath.Join(t.TempDir(), "tmux")
			tmux := func(args ...string) string {
				t.Helper()
				out, err := exec.Command("tmux", append([]string{"-S", socket}, args...)...).CombinedOutput()
				if err != nil {
					t.Fatalf("tmux (install tmux): %v: %s", err, out)
				}
				return string(out)
			}
			program := "env DISPLAY= WAYLAND_DISPLAY= LC_ALL= IPGUARD_LANG= " + c.env + " " + os.Getenv(programEnv) +
				" wipe --account " + l.user.Name + " --state-dir " + l.state + "; echo exit $?; sleep 300"
			tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "120", program)
			t.Cleanup(func() { exec.Command("tmux", "-S", socket, "kill-server").Run() })
			pane := func() string { return tmux("capture-pane", "-p") }
			until := func(what string) {
				t.Helper()
				for end := time.Now().Add(20 * time.Second); !strings.Contains(flat(pane()), what); time.Sleep(50 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("%q never stood there:\n%s", what, pane())
					}
				}
			}
			for i, keys := range []string{"", "", "3", "1", "", c.sure} { // services, saved, refuse, which, the rest, no sheet below
				if i == 4 {
					until(strings.Replace(c.documents, "3", "2", 1))
				}
				time.Sleep(300 * time.Millisecond)
				if i == 5 {
					tmux("send-keys", "Enter") // no sheet
					time.Sleep(300 * time.Millisecond)
				}
				if keys != "" {
					tmux("send-keys", keys)
				}
				tmux("send-keys", "Enter")
			}
			until("exit 0")
			seen := pane()
			t.Logf("\n%s", strings.TrimSpace(seen))
			if !strings.Contains(seen, "✔") || strings.Contains(seen, "%!") {
				t.Error("it does not end as it should")
			}
			lines := strings.Split(seen, "\n")
			for i, line := range lines[:len(lines)-1] {
				// A word that was cut fills its line and goes on in the next.
				if len([]rune(line)) == 80 && !strings.HasSuffix(line, " ") && len(lines[i+1]) > 0 && !strings.HasPrefix(lines[i+1], " ") {
					t.Errorf("cut within a word: %q", line)
				}
			}
			if s := l.status(exitDone); s.answer.Held.Count != 2 {
				t.Errorf("%d are held, want 2", s.answer.Held.Count)
			}
		})
	}
}
