package laptop

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent/state"
	"ipguard/packaging/laptop/laptoptest"
)

const (
	unit    = "ipguard.service"
	account = "1000" // the id of public
	own     = "/var/lib/ipguard"
)

// story is a laptop on which ipguard was installed, and what it looked like then.
type story struct {
	testing.TB
	*laptoptest.Laptop
	home, others, outside tree
	etc                   string // the machine's own settings, before the service was installed
}

// on is the same story in a subtest, with the laptop turned on and ready.
func (s *story) on(t testing.TB) *story {
	t.Helper()
	same := *s
	same.TB, same.Laptop = t, s.Laptop.For(t)
	if !same.On() {
		same.Boot()
	}
	same.awaitReady("before the story")
	return &same
}

// TestService tells the stories of the service on one laptop, one after the other.
func TestService(t *testing.T) {
	s := install(t)
	t.Run("sign out", func(t *testing.T) { signOut(s.on(t)) })
	t.Run("switch user", func(t *testing.T) { switchUser(s.on(t)) })
	t.Run("cut in a wipe", func(t *testing.T) { cutInWipe(s.on(t)) })
	t.Run("cut in a session", func(t *testing.T) { cutInSession(s.on(t)) })
	t.Run("deadline while off", func(t *testing.T) { deadlineWhileOff(s.on(t)) })
	t.Run("power off in a session", func(t *testing.T) { powerOff(s.on(t)) })
	t.Run("browsers", func(t *testing.T) { browsers(s.on(t)) }) // the last: it uninstalls the service
}

// install makes a laptop with a baseline, ipguard, and a witness who looks around at the first moment at which somebody
// could sign in.
func install(t *testing.T) *story {
	l := laptoptest.New(t, laptoptest.Options{})
	putProgram(t, l)
	l.Must(`
		cd /home/public
		runuser -u public -- sh -c 'umask 022; cd /home/public
			mkdir -p Desktop Documents Downloads .config/app Shared/Forms
			echo "How to use this laptop" >Desktop/guide.txt
			echo "language = fr" >.config/app/settings.ini
			echo "read only" >Shared/Forms/form.txt
			chmod 444 Shared/Forms/form.txt
			chmod 2775 Shared
			touch -d 2021-03-04T05:06:07Z Desktop/guide.txt .config/app/settings.ini'
		echo "locked" >.config/app/locked.ini
		chattr +i .config/app/locked.ini
		sync`)
	l.Put([]byte("set -u\n"+witness), "/usr/local/lib/laptop-witness", 0o755)
	l.Put([]byte("[Unit]\nAfter=systemd-user-sessions.service\n[Service]\nType=oneshot\nExecStart=/bin/bash /usr/local/lib/laptop-witness\n"+
		"[Install]\nWantedBy=multi-user.target\n"), "/etc/systemd/system/laptop-witness.service", 0o644)

	s := &story{TB: t, Laptop: l}
	l.Must(programs + "systemctl enable --quiet laptop-witness; ipguard enroll --account public --yes")
	s.etc = l.Must(settings)
	l.Must("ipguard service install; sync")
	if out, code := l.Run("systemctl", "is-active", unit); code != 0 {
		t.Fatalf("the service after its installation: %s", out)
	}
	if out, code := l.Run("ipguard", "service", "status", "--json"); code != 0 {
		t.Errorf("service status ended with %d: %s", code, out)
	}
	// It may find something to wipe at once; what it leaves is what everybody should find.
	s.awaitReady("after the installation")
	s.home, s.others = snapshot(t, l, describe, "/home/public"), snapshot(t, l, exactly, "/home/other")
	s.outside = snapshot(t, l, strewn, "/")
	return s
}

// putProgram builds ipguard and puts it on a laptop.
func putProgram(t testing.TB, l *laptoptest.Laptop) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "ipguard")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "ipguard/cmd/ipguard")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building ipguard: %v\n%s", err, out)
	}
	l.PutFile(program, "/usr/local/bin/ipguard")
	l.Must("chmod 755 /usr/local/bin/ipguard")
}

// witness writes down, in memory, what the next person would find, and when the two units were ready.
const witness = `
	mkdir -p /run/laptop-witness && cd /run/laptop-witness
	cp ` + own + `/accounts/` + account + `/state state
	for u in ` + unit + ` systemd-user-sessions.service; do
		systemctl show -p ActiveState,ActiveEnterTimestampMonotonic --value "$u" | paste -sd' '
	done >units
	(set -- /; ` + strewn + `) >outside
	(set -- /home/public; ` + describe + `) >home
	touch done
`

