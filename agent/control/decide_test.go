package control

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/devices"
	"ipguard/policy"
	"ipguard/wipe"
)

// auto is the command that begins a wipe nobody asked for.
func auto(cause Cause, signOut bool) command {
	return command{action: begin, cause: cause, documents: agent.Hold, everything: true, signOut: signOut}
}

func dev(kind devices.Kind) event { return event{kind: device, device: devices.Event{Kind: kind}} }

func signedIn(open int) event {
	return event{kind: device, device: devices.Event{Kind: devices.SignedIn, Session: "s", Open: open}}
}

func signedOut(open int) event {
	return event{kind: device, device: devices.Event{Kind: devices.SignedOut, Session: "s", Open: open}}
}

func TestDecide(t *testing.T) {
	inUse := account{state: state.InUse, open: 1}
	wiping := account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse}
	alone := account{state: state.Wiping, cause: ByLogoff, closed: true, documents: agent.Hold}
	idle := account{state: state.InUse, open: 1, waiting: true, cause: ByIdle}
	ask := event{kind: asked, documents: agent.Refuse, client: 7}
	one, two, three := handover.Mark{Inode: 1}, handover.Mark{Inode: 2}, handover.Mark{Inode: 3}
	marks := func(all ...handover.Mark) []handover.Mark { return all }
	stowing := event{kind: asked, stow: true, freeSpace: true, client: 7, given: marks(one)}
	stowed := command{action: begin, cause: ByCommand, documents: agent.Refuse, client: 7, given: marks(one), stow: true, freeSpace: true}
	inStow := account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse, client: 7, given: marks(one), stow: true, freeSpace: true}
	waits := func(choice agent.Choice, given, refused []handover.Mark) account {
		return account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: choice, given: given, refused: refused}
	}
	for _, c := range []struct {
		name   string
		from   account
		event  event
		policy func(*policy.Policy)
		want   account
		do     []command
	}{
		// The service begins.
		{name: "the machine starts, clean", event: event{kind: started, boot: true, record: state.Clean, known: true},
			want: account{state: state.Clean}},
		{name: "the machine starts after a power cut in a session",
			event: event{kind: started, boot: true, record: state.InUse, known: true}, want: unattended(ByBoot), do: []command{auto(ByBoot, false)}},
		{name: "the machine starts after a power cut in a wipe",
			event: event{kind: started, boot: true, record: state.Wiping, known: true}, want: unattended(ByBoot), do: []command{auto(ByBoot, false)}},
		{name: "that wipe is finished even when starts trigger none", policy: func(p *policy.Policy) { p.Triggers.Boot = false },
			event: event{kind: started, boot: true, record: state.Wiping, known: true}, want: unattended(ByBoot), do: []command{auto(ByBoot, false)}},
		{name: "the machine starts with residue",
			event: event{kind: started, boot: true, record: state.Residue, known: true}, want: unattended(ByBoot), do: []command{auto(ByBoot, false)}},
		{name: "policy says nothing at a start", policy: func(p *policy.Policy) { p.Triggers.Boot = false },
			event: event{kind: started, boot: true, record: state.InUse, known: true}, want: account{state: state.InUse}},
		{name: "a record that says nothing certain is no clean one",
			event: event{kind: started, record: state.Unknown, open: 1, known: true}, want: inUse},
		{name: "only the service starts again, in a session", event: event{kind: started, record: state.InUse, open: 1, known: true}, want: inUse},
		{name: "the service died in a wipe beside a desktop", event: event{kind: started, record: state.Wiping, open: 1, known: true},
			want: account{state: state.Wiping, cause: ByCrash, open: 1, documents: agent.Hold},
			do:   []command{{action: begin, cause: ByCrash, documents: agent.Hold}}},
		{name: "the service died in a wipe, and nobody knows of sessions", event: event{kind: started, record: state.Wiping},
			want: account{state: state.Wiping, cause: ByCrash, documents: agent.Hold},
			do:   []command{{action: begin, cause: ByCrash, documents: agent.Hold}}},
		{name: "somebody signed out while no service ran", event: event{kind: started, record: state.InUse, known: true},
			want: unattended(ByLogoff), do: []command{auto(ByLogoff, false)}},
		{name: "nobody knows whether somebody is signed in", event: event{kind: started, record: state.InUse},
			want: account{state: state.InUse}},
		{name: "somebody signed in while no service ran", event: event{kind: started, record: state.Clean, open: 1, known: true},
			want: inUse, do: []command{{action: save}}},

		// Sessions.
		{name: "the next person signs in", from: account{state: state.Clean}, event: signedIn(1), want: inUse, do: []command{{action: save}}},
		{name: "a second session changes nothing", from: inUse, event: signedIn(2), want: account{state: state.InUse, open: 2}},
		{name: "one of two signs out", from: account{state: state.InUse, open: 2}, event: signedOut(1), want: inUse},
		{name: "the last one signs out", from: inUse, event: signedOut(0), want: unattended(ByLogoff), do: []command{auto(ByLogoff, false)}},
		{name: "the last one signs out after a wipe", from: account{state: state.Clean, open: 1}, event: signedOut(0),
			want: unattended(ByLogoff), do: []command{auto(ByLogoff, false)}},
		{name: "signing out triggers nothing", policy: func(p *policy.Policy) { p.Triggers.Logoff = false }, from: inUse,
			event: signedOut(0), want: account{state: state.InUse}},
		{name: "who signs in during a wipe that nobody asked for is turned away", from: alone, event: signedIn(1),
			want: account{state: state.Wiping, cause: ByLogoff, closed: true, documents: agent.Hold, open: 1},
			do:   []command{{action: turnAway, session: "s"}}},
		{name: "and their going begins nothing more", from: account{state: state.Wiping, cause: ByLogoff, closed: true, open: 1},
			event: signedOut(0), want: account{state: state.Wiping, cause: ByLogoff, closed: true}},
		{name: "signing out during a wipe beside the desktop asks for another", from: wiping, event: signedOut(0),
			want: account{state: state.Wiping, cause: ByCommand, documents: agent.Refuse, again: ByLogoff}},
		{name: "somebody signs in while a second try waits", from: account{state: state.Residue, waiting: true, cause: ByRetry, retries: 1},
			event: signedIn(1), want: account{state: state.Residue, open: 1, retries: 1}, do: []command{{action: disarm}}},

		// Use.
		{name: "a download after a wipe", from: account{state: state.Clean, open: 1}, event: event{kind: used}, want: inUse,
			do: []command{{action: save}}},
		{name: "residue is not forgotten", from: account{state: state.Residue, open: 1}, event: event{kind: used},
			want: account{state: state.Residue, open: 1}},
		{name: "somebody goes on after a wipe", from: account{state: state.Clean, open: 1}, event: dev(devices.Active), want: inUse,
			do: []command{{action: save}}},

		// Nobody is there.
		{name: "idle", from: inUse, event: event{kind: device, device: devices.Event{Kind: devices.Idle, Elapsed: 5 * time.Minute}},
			want: idle, do: []command{{action: lock}, {action: arm, cause: ByIdle, after: 25 * time.Minute}}},
		{name: "idle for hours leaves a last chance", from: inUse,
			event: event{kind: device, device: devices.Event{Kind: devices.Idle, Elapsed: 5 * time.Hour}},
			want:  idle, do: []command{{action: lock}, {action: arm, cause: ByIdle, after: time.Minute}}},
		{name: "idle when nothing was used", from: account{state: state.Clean, open: 1}, event: dev(devices.Idle),
			want: account{state: state.Clean, open: 1}},
		{name: "idle triggers nothing", policy: func(p *policy.Policy) { p.Triggers.Idle.On = false }, from: inUse,
			event: dev(devices.Idle), want: inUse},
		{name: "somebody comes back", from: idle, event: dev(devices.Active), want: inUse, do: []command{{action: disarm}}},
		{name: "somebody unlocks", from: idle, event: dev(devices.Unlocked), want: inUse, do: []command{{action: disarm}}},
		{name: "nobody came back", from: idle, event: event{kind: due, idle: true},
			want: account{state: state.Wiping, cause: ByIdle, open: 1, closed: true, documents: agent.Hold},
			do:   []command{{action: disarm}, auto(ByIdle, true)}},
		{name: "somebody is there after all", from: idle, event: event{kind: due}, want: inUse},
		{name: "the lid closes", from: inUse, event: dev(devices.LidClosed),
			want: account{state: state.InUse, open: 1, waiting: true, cause: ByLid},
			do:   []command{{action: lock}, {action: arm, cause: ByLid, after: 30 * time.Minute}}},
		{name: "the lid opens", from: account{state: state.InUse, open: 1, waiting: true, cause: ByLid}, event: dev(devices.LidOpened),
			want: inUse, do: []command{{action: disarm}}},
		{name: "the lid opens when nobody had touched anything before", from: idle, event: dev(devices.LidOpened), want: idle},
		{name: "the machine falls asleep", from: inUse, event: dev(devices.Asleep),
			want: account{state: state.InUse, open: 1, waiting: true, cause: ByResume},
			do:   []command{{action: lock}, {action: arm, cause: ByResume, after: 30 * time.Minute}}},
		{name: "it wakes up soon", from: account{state: state.InUse, open: 1, waiting: true, cause: ByLid},
			event: event{kind: device, device: devices.Event{Kind: devices.Awake, Elapsed: 10 * time.Minute}},
			want:  account{state: state.InUse, open: 1, waiting: true, cause: ByResume},
			do:    []command{{action: lock}, {action: arm, cause: ByResume, after: 20 * time.Minute}}},
		{name: "it wakes up the next morning", from: account{state: state.InUse, open: 1, waiting: true, cause: ByResume},
			event: event{kind: device, device: devices.Event{Kind: devices.Awake, Elapsed: 10 * time.Hour}},
			want:  account{state: state.Wiping, cause: ByResume, open: 1, closed: true, documents: agent.Hold},
			do:    []command{{action: disarm}, auto(ByResume, true)}},

		// Somebody asks.
		{name: "a command", from: inUse, event: ask, want: account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse, client: 7},
			do: []command{{action: disarm}, {action: begin, cause: ByCommand, documents: agent.Refuse, client: 7}}},
		{name: "a command under a policy of signing out", policy: func(p *policy.Policy) { p.Session.End = policy.EndLogout },
			from: inUse, event: ask, want: account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse, closed: true},
			do: []command{{action: disarm}, {action: begin, cause: ByCommand, documents: agent.Refuse, everything: true, signOut: true}}},
		{name: "a command with a countdown", from: inUse, event: event{kind: asked, documents: agent.Hold, countdown: time.Second},
			want: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Hold},
			do:   []command{{action: arm, cause: ByCommand, after: time.Second}}},
		{name: "that is over", from: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Refuse},
			event: event{kind: due}, want: wiping, do: []command{{action: disarm}, {action: begin, cause: ByCommand, documents: agent.Refuse}}},
		{name: "that is stopped", from: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Refuse},
			event: event{kind: stopped}, want: account{state: state.InUse, open: 1, documents: agent.Refuse}, do: []command{{action: disarm}}},
		{name: "an administrator's is not stopped by the account",
			from:  account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, byAdmin: true},
			event: event{kind: stopped}, want: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, byAdmin: true}},
		{name: "but by an administrator", from: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, byAdmin: true},
			event: event{kind: stopped, admin: true}, want: inUse, do: []command{{action: disarm}}},
		{name: "that is not stopped by a mouse", from: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand},
			event: dev(devices.Active), want: account{state: state.InUse, open: 1, waiting: true, cause: ByCommand}},
		{name: "a second command joins", from: wiping, event: event{kind: asked, documents: agent.Hold}, want: wiping},
		{name: "who cannot wait so long shortens the countdown of another, and what one wants to keep is kept",
			from:  account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Hold},
			event: event{kind: asked, documents: agent.Refuse, countdown: time.Second, left: time.Minute},
			want:  account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Hold},
			do:    []command{{action: arm, cause: ByCommand, after: time.Second}}},
		{name: "nobody makes another wait longer",
			from:  account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Refuse},
			event: event{kind: asked, documents: agent.Hold, countdown: time.Minute, left: time.Second},
			want:  account{state: state.InUse, open: 1, waiting: true, cause: ByCommand, documents: agent.Hold}},
		{name: "nobody stops a wipe that runs", from: wiping, event: event{kind: stopped}, want: wiping},
		{name: "nobody stops the countdown of a machine that is left alone", from: idle, event: event{kind: stopped}, want: idle},

		// What was decided about single documents.
		{name: "marks go with the command that brings them", from: inUse,
			event: event{kind: asked, documents: agent.Hold, given: marks(one), refused: marks(two)},
			want:  account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Hold, given: marks(one), refused: marks(two)},
			do:    []command{{action: disarm}, {action: begin, cause: ByCommand, documents: agent.Hold, given: marks(one), refused: marks(two)}}},
		{name: "what a second caller gives away is kept, and what it keeps too",
			from:  waits(agent.Hold, marks(one), marks(two)),
			event: event{kind: asked, documents: agent.Hold, given: marks(two, three), countdown: time.Minute, left: time.Second},
			want:  waits(agent.Hold, nil, marks(two))},
		{name: "equal marks stay", from: waits(agent.Hold, marks(one), marks(two)),
			event: event{kind: asked, documents: agent.Hold, given: marks(one), refused: marks(two), countdown: time.Minute, left: time.Second},
			want:  waits(agent.Hold, marks(one), marks(two))},
		{name: "who refuses everything takes nothing from who refuses some", from: waits(agent.Refuse, nil, nil),
			event: event{kind: asked, documents: agent.Hold, refused: marks(three), countdown: time.Minute, left: time.Second},
			want:  waits(agent.Hold, nil, marks(three))},
		{name: "nor the other way round", from: waits(agent.Hold, nil, marks(three)),
			event: event{kind: asked, documents: agent.Refuse, given: marks(one), countdown: time.Minute, left: time.Second},
			want:  waits(agent.Hold, nil, marks(three))},
		{name: "a second caller's marks do not reach a wipe that runs",
			from:  account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Hold},
			event: event{kind: asked, documents: agent.Hold, refused: marks(one)},
			want:  account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Hold}},
		{name: "marks do not outlive a countdown that is stopped", from: waits(agent.Hold, marks(one), marks(two)),
			event: event{kind: stopped}, want: account{state: state.InUse, open: 1, documents: agent.Hold}, do: []command{{action: disarm}}},
		{name: "a wipe that nobody asked for knows no marks", from: waits(agent.Hold, marks(one), marks(two)), event: signedOut(0),
			want: unattended(ByLogoff), do: []command{{action: disarm}, auto(ByLogoff, false)}},

		// The end of a permanence.
		{name: "a stow", from: inUse, event: stowing, want: inStow, do: []command{stowed}},
		{name: "a stow of a clean account", from: account{state: state.Clean}, event: event{kind: asked, stow: true},
			want: account{state: state.Wiping, cause: ByCommand, documents: agent.Refuse, stow: true},
			do:   []command{{action: begin, cause: ByCommand, documents: agent.Refuse, stow: true}}},
		{name: "a stow does not wait for a countdown", from: waits(agent.Hold, nil, marks(two)), event: stowing, want: inStow,
			do: []command{{action: disarm}, stowed}},
		{name: "a stow under a policy of signing out", policy: func(p *policy.Policy) { p.Session.End = policy.EndLogout },
			from: inUse, event: event{kind: asked, stow: true, client: 7},
			want: account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse, closed: true, stow: true},
			do:   []command{{action: begin, cause: ByCommand, documents: agent.Refuse, everything: true, signOut: true, stow: true}}},
		{name: "a stow after the wipe that runs", from: wiping, event: stowing,
			want: account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Refuse, later: &stowing}},
		{name: "whose turn comes",
			from:  account{state: state.Wiping, cause: ByCommand, open: 1, documents: agent.Hold, later: &stowing},
			event: event{kind: wiped, verdict: wipe.Incomplete}, want: inStow, do: []command{stowed}},
		{name: "whose turn comes when everybody has signed out",
			from:  account{state: state.Wiping, cause: ByCommand, documents: agent.Hold, again: ByLogoff, later: &event{kind: asked, stow: true}},
			event: event{kind: wiped, verdict: wipe.Complete},
			want:  account{state: state.Wiping, cause: ByCommand, documents: agent.Refuse, closed: true, stow: true},
			do:    []command{{action: begin, cause: ByCommand, documents: agent.Refuse, everything: true, stow: true}}},
		{name: "a second stow joins", from: inStow, event: event{kind: asked, stow: true}, want: inStow},
		{name: "a wipe joins a stow", from: inStow, event: event{kind: asked, documents: agent.Hold}, want: inStow},
		{name: "nobody stops a stow", from: inStow, event: event{kind: stopped, admin: true}, want: inStow},
		{name: "the wipe of a stow ends", from: inStow, event: event{kind: wiped, verdict: wipe.Complete},
			want: account{state: state.Clean, open: 1}, do: []command{{action: forget}}},
		{name: "and leaves something", from: inStow, event: event{kind: wiped, verdict: wipe.Incomplete},
			want: account{state: state.Residue, open: 1}},

		// The wipe ends.
		{name: "complete", from: wiping, event: event{kind: wiped, verdict: wipe.Complete}, want: account{state: state.Clean, open: 1},
			do: []command{{action: forget}}},
		{name: "complete, others may sign in again", from: alone, event: event{kind: wiped, verdict: wipe.Complete},
			want: account{state: state.Clean}, do: []command{{action: forget}}},
		{name: "incomplete", from: wiping, event: event{kind: wiped, verdict: wipe.Incomplete}, want: account{state: state.Residue, open: 1}},
		{name: "it did not begin", from: wiping, event: event{kind: wiped}, want: account{state: state.Residue, open: 1}},
		{name: "incomplete with nobody there is tried again", from: alone, event: event{kind: wiped, verdict: wipe.Incomplete},
			want: account{state: state.Residue, waiting: true, cause: ByRetry, retries: 1},
			do:   []command{{action: arm, cause: ByRetry, after: 30 * time.Second}}},
		{name: "but not for ever", from: account{state: state.Wiping, cause: ByRetry, closed: true, retries: 2},
			event: event{kind: wiped, verdict: wipe.Incomplete}, want: account{state: state.Residue, retries: 2}},
		{name: "once more, for who signed out meanwhile", from: account{state: state.Wiping, cause: ByCommand, again: ByLogoff},
			event: event{kind: wiped, verdict: wipe.Complete}, want: alone, do: []command{auto(ByLogoff, false)}},

		// The service ends.
		{name: "the machine stops in a session", from: account{state: state.InUse}, event: event{kind: ending, shutdown: true},
			want: unattended(ByShutdown), do: []command{auto(ByShutdown, false)}},
		{name: "the machine stops, clean", from: account{state: state.Clean}, event: event{kind: ending, shutdown: true},
			want: account{state: state.Clean}},
		{name: "only the service stops", from: inUse, event: event{kind: ending}, want: inUse},
		{name: "the machine stops in a wipe", from: wiping, event: event{kind: ending, shutdown: true}, want: wiping},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy.Default()
			if c.policy != nil {
				c.policy(&p)
			}
			got, do := decide(c.from, c.event, p)
			opt := cmp.AllowUnexported(account{}, command{}, event{})
			if diff := cmp.Diff(c.want, got, opt); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.do, do, opt); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

