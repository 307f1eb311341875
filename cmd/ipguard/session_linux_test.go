package main

import "testing"

// A session's traces go, the laptop's own things come back, and the second person finds what the first one found.
func TestWipeReturnsToTheBaseline(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p .config/app Templates; echo setting > .config/app/rc; chmod 600 .config/app/rc; ln -s .config/app link
		touch -d 2025-01-02T03:04:05.678 .config/app/rc; touch -d 2025-02-02 .config/app .config .`)
	before := snapshot(t, l.user.Home)
	l.enroll()
	l.status(exitDone)
	for range 2 {
		l.as(`echo private > Letter.odt; echo evil >> .bashrc; rm -r .config/app; ln -sf /etc/passwd .profile
			mkdir -p .config/autostart; echo x > .config/autostart/x.desktop; rm link; mkdir link; echo y > link/y; chmod 700 Templates`)
		l.status(exitNotClean)
		r := l.wipe(exitDone)
		if r.answer.Result != "complete" {
			t.Errorf("result %q, want complete", r.answer.Result)
		}
		same(t, l.user.Home, before)
		l.status(exitDone)
	}
}
