package main

import (
	"strings"
	"syscall"
	"testing"

	"ipguard/agent/state"
)

// A wipe that a person asked for in a terminal waits a few seconds, and whatever key they press, it does not happen; nor
// when the terminal closes meanwhile. A person who waits gets the report.
func TestServiceCountdownInATerminal(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	d := l.serve()
	l.as(`mkdir -p ~/Downloads; echo canary >~/Downloads/canary.pdf`)
	d.eventually("the session is noticed", func() bool { return l.record() == state.InUse })
	before := snapshot(t, l.user.Home)
	ask := func(env ...string) *terminal {
		term := l.onTerminal(env, "wipe", "--account", l.user.Name, "--documents", "refuse")
		term.expect("Enter to stop:")
		term.kind("yes\n")
		term.expect("Any key stops it.")
		return term
	}
	for name, key := range map[string]string{"a letter": "x", "Enter": "\n", "space": " ", "Ctrl-C": "\x03", "escape": "\x1b"} {
		t.Run(name, func(t *testing.T) {
			term := ask()
			term.TB = t
			term.kind(key)
			if out := term.end(exitInterrupted); !strings.Contains(out, "Nothing was erased.") {
				t.Errorf("it does not say that nothing happened:\n%q", out)
			}
			same(t, l.user.Home, before)
		})
	}
	t.Run("it is ended", func(t *testing.T) {
		term := ask()
		term.TB = t
		term.cmd.Process.Signal(syscall.SIGTERM)
		term.end(exitInterrupted)
		same(t, l.user.Home, before)
	})
	t.Run("nobody presses anything", func(t *testing.T) {
		term := ask("ACCESSIBLE=1")
		term.TB = t
		out := term.end(exitDone)
		if strings.Count(out, "Any key stops it.") != 1 {
			t.Errorf("with a screen reader the countdown is said more than once:\n%q", out)
		}
		if !strings.Contains(out, "Ready.") || len(l.traces("canary")) > 0 {
			t.Errorf("the wipe did not happen:\n%q", out)
		}
	})
}
