package main

import (
	"os"
	"testing"
	"time"
)

// While the account's desktop runs, it goes on running: what it holds open is told and left alone, what it writes by
// itself is told, and neither keeps the laptop from being ready. Other programs of the account end. A session bus stands
// for the desktop here.
func TestWipeWhileTheDesktopRuns(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	bus := l.start("exec dbus-daemon --session --nofork --nosyslog --address=unix:path=$HOME/bus")
	other := l.start("exec sleep 1000")
	for range 100 {
		if _, err := os.Lstat(l.path("bus")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	l.as(`echo cookie > .Xauthority; mkdir -p .cache/fontconfig; echo x > .cache/fontconfig/a.cache-8; echo private > letter.odt; rm bus`)
	r := l.wipe(exitDone)
	if !r.has("skipped", "live_session") {
		t.Errorf("nothing of the desktop was left alone:\n%s", r.out)
	}
	alive := map[int]bool{}
	for _, pid := range l.user.Processes() {
		alive[pid] = true
	}
	if !alive[bus.Process.Pid] || alive[other.Process.Pid] {
		t.Errorf("the desktop runs: %v, the other program runs: %v", alive[bus.Process.Pid], alive[other.Process.Pid])
	}
	if _, err := os.Lstat(l.path("letter.odt")); err == nil {
		t.Error("the document is still there")
	}
	l.as(`mkdir -p .cache/fontconfig; echo x > .cache/fontconfig/a.cache-8`)
	if s := l.status(exitDone); !s.has("skipped", "volatile") || !s.has("skipped", "live_session") {
		t.Errorf("the status does not tell what the desktop has there:\n%s", s.out)
	}
}
