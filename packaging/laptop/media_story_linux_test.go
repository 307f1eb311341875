package laptop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ipguard/devices/media"
	"ipguard/packaging/laptop/laptoptest"
)

// answer is what came of an errand.
type answer struct {
	Media []media.Medium
	Error string
}

// sticks is a laptop with USB and UDisks2, at which public sits.
type sticks struct {
	testing.TB
	*laptoptest.Laptop
}

// ask does an errand, as the account in its session or as somebody who signed in from afar.
func (s sticks) ask(who []string, errand, id string) answer {
	s.Helper()
	cmd := append(who, "env", "ERRAND="+errand, "MEDIUM="+id, "/usr/local/bin/media.test", "-test.run=^TestErrand$")
	out, code := s.Run(cmd...)
	var a answer
	_, line, ok := strings.Cut(out, "answer: ")
	line, _, _ = strings.Cut(line, "\n")
	if err := json.Unmarshal([]byte(line), &a); code != 0 || !ok || err != nil {
		s.Fatalf("%s ended with %d: %v: %s", errand, code, err, out)
	}
	return a
}

// atTheSeat and afar begin the commands of public.
func atTheSeat() []string {
	return []string{"systemd-run", "--quiet", "--user", "--machine=public@", "--wait", "--pipe", "--collect"}
}
func afar() []string { return []string{"runuser", "-u", "public", "--"} }

// must wants an errand to succeed.
func (s sticks) must(errand, id string) []media.Medium {
	s.Helper()
	a := s.ask(atTheSeat(), errand, id)
	if a.Error != "" {
		s.Fatalf("%s: %s", errand, a.Error)
	}
	return a.Media
}

// fails wants it to fail in a certain way.
func (s sticks) fails(why string, who []string, errand, id string) {
	s.Helper()
	if a := s.ask(who, errand, id); a.Error != why {
		s.Errorf("%s: %q, want %q", errand, a.Error, why)
	}
}

// TestSticks tells, on one laptop, what a person does with sticks, with real ones as far as the laptop can tell, and how
// documents are handed over at the end of a session.
func TestSticks(t *testing.T) {
	l := laptoptest.New(t, laptoptest.Options{USB: true, Packages: []string{"udisks2", "polkitd"}})
	t.Run("in and out", func(t *testing.T) { inAndOut(sticks{t, l.For(t)}) })
	h := newHandover(t, l)
	t.Run("give", func(t *testing.T) { give(h.on(t)) })
	t.Run("hold", func(t *testing.T) { hold(h.on(t)) })
	t.Run("stow", func(t *testing.T) { stow(h.on(t)) }) // the last: the laptop is off afterwards
}

// Sticks are found, mounted and let go, and nothing goes wrong when one is pulled out.
func inAndOut(s sticks) {
	program := filepath.Join(s.TempDir(), "media.test")
	build := exec.Command("go", "test", "-c", "-tags=stick", "-o", program, "ipguard/devices/media")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		s.Fatalf("building the errands: %v\n%s", err, out)
	}
	s.PutFile(program, "/usr/local/bin/media.test")
	s.Must("chmod 755 /usr/local/bin/media.test")
	s.SignIn("public", "true")

	if found := s.must("list", ""); len(found) > 0 {
		s.Fatalf("before a stick was there: %v", found)
	}
	const mib = 1 << 20
	one, two, three := s.Plug("STICK ONE", "vfat", 64*mib), s.Plug("Clé", "exfat", 48*mib), s.Plug("third", "ext4", 32*mib)
	found := s.must("list", "")
	want := []media.Medium{
		{Label: "STICK ONE", Size: 64 * mib, FS: "vfat", Device: one.Device(), MaxFile: 1<<32 - 1},
		{Label: "Clé", Size: 48 * mib, FS: "exfat", Device: two.Device()},
		{Label: "third", Size: 32 * mib, FS: "ext4", Device: three.Device()},
	}
	byDevice := cmpopts.SortSlices(func(a, b media.Medium) bool { return a.Device < b.Device })
	if diff := cmp.Diff(want, found, byDevice, cmpopts.IgnoreFields(media.Medium{}, "ID")); diff != "" {
		s.Fatalf("three sticks (-want +got):\n%s", diff)
	}
	id := map[string]string{}
	for _, m := range found {
		id[m.Label] = m.ID
	}

	s.fails("denied", afar(), "mount", id["STICK ONE"])
	mounted := s.must("mount", id["STICK ONE"])[0]
	if again := s.must("mount", id["STICK ONE"])[0]; mounted.Mount == "" || again != mounted {
		s.Errorf("mounted: %v; and again: %v", mounted, again)
	}
	options := s.Must("findmnt -no OPTIONS '" + mounted.Mount + "'")
	for _, o := range []string{"nosuid", "nodev", "noexec"} {
		if !strings.Contains(options, o) {
			s.Errorf("it is not mounted %s: %s", o, options)
		}
	}
	text := mark(s)
	s.RunIn(strings.Repeat(text+"\n", 50_000), "runuser", "-u", "public", "--", "sh", "-c", "cat >~/letter; cp ~/letter '"+mounted.Mount+"'")

	// Somebody has it open.
	s.Must("systemd-run --quiet --unit=reader sh -c 'exec 3<\"$1\"; touch /run/reading; sleep infinity' - '" + mounted.Mount + "/letter'\n" +
		"while [ ! -e /run/reading ]; do sleep 0.1; done")
	s.fails("busy", atTheSeat(), "release", id["STICK ONE"])
	s.Must("test -e '" + mounted.Mount + "/letter'; systemctl stop reader")
	s.must("release", id["STICK ONE"])
	s.Must("! findmnt '" + mounted.Mount + "'")
	if device := one.Device(); device != "" {
		s.Errorf("after it was released, the laptop still has it as %s", device)
	}
	s.fails("gone", atTheSeat(), "release", id["STICK ONE"])
	one.Pull()
	// A FAT of that size keeps a file in one piece.
	if n := count(s, one.Image, text); n != 50_000 {
		s.Errorf("of 50000 lines the stick has %d", n)
	}

	// Pulled out: before anything was done with it, and while it was mounted.
	two.Pull()
	s.fails("gone", atTheSeat(), "mount", id["Clé"])
	s.must("mount", id["third"])
	three.Pull()
	s.fails("gone", atTheSeat(), "release", id["third"])

	// In the same socket, another stick is another medium.
	two.Plug()
	found = s.must("list", "")
	if len(found) != 1 || found[0].Label != "Clé" || found[0].ID == id["Clé"] {
		s.Fatalf("after it was plugged in again: %v", found)
	}
	s.must("mount", found[0].ID)
	s.must("release", found[0].ID)
	if left := s.must("list", ""); len(left) > 0 {
		s.Errorf("at the end there is %v", left)
	}
	s.SignOut()
	s.Must("rm /home/public/letter")
}