// awaitReady waits until ipguard, which looks at the whole disk for that, says that the account is clean.
func (s *story) awaitReady(when string) {
	s.Helper()
	var out string
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		var code int
		// The state first: it costs nothing, and a status that is asked for all the time would be in the way.
		if s.state(s.Get(own+"/accounts/"+account+"/state")) != state.Clean {
			continue
		}
		if out, code = s.Run("ipguard", "status", "--json"); code == 0 {
			return
		}
	}
	s.Fatalf("%s it is not clean after 90 s: %s", when, out)
}

// state reads a state file by its content.
func (s *story) state(content []byte) state.State {
	s.Helper()
	dir := s.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "accounts", account), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "accounts", account, "state"), content, 0o644); err != nil {
		s.Fatal(err)
	}
	return s.stateIn(dir)
}

func (s *story) stateIn(dir string) state.State {
	s.Helper()
	d, err := state.Open(dir)
	if err != nil {
		s.Fatal(err)
	}
	a, err := d.Account(account)
	if err != nil {
		s.Fatal(err)
	}
	r, err := a.Load()
	if err != nil {
		s.Errorf("the state: %v", err)
	}
	return r.State
}

// session signs public in and leaves traces, which have all reached the disk when it returns. Root makes one immutable, as
// a program with a wrong setuid bit could.
func (s *story) session() traces {
	s.Helper()
	left := newTraces(s)
	s.Put(left.archive(s), archived, 0o644)
	s.SignIn("public", left.script())
	s.Must("rm " + archived + "; cd /home/public; chattr +i " + left.stuck() + "; sync")
	return left
}

// same wants the home, what lies outside, and the other account to be as on the day of the installation.
func (s *story) same(when string) {
	s.Helper()
	for name, c := range map[string]struct{ want, got tree }{
		"the home":          {s.home, snapshot(s, s.Laptop, describe, "/home/public")},
		"the other account": {s.others, snapshot(s, s.Laptop, exactly, "/home/other")},
		"outside the home":  {s.outside, snapshot(s, s.Laptop, strewn, "/")},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			s.Errorf("%s %s is not as it was (-then +now):\n%s", when, name, diff)
		}
	}
}

