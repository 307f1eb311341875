package laptoptest

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Run runs a command on the laptop as root, outside any session, and returns its standard output and exit status. What it
// writes to standard error is logged when the status is not 0.
func (l *Laptop) Run(cmd ...string) (out string, code int) {
	l.t.Helper()
	return l.run(nil, append([]string{"run"}, cmd...)...)
}

// RunIn is Run with a standard input, which leaves no trace on the laptop by itself: what must not be in its journal goes
// this way.
func (l *Laptop) RunIn(stdin string, cmd ...string) (out string, code int) {
	l.t.Helper()
	return l.run([]byte(stdin), append([]string{"run", "-i"}, cmd...)...)
}

func (l *Laptop) run(stdin []byte, args ...string) (string, int) {
	l.t.Helper()
	out, errs, code := l.try(stdin, l.env, args...)
	if code == rigFailed {
		l.t.Fatalf("the laptop did not run it: %s", errs)
	}
	if code != 0 {
		l.t.Logf("exit status %d: %s", code, errs)
	}
	return string(out), code
}

// Must runs a shell script as root, from standard input, that must end with 0, and returns its standard output.
func (l *Laptop) Must(script string) string {
	l.t.Helper()
	out, code := l.RunIn("set -eu\n"+script, "bash")
	if code != 0 {
		l.t.Fatalf("exit status %d of\n%s\n%s", code, script, out)
	}
	return out
}

// Begin starts a command that a cut may end. The channel gives its exit status, 125 when the power was cut first.
func (l *Laptop) Begin(cmd ...string) <-chan int {
	ended := make(chan int, 1)
	go func() {
		_, _, code := l.try(nil, l.env, append([]string{"run"}, cmd...)...)
		ended <- code
	}()
	return ended
}

// Put writes a file on the laptop with the mode that perm says. The content comes by no way that leaves a copy.
func (l *Laptop) Put(content []byte, dst string, perm os.FileMode) {
	l.t.Helper()
	src := filepath.Join(l.t.TempDir(), "put")
	if err := os.WriteFile(src, content, perm); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chmod(src, perm); err != nil {
		l.t.Fatal(err)
	}
	l.PutFile(src, dst)
}

// PutFile copies a file of this machine to the laptop, with its mode.
func (l *Laptop) PutFile(src, dst string) { l.t.Helper(); l.order("put", src, dst) }

// Get returns the content of a file on the laptop.
func (l *Laptop) Get(src string) []byte {
	l.t.Helper()
	dst := filepath.Join(l.t.TempDir(), "got")
	l.order("get", src, dst)
	content, err := os.ReadFile(dst)
	if err != nil {
		l.t.Fatal(err)
	}
	return content
}

// On tells whether it is turned on.
func (l *Laptop) On() bool { l.t.Helper(); return strings.HasPrefix(l.order("status"), "on") }

// Cut takes the power away: what was not yet written is lost.
func (l *Laptop) Cut() { l.t.Helper(); l.order("cut") }

// Boot turns it on again after Cut or Down and waits until it has started.
func (l *Laptop) Boot() { l.t.Helper(); l.t.Logf("laptop: %s", l.order("boot")) }

// BootAt is Boot with another time on its clock.
func (l *Laptop) BootAt(clock time.Time) {
	l.t.Helper()
	same := *l
	same.env = append(l.env[:len(l.env):len(l.env)], "LAPTOP_RTC="+clock.UTC().Format("2006-01-02T15:04:05"))
	same.Boot()
}

// Down turns it off as a person does, with systemctl poweroff, and waits until it is off.
func (l *Laptop) Down() { l.t.Helper(); l.order("down") }

// Disk is the path of the disk of a laptop that is off, with the bytes that it has.
func (l *Laptop) Disk() string { l.t.Helper(); return l.order("disk") }

// Check copies the disk, replays its journal there as the next boot would, has e2fsck read the copy and returns its path.
// On a laptop that is on, the copy is what a power cut would have left now. An unsound file system fails the test. The next
// Check writes over the copy.
func (l *Laptop) Check() string { l.t.Helper(); return l.order("fsck") }
