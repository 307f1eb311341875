package laptoptest

import "fmt"

// SignIn opens a session of an account on the seat, as a display manager would: by PAM, with logind, on a virtual terminal.
// In it a shell runs the script, in the home, and then stays. SignIn returns when the script has ended; one that fails, fails
// the test. There is one session on the seat at a time.
func (l *Laptop) SignIn(account, script string) {
	l.t.Helper()
	// The script lies in memory, where the session's shell reads it; systemd writes command lines to the journal.
	l.Put([]byte("set -e\ncd\n"+script+"\ntouch \"$XDG_RUNTIME_DIR/laptop-ready\"\n"), "/run/laptop-session", 0o644)
	l.Must(fmt.Sprintf(`
		systemctl reset-failed laptop-session 2>/dev/null || true
		ready=/run/user/$(id -u %[1]s)/laptop-ready
		rm -f "$ready"
		systemd-run --quiet --unit=laptop-session --uid=%[1]s -p PAMName=login -p TTYPath=/dev/tty7 -p StandardInput=tty \
			-p StandardOutput=journal -p StandardError=journal \
			-E XDG_SESSION_TYPE=tty -E XDG_SEAT=seat0 -E XDG_VTNR=7 \
			/bin/bash -c '(. /run/laptop-session) && exec sleep infinity'
		for i in $(seq 300); do
			if [ -e "$ready" ]; then
				rm -f /run/laptop-session "$ready"
				loginctl activate "$(loginctl list-sessions --no-legend | awk '$4 == "seat0" { print $1; exit }')"
				exit 0
			fi
			systemctl is-active --quiet laptop-session || break
			sleep 0.1
		done
		echo "the session's script did not end well" >&2
		journalctl --no-pager -n 20 -u laptop-session >&2
		exit 1`, account))
}

// SignOut ends the session on the seat as a display manager would, if it has not ended: its shell ends, its other processes
// are logind's matter.
func (l *Laptop) SignOut() {
	l.t.Helper()
	l.Must("! systemctl is-active --quiet laptop-session || systemctl stop laptop-session")
}
