package laptop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/packaging/laptop/laptoptest"
)

const pin = "80264"

// newHandover installs ipguard on a laptop whose account public is as it should be, with a PIN of the helper.
func newHandover(t *testing.T, l *laptoptest.Laptop) *story {
	putProgram(t, l)
	l.Must("runuser -u public -- mkdir -p /home/public/Documents; ipguard enroll --account public --yes; ipguard service install; sync")
	s := &story{TB: t, Laptop: l}
	s.awaitReady("after the installation")
	if out, code := l.RunIn(pin+"\n", "ipguard", "documents", "pin"); code != 0 {
		t.Fatalf("setting the PIN ended with %d: %s", code, out)
	}
	return s
}

// sit signs public in, with documents that reached the disk.
func (s *story) sit(left traces) {
	s.Helper()
	s.Put(left.archive(s), archived, 0o644)
	s.SignIn("public", "tar -xf "+archived)
	s.Must("rm " + archived + "; sync")
}

// seat is a shell command of public in its session.
func seat(command string) []string { return append(atTheSeat(), "sh", "-c", command) }

// said runs ipguard in the session of public and returns its answer.
func (s *story) said(exit int, stdin, args string, into any) {
	s.Helper()
	out, code := s.RunIn(stdin, seat("ipguard "+args+" --json")...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), into); err != nil || code != exit {
		s.Fatalf("ipguard %s ended with %d, want %d: %v: %s", args, code, exit, err, out)
	}
}

// reply is what the tests read in answers of ipguard.
type reply struct {
	Result  string
	Error   string
	Count   int
	Failed  int
	Held    struct{ Count int }
	Batches []struct{ ID string }
}

// onlyDocuments are a session that leaves nothing but documents, by the names that they have below the home.
func onlyDocuments(t testing.TB, names []string, size int) traces {
	left := traces{mark: mark(t)}
	for i, name := range names {
		left.add(strings.ReplaceAll(name, "MARK", left.mark), "", size+97*i, true)
	}
	return left
}

// hostile are names of documents and what they become on a stick.
func hostile() [][2]string {
	return [][2]string{
		{"Attestation.pdf", "Attestation.pdf"}, {"a:b?.pdf", "a_b_.pdf"}, {"CON.txt", "CON_.txt"}, {"aux .txt", "aux_.txt"},
		{"trailing.pdf. . .", "trailing.pdf"}, {" leading.txt", "leading.txt"}, {"Letter.pdf", "Letter.pdf"}, {"letter.PDF", "letter (2).PDF"},
		{"Erkla\u0308rung.pdf", "Erklärung.pdf"}, {"Erklärung.pdf", "Erklärung (2).pdf"}, {"😀😀.png", "😀😀.png"}, {"日本語.docx", "日本語.docx"},
		{strings.Repeat("w", 196) + ".pdf", strings.Repeat("w", 196) + ".pdf"},
		{strings.Repeat("é", 120) + ".pdf", strings.Repeat("é", 118) + ".pdf"},
		{"two\nlines.txt", "two_lines.txt"}, {"\x1b[31mred.txt", "_[31mred.txt"}, {"bad\xff\xfebytes.pdf", "bad_bytes.pdf"},
		{"-rf.odt", "-rf.odt"}, {"$(reboot).odt", "$(reboot).odt"}, {`C:\x|<y>*.odt`, "C__x__y__.odt"}, {"LONGNA~1.PDF", "LONGNA~1.PDF"},
	}
}

