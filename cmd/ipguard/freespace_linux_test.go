package main

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// cleaning is a laptop whose home lies on a disk that cannot discard, clean and unused.
func newCleaning(t *testing.T, size int64) *laptop {
	t.Helper()
	l := newLaptop(t)
	l.privateMounts()
	aside := t.TempDir()
	l.tool("cp", "-a", "-T", l.user.Home, aside)
	image := erasetest.NewImage(t, erasetest.Options{FS: "ext4", Bytes: size})
	l.must(image.Mount(l.user.Home))
	l.tool("cp", "-a", "-T", aside, l.user.Home)
	l.enroll()
	l.wipe(exitDone)
	return l
}

// cleanFreeSpace starts a cleaning and returns once it has begun to write.
func (l *laptop) cleanFreeSpace() (*exec.Cmd, func() (int, freeSpaceJSON)) {
	l.Helper()
	cmd := l.command("wipe", "--free-space", "--reserve", "64MB", "--account", l.user.Name)
	out, err := cmd.StdoutPipe()
	l.must(err)
	l.must(cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var p progressJSON
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.Bytes > 0 {
			break
		}
	}
	return cmd, func() (int, freeSpaceJSON) {
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		cmd.Wait() // the code tells
		var answer freeSpaceJSON
		if strings.HasPrefix(last, "{") {
			l.must(json.Unmarshal([]byte(last), &answer))
		}
		return cmd.ProcessState.ExitCode(), answer
	}
}

func (l *laptop) free() uint64 {
	l.Helper()
	var st unix.Statfs_t
	l.must(unix.Statfs(l.user.Home, &st))
	return st.Bfree * uint64(st.Bsize)
}

// Whoever sits down must not wait for a cleaning: it stops by itself, and a wipe can begin at once. Its room is free again.
func TestFreeSpaceGivesWay(t *testing.T) {
	l := newCleaning(t, 6<<30)
	before := l.free()
	_, end := l.cleanFreeSpace()
	l.start("sleep 60")
	code, answer := end()
	if code != exitIncomplete || len(answer.Volumes) == 0 || answer.Volumes[0].Stopped != "in_use" || answer.Volumes[0].Written == 0 {
		t.Errorf("when somebody sat down: exit %d, %+v", code, answer)
	}
	l.as("echo letter > letter")
	r := l.wipe(exitDone)
	if r.answer.Totals.Residual != 0 {
		t.Errorf("the wipe after it: %s", r.out)
	}

	// A wipe while a cleaning goes on.
	_, end = l.cleanFreeSpace()
	l.wipe(exitDone)
	if code, answer := end(); code != exitIncomplete && code != exitDone {
		t.Errorf("a cleaning beside a wipe: exit %d, %+v", code, answer)
	}

	// Killed: nothing stays, and what was written is not written again.
	cmd, end := l.cleanFreeSpace()
	cmd.Process.Signal(syscall.SIGKILL)
	end()
	for range 50 {
		if l.free()+(8<<20) >= before {
			break
		}
		time.Sleep(100 * time.Millisecond) // the kernel gives an orphan's blocks back in the background
	}
	if now := l.free(); now+(8<<20) < before {
		t.Errorf("%d bytes of filler are left", before-now)
	}
	l.status(exitDone)
}

// What the time did not suffice for is the next run's.
func TestFreeSpaceGoesOn(t *testing.T) {
	l := newCleaning(t, 3<<30)
	run := func(args ...string) freeSpaceVolumeJSON {
		t.Helper()
		r := l.ipguard(append([]string{"wipe", "--free-space", "--reserve", "64MB", "--account", l.user.Name}, args...)...)
		var answer freeSpaceJSON
		l.must(json.Unmarshal([]byte(lastLine(r.out)), &answer))
		return answer.Volumes[0]
	}
	first := run("--within", "700ms")
	if first.Outcome != "partly" || first.Stopped != "time_up" || first.Written == 0 {
		t.Fatalf("the first run: %+v", first)
	}
	rest := run()
	if rest.Outcome != "overwritten" || rest.Written > rest.Free-first.Written+(256<<20) {
		t.Errorf("the first run wrote %d of %d bytes, the second %d: %+v", first.Written, first.Free, rest.Written, rest)
	}
	l.status(exitDone)
}

func TestFreeSpaceRefusals(t *testing.T) {
	l := newLaptop(t)
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"--free-space"}, exitRefused},
		{[]string{"--free-space", "--dry-run"}, exitUsage},
		{[]string{"--free-space", "--documents", "hold"}, exitUsage},
		{[]string{"--free-space", "--within", "soon"}, exitUsage},
		{[]string{"--free-space", "--within", "-1m"}, exitUsage},
		{[]string{"--free-space", "--reserve", "much"}, exitUsage},
	} {
		if r := l.ipguard(append([]string{"wipe", "--account", l.user.Name}, c.args...)...); r.code != c.code {
			t.Errorf("%q: exit %d, want %d\n%s%s", c.args, r.code, c.code, r.out, r.err)
		}
	}
	l.enroll()
	if r := l.ipguardAs("wipe", "--free-space", "--account", l.user.Name); r.code != exitNotPermitted {
		t.Errorf("by the account: exit %d, want %d", r.code, exitNotPermitted)
	}
}
