package laptop

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"ipguard/packaging/laptop/laptoptest"
)

// The stories are worth what the laptop is worth: commands run, sessions are real ones, a cut loses what was not written
// and keeps what was, the disk can be read, and what was discarded is gone.
func TestLaptop(t *testing.T) {
	l := laptoptest.New(t, laptoptest.Options{})

	if out, code := l.Run("sh", "-c", "echo said; exit 7"); out != "said\n" || code != 7 {
		t.Errorf("a command said %q and ended with %d", out, code)
	}
	big := make([]byte, 8<<20)
	rand.Read(big)
	l.Put(big, "/run/big file", 0o640)
	if !bytes.Equal(l.Get("/run/big file"), big) {
		t.Error("a file came back with another content")
	}
	if out := l.Must("stat -c %a '/run/big file'"); out != "640\n" {
		t.Errorf("its mode is %s", out)
	}

	l.SignIn("public", `test -t 0; echo "$USER" >mine; id -un >>mine; sleep infinity & echo $! >child`)
	session := l.Must(`loginctl show-session "$(loginctl list-sessions --no-legend | awk '$3 == "public" { print $1 }')"`)
	for _, want := range []string{"Name=public", "Seat=seat0", "VTNr=7", "Class=user", "Active=yes"} {
		if !strings.Contains(session, want+"\n") {
			t.Errorf("the session on the seat has no %s:\n%s", want, session)
		}
	}
	if out := l.Must("cat /home/public/mine; kill -0 $(cat /home/public/child)"); out != "public\npublic\n" {
		t.Errorf("in the session was %q", out)
	}
	l.SignOut()
	if out := l.Must("loginctl show-seat seat0 -p ActiveSession --value; loginctl list-sessions --no-legend | grep -c . || true"); strings.TrimSpace(out) == "" {
		t.Errorf("after signing out: %q", out)
	}

	synced, lost, erased := mark(t), mark(t), mark(t)
	if _, code := l.RunIn(strings.Repeat(synced+"\n", 1000), "sh", "-c", "cat >/home/public/synced && sync"); code != 0 {
		t.Fatal("writing failed")
	}
	// Small files as well: what is discarded must read as zeros however little it is.
	l.RunIn(strings.Repeat(erased+"\n", 100), "sh", "-c",
		`cat >/root/erased && for i in $(seq 40); do cp /root/erased /root/erased.$i; done; sync; rm /root/erased*; sync; fstrim /`)
	l.RunIn(lost, "sh", "-c", "cat >/home/public/lost")
	writing := l.Begin("sh", "-c", "yes | dd of=/home/public/half bs=1M count=2000 iflag=fullblock oflag=dsync status=none")
	l.Must("while [ \"$(stat -c %s /home/public/half 2>/dev/null || echo 0)\" -lt 10000000 ]; do sleep 0.1; done")
	l.Check() // of a running machine

	l.Cut()
	if code := <-writing; code != 125 {
		t.Errorf("what ran when the power went ended with %d", code)
	}
	if n := count(t, l.Disk(), synced); n < 1000 {
		t.Errorf("what was synced is on the disk %d times", n)
	}
	if n := count(t, l.Disk(), erased); n != 0 {
		t.Errorf("what was discarded is on the disk %d times", n)
	}
	t.Logf("what was not synced is on the disk %d times", count(t, l.Disk(), lost))
	mounted(t, l.Check(), func(dir string) {
		if text, err := os.ReadFile(dir + "/home/public/synced"); err != nil || !strings.HasPrefix(string(text), synced) {
			t.Errorf("what was synced: %v, %d bytes", err, len(text))
		}
	})

	l.Boot()
	if out := l.Must("stat -c %s /home/public/synced; dmesg | grep -c 'EXT4-fs.*recovery complete'"); !regexp.MustCompile(`^\d{5}\n1\n$`).MatchString(out) {
		t.Errorf("after the cut: %q", out)
	}
	l.Down()
	l.Check()
}

// mark makes a text that stands nowhere else. It is put together here so that it is not in this file either.
func mark(t testing.TB) string {
	t.Helper()
	b := make([]byte, 8)
	rand.Read(b)
	return fmt.Sprintf("qz7%xend", b)
}