// Documents with hostile names go with the person: the first time only as copies, the second time out of the session.
func give(s *story) {
	var names []string
	for _, n := range hostile() {
		names = append(names, "Documents/"+n[0])
	}
	left := onlyDocuments(s, names, 20_000)
	want := map[string]string{}
	for i, f := range left.files {
		sum := sha256.Sum256(f.content)
		want[hostile()[i][1]] = hex.EncodeToString(sum[:])
	}
	s.sit(left)
	stick := s.Plug("KEY OF A", "vfat", 64<<20)
	for _, c := range []struct {
		result  string
		folders int
		command []string
	}{
		{`"action":"given","count":21,`, 1, []string{"documents", "give", "KEY OF A"}},
		{`"result":"complete"`, 2, []string{"wipe", "--yes", "--documents=give:KEY OF A"}},
	} {
		begun := time.Now()
		// Before the stick is switched off, only that something is being given may be said.
		script := `"$@" --json | while IFS= read -r line; do
			case $line in *'"phase":"give"'*) ;; *) [ ! -e ` + stick.Device() + ` ] || echo "still there:"; printf '%s\n' "$line"; esac; done`
		command := append([]string{"bash", "-o", "pipefail", "-c", script, "-"}, append(append(atTheSeat(), "ipguard"), c.command...)...)
		out, code := s.Run(command...)
		s.Logf("%q: %.1f s", c.command, time.Since(begun).Seconds())
		if code != 0 || strings.Contains(out, "still there") || !strings.Contains(out, c.result) {
			s.Fatalf("%q ended with %d: %s", c.command, code, out)
		}
		stick.Pull()
		sound(s, stick.Image)
		stick.Plug()
		folders := s.folders(stick)
		if len(folders) != c.folders {
			s.Errorf("%q: %d folders on the stick, want %d", c.command, len(folders), c.folders)
		}
		for folder, files := range folders {
			if diff := cmp.Diff(want, files); diff != "" {
				s.Errorf("%q: in %q (-want +got):\n%s", c.command, folder, diff)
			}
		}
	}
	stick.Pull()
	s.SignOut()
	s.awaitReady("after the session")
	if n := s.held(); n > 0 {
		s.Errorf("%d documents are held that were given", n)
	}
	s.forgotten(left)
}

// sound has the file system of a FAT stick checked that is not plugged in.
func sound(t testing.TB, image string) {
	t.Helper()
	content, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(part, content[laptoptest.StickStart:], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("fsck.vfat", "-n", part).CombinedOutput(); err != nil {
		t.Errorf("fsck.vfat: %v: %s", err, out)
	}
}

// folders reads what is on a stick that is plugged in: the checksum of each file, by folder and name.
func (s *story) folders(stick *laptoptest.Stick) map[string]map[string]string {
	s.Helper()
	out := s.Must(`mkdir -p /run/look; mount -t vfat -o ro,utf8 ` + stick.Device() + ` /run/look
		cd /run/look; find . -type f -print0 | xargs -0r sha256sum -z; cd /; umount /run/look`)
	all := map[string]map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		sum, name, _ := strings.Cut(line, "  ./")
		folder, name := filepath.Split(name)
		if all[folder] == nil {
			all[folder] = map[string]string{}
		}
		all[folder][name] = sum
	}
	return all
}

// forgotten wants nothing of documents in any file, nor on the raw disk. It returns the copy of the disk.
func (s *story) forgotten(left traces) string {
	s.Helper()
	image := s.gone(left, false)
	if n := count(s, image, left.mark+"d"); n != 0 {
		s.Errorf("documents that should be gone are on the raw disk %d times", n)
	}
	return image
}

// A letter and a scan outlive a power cut, are given back for the PIN, and go at their deadline, whatever the clock says.
func hold(s *story) {
	left := onlyDocuments(s, []string{"Documents/MARK letter.odt", "Documents/Scanned Document MARK.pdf", "Downloads/MARK.pdf"}, 300_000)
	s.sit(left)
	s.Cut()
	s.Boot()
	s.awaitReady("after the cut")
	var answer reply
	if out, _ := s.Run("ipguard", "status", "--json"); json.Unmarshal([]byte(out), &answer) != nil || answer.Held.Count != 3 {
		s.Errorf("after the cut the status is %s", out)
	}

	// What is held already keeps its deadline.
	s.Must("mkdir -p /etc/ipguard")
	s.Put([]byte("version: 1\ndocuments:\n  hold_for: 1m\n"), "/etc/ipguard/policy.yaml", 0o644)
	s.Must("ipguard policy check; systemctl restart " + unit)
	s.awaitReady("with another policy")
	s.SignIn("public", `! ls -A Documents | grep .`)
	s.said(5, "80265\n", "documents back", &answer)
	if answer.Error != "wrong_pin" || s.held() != 3 {
		s.Errorf("with a wrong PIN: %q, %d documents are held", answer.Error, s.held())
	}
	s.said(0, pin+"\n", "documents back", &answer)
	if answer.Count != 3 || answer.Failed != 0 || s.held() != 0 {
		s.Errorf("given back: %+v, and %d documents are held", answer, s.held())
	}
	back := map[string]string{}
	for line := range strings.Lines(s.Must("cd /home/public/Documents; find . -type f -user public -exec sha256sum {} +")) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		back[filepath.Base(name)] = sum
	}
	want := map[string]string{}
	for rel, content := range left.documents() {
		want[filepath.Base(rel)] = fmt.Sprintf("%x", sha256.Sum256(content))
	}
	if diff := cmp.Diff(want, back); diff != "" {
		s.Errorf("given back (-want +got):\n%s", diff)
	}
	s.deadline(left)
}