// witnessed wants everything to have been in order before anybody could sign in.
func (s *story) witnessed() {
	s.Helper()
	s.Must("while [ ! -e /run/laptop-witness/done ]; do sleep 0.2; done")
	if got := s.state(s.Get("/run/laptop-witness/state")); got != state.Clean {
		s.Errorf("when one could sign in, the state was %q", got)
	}
	if diff := cmp.Diff(s.home, parseTree(string(s.Get("/run/laptop-witness/home")))); diff != "" {
		s.Errorf("when one could sign in, the home was not as it should be (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(s.outside, parseTree(string(s.Get("/run/laptop-witness/outside")))); diff != "" {
		s.Errorf("when one could sign in, there was more outside the home (-want +got):\n%s", diff)
	}
	times := strings.Fields(string(s.Get("/run/laptop-witness/units")))
	if len(times) != 4 || times[0] != "active" || times[2] != "active" {
		s.Fatalf("the units: %q", times)
	}
	ready, _ := strconv.Atoi(times[1])
	open, _ := strconv.Atoi(times[3])
	if ready == 0 || open <= ready {
		s.Errorf("one could sign in at %d µs, the service was ready at %d µs", open, ready)
	}
}

// A person signs out, and the next one finds nothing.
func signOut(s *story) {
	left := s.session()
	begun := time.Now()
	s.SignOut()
	s.awaitReady("after signing out")
	s.Logf("ready %.1f s after signing out", time.Since(begun).Seconds())
	s.same("after signing out")
	s.gone(left, true)

	s.SignIn("public", `find . ! -path ./.cache ! -path './.config/systemd*' | LC_ALL=C sort >"$XDG_RUNTIME_DIR/seen"`)
	var want []string
	for name := range s.home {
		if !strings.HasSuffix(name, " content") && !strings.HasSuffix(name, " flags") {
			want = append(want, strings.TrimSuffix("./"+name, "/"))
		}
	}
	slices.Sort(want)
	want[0] = "."
	seen := strings.Split(strings.TrimSpace(string(s.Get("/run/user/"+account+"/seen"))), "\n")
	if diff := cmp.Diff(want, seen); diff != "" {
		s.Errorf("the next person found (-want +got):\n%s", diff)
	}
	s.SignOut()
	s.awaitReady("after the next person")
}

// A session is also what su opens.
func switchUser(s *story) {
	left := newTraces(s)
	s.Put(left.archive(s), archived, 0o644)
	if _, code := s.RunIn(left.script(), "su", "-", "public"); code != 0 {
		s.Fatalf("the session ended with %d", code)
	}
	s.Must("rm " + archived)
	s.awaitReady("after the session")
	s.same("after the session")
	s.gone(left, true)
}

// The battery dies in the middle of a wipe.
func cutInWipe(s *story) {
	rounds := 3
	if os.Getenv("IPGUARD_TEST_ROUNDS") == "full" {
		rounds = 20
	}
	const command = "ipguard wipe --yes --documents=hold --json"
	begun := time.Now()
	s.session()
	planted := time.Now()
	s.Run("sh", "-c", command)
	length := time.Since(planted)
	s.Logf("a session took %.1f s, a wipe %.1f s", planted.Sub(begun).Seconds(), length.Seconds())
	s.SignOut()
	s.awaitReady("after the wipe that was measured")

	seed := uint64(time.Now().UnixNano())
	s.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		left := s.session()
		// Every part of a wipe gets its share of the cuts.
		how, within := command, length
		if round%2 == 0 { // and that somebody signed out is noticed a little later
			how, within = "systemctl stop laptop-session; sleep 60", length+time.Second
		}
		delay := time.Duration((float64(round) + random.Float64()) / float64(rounds) * float64(within))
		ended := s.Begin("sh", "-c", how)
		time.Sleep(delay)
		s.Cut()
		<-ended
		mounted(s, s.Check(), func(dir string) {
			s.Logf("round %d: cut after %.2f s, state %s, %d things of the session on the disk, %d documents aside", round+1, delay.Seconds(),
				s.stateIn(filepath.Join(dir, own)), len(residue(s, dir, left.mark, func(string) bool { return false })),
				len(s.index(filepath.Join(dir, own, "accounts", account, "held"))))
		})
		s.Boot()
		s.witnessed()
		s.awaitReady("after the cut")
		s.same("after the cut")
		s.gone(left, true)
		if s.Failed() {
			s.Fatalf("round %d failed", round+1)
		}
	}
}

// The battery dies in the middle of a session. What the person would miss is kept, until the deadline.
func cutInSession(s *story) {
	left := s.session()
	s.Cut()
	s.Boot()
	s.witnessed()
	s.awaitReady("after the cut")
	s.same("after the cut")
	s.gone(left, true)

	s.Must("date -s '+29 minutes' >/dev/null")
	time.Sleep(3 * time.Second)
	if s.held() == 0 {
		s.Error("the documents went before their deadline")
	}
	s.Must("date -s '+2 minutes' >/dev/null")
	begun := time.Now()
	for s.held() > 0 && time.Since(begun) < 90*time.Second {
		time.Sleep(time.Second)
	}
	s.Logf("%d documents are held %.0f s after the deadline", s.held(), time.Since(begun).Seconds())
	s.gone(left, false)
	s.Must("date -s '-31 minutes' >/dev/null")
}

// A laptop that was off at the deadline destroys what is overdue when it starts.
func deadlineWhileOff(s *story) {
	left := s.session()
	s.SignOut()
	s.awaitReady("after signing out")
	if s.held() == 0 {
		s.Error("no document is held")
	}
	s.Cut()
	s.BootAt(time.Now().Add(31 * time.Minute))
	s.witnessed()
	s.awaitReady("after the boot")
	for range 30 {
		if s.held() == 0 {
			break
		}
		time.Sleep(time.Second)
	}
	s.gone(left, false)
	s.Down()
}

// The laptop is turned off while somebody is signed in.
func powerOff(s *story) {
	left := s.session()
	begun := time.Now()
	s.Down()
	s.Logf("off after %.1f s", time.Since(begun).Seconds())
	s.gone(left, true)
	s.Boot()
	s.witnessed()
	s.awaitReady("after the boot")
	s.same("after the boot")
	s.gone(left, true)
}
