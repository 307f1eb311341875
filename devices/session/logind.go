package session

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// described makes an entry of what logind says about a session: the properties of org.freedesktop.login1.Session, as the
// manual page org.freedesktop.login1(5) lists them. It tells whether it is a session in which something of an account runs.
//
// Classes "user", "user-early", "user-light" and the like are (since systemd 256 there are several), and so is
// "background", which su has without a terminal, and jobs: they leave traces too. "greeter", "lock-screen", "manager" are
// not. State "closing" means that somebody has left: logind keeps the
// session as long as any program of it runs, which may be for ever.
func described(key string, p map[string]any, o Options) (entry, bool) {
	class, _ := p["Class"].(string)
	if class != "user" && !strings.HasPrefix(class, "user-") && !strings.HasPrefix(class, "background") {
		return entry{}, false
	}
	user, _ := p["User"].([]any) // uid and object path
	if len(user) == 0 {
		return entry{}, false
	}
	uid, ok := user[0].(uint32)
	if !ok {
		return entry{}, false
	}
	e := entry{key: key}
	e.Account = strconv.FormatUint(uint64(uid), 10)
	e.ID, _ = p["Id"].(string)
	e.Type, _ = p["Type"].(string)
	e.Locked, _ = p["LockedHint"].(bool)
	e.Idle, _ = p["IdleHint"].(bool)
	e.Remote, _ = p["Remote"].(bool)
	e.opened, _ = p["TimestampMonotonic"].(uint64)
	state, _ := p["State"].(string)
	e.over, e.young = state == "closing", state == "opening"
	if leader, ok := p["Leader"].(uint32); ok && leader <= 1<<22 { // the most that the kernel allows
		e.leader = int(leader)
	}
	if since, _ := p["IdleSinceHintMonotonic"].(uint64); since < 1<<50 { // microseconds; a century at most
		e.since = time.Duration(since) * time.Microsecond
	}
	// On a terminal, logind answers with the last access to it at any time, even one from before the session, but calls it
	// idle only after IdleActionSec, half an hour unless set. A desktop says itself when it is idle; until then the time is
	// of no meaning.
	if e.Type == "tty" && e.since > 0 {
		if e.opened < 1<<50 {
			e.since = max(e.since, time.Duration(e.opened)*time.Microsecond)
		}
		_, awake := o.Clock()
		e.Idle = awake-e.since >= o.TTYIdle
	}
	return e, e.ID != ""
}

// hasLid tells whether the machine has a lid: an input device with the switch SW_LID, which is bit 0 of those that the
// file capabilities/sw lists, in hexadecimal (input-event-codes.h of Linux). When it cannot be read, there may be one.
func hasLid(inputs string) bool {
	devices, err := os.ReadDir(inputs)
	if err != nil {
		return true
	}
	for _, d := range devices {
		text, err := os.ReadFile(filepath.Join(inputs, d.Name(), "capabilities", "sw"))
		words := strings.Fields(string(text))
		if err != nil || len(words) == 0 {
			continue // it is no device but one of its handlers
		}
		if low, err := strconv.ParseUint(words[len(words)-1], 16, 64); err == nil && low&1 != 0 {
			return true
		}
	}
	return false
}