// deadline has what was given back destroyed a minute after it was set aside anew; the clock is put back an hour meanwhile, and
// somebody else has trouble with sticks.
func (s *story) deadline(left traces) {
	s.Helper()
	var answer reply
	s.said(0, "", "wipe --yes --documents=hold", &answer)
	begun := time.Now()
	s.Must("date -s '-1 hour' >/dev/null")
	if answer.Held.Count != 3 || s.held() != 3 {
		s.Fatalf("held anew: %+v, %d", answer, s.held())
	}
	s.SignOut()
	s.troubles()
	for s.held() > 0 && time.Since(begun) < 150*time.Second {
		time.Sleep(time.Second)
	}
	s.Logf("%d documents are held %.0f s after they were set aside for 60 s", s.held(), time.Since(begun).Seconds())
	s.awaitReady("after the deadline")
	s.forgotten(left)
	s.Must("date -s '+1 hour' >/dev/null; rm -r /etc/ipguard; systemctl restart " + unit)
}

// troubles are sticks that cannot take a document. It is never told given, and stays as it is.
func (s *story) troubles() {
	s.Helper()
	begun := time.Now()
	const file = "/home/public/Documents/Film.pdf"
	text := mark(s)
	s.SignIn("public", "yes "+text+" | head -c 48000000 >Documents/Film.pdf; sync")
	defer s.SignOut()
	sum := s.Must("sha256sum " + file)

	small := s.Plug("SMALL", "vfat", 16<<20)
	s.refused("SMALL", "not_given")
	small.Pull()
	sound(s, small.Image)
	if n := count(s, small.Image, text); n > 0 {
		s.Errorf("of what does not fit, the stick has %d lines", n)
	}
	small.Locked = true
	small.Plug()
	s.refused("SMALL", "medium_read_only")
	small.Pull()

	large := s.Plug("LARGE", "vfat", 64<<20)
	device := filepath.Base(large.Device())
	ended := s.Begin(seat("exec ipguard wipe --yes --documents=give:LARGE --json >/run/user/" + account + "/given")...)
	s.Must("while read -r _ _ _ _ _ _ written _ </sys/class/block/" + device + "/stat && [ $written -lt 20000 ]; do [ $SECONDS -lt 60 ]; done")
	large.Pull()
	if code := <-ended; code != 4 {
		s.Errorf("giving to a stick that was pulled out ended with %d", code)
	}
	if out := s.Must("tail -n 1 /run/user/" + account + "/given"); !strings.Contains(out, `"not_given"`) {
		s.Errorf("giving to a stick that was pulled out: %s", out)
	}
	s.Logf("the stick has %d of 48 MB", count(s, large.Image, text)*(len(text)+1)/1_000_000)
	if now := s.Must("sha256sum " + file); now != sum {
		s.Errorf("the document was %s and is %s", sum, now)
	}
	s.said(0, "", "wipe --yes", &reply{}) // refused
	s.Logf("sticks that cannot take it: %.1f s", time.Since(begun).Seconds())
}

// refused wants a give to be refused for a reason.
func (s *story) refused(label, reason string) {
	s.Helper()
	var answer reply
	s.said(4, "", "documents give "+label, &answer)
	if answer.Error != reason {
		s.Errorf("%s: %q, want %q", label, answer.Error, reason)
	}
}

// At the end of the day nothing that is held outlives it, and the laptop switches itself off.
func stow(s *story) {
	left := onlyDocuments(s, []string{"Documents/MARK letter.odt", "Downloads/MARK scan.pdf"}, 500_000)
	s.sit(left)
	s.SignOut()
	s.awaitReady("after signing out")
	if n := s.held(); n != 2 {
		s.Errorf("%d documents are held, want 2", n)
	}
	begun := time.Now()
	ended := s.Begin("sh", "-c", "ipguard stow --yes --power-off --json >/root/stow; sync")
	for s.On() {
		if time.Since(begun) > 4*time.Minute {
			s.Fatalf("still on: %s", s.Must("cat /root/stow; systemctl list-jobs"))
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.Logf("off after %.1f s; the command ended with %d", time.Since(begun).Seconds(), <-ended)
	mounted(s, s.forgotten(left), func(dir string) {
		out, err := os.ReadFile(filepath.Join(dir, "root", "stow"))
		if text := string(out); err != nil || !strings.Contains(text, `"schema":"ipguard.stow/1","result":"complete","destroyed":2,`) {
			s.Errorf("stow said %s, %v", text, err)
		}
	})
}