// unattended is an account without sessions that a wipe nobody asked for works on.
func unattended(cause Cause) account {
	return account{state: state.Wiping, cause: cause, closed: true, documents: agent.Hold}
}

// Whatever happens in whatever order: a wipe that nobody asked for never destroys documents, nothing but the end of a
// complete wipe makes an account clean, and no two wipes of one account run at once.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
	events := []event{
		{kind: started, boot: true, record: state.InUse}, signedIn(1), signedIn(2), signedOut(1), signedOut(0),
		dev(devices.Idle), dev(devices.Active), dev(devices.LidClosed), dev(devices.LidOpened), dev(devices.Asleep),
		{kind: device, device: devices.Event{Kind: devices.Awake, Elapsed: time.Hour}}, dev(devices.Unlocked),
		{kind: used}, {kind: asked, documents: agent.Refuse}, {kind: asked, documents: agent.Hold, countdown: time.Second},
		{kind: stopped}, {kind: due}, {kind: due, idle: true}, {kind: wiped, verdict: wipe.Complete},
		{kind: wiped, verdict: wipe.Incomplete}, {kind: ending, shutdown: true}, {kind: asked, stow: true, freeSpace: true},
		{kind: asked, documents: agent.Hold, given: []handover.Mark{{Inode: 1}}},
	}
	f.Fuzz(func(t *testing.T, order []byte) {
		a, running := account{state: state.Clean}, false
		p := policy.Default()
		for _, b := range order {
			e := events[int(b)%len(events)]
			if e.kind == wiped && !running || e.kind == started && running {
				continue
			}
			if e.kind == wiped {
				running = false
			}
			before := a
			var do []command
			a, do = decide(a, e, p)
			if a.state == state.Clean && before.state != state.Clean && e.verdict != wipe.Complete {
				t.Fatalf("%s made it clean", e.kind)
			}
			for _, cmd := range do {
				if cmd.action != begin {
					continue
				}
				if running {
					t.Fatalf("a second wipe begins with %s", e.kind)
				}
				running = true
				if cmd.cause != ByCommand && cmd.documents != agent.Hold {
					t.Fatalf("a wipe by %s destroys documents", cmd.cause)
				}
				if cmd.cause != ByCommand && (cmd.stow || cmd.given != nil || cmd.refused != nil) {
					t.Fatalf("a wipe by %s does what somebody else decided", cmd.cause)
				}
				if cmd.stow && cmd.documents != agent.Refuse {
					t.Fatal("a stow sets documents aside")
				}
			}
			if running != a.busy() {
				t.Fatalf("after %s: running %v, state %s", e.kind, running, a.state)
			}
			if !running && (a.stow || a.later != nil) {
				t.Fatalf("after %s a stow is promised and nothing runs", e.kind)
			}
		}
	})
}
