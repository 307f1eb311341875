package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
)

// laptop is an agent in a folder of its own, with a clock that the test sets and mounts that it can add.
type laptop struct {
	testing.TB
	*agent.Throwaway
	now    time.Time
	mounts []host.Mount
}

// machine is the real one with further mounts.
type machine struct {
	agent.Machine
	l *laptop
}

func (m machine) Mounts() ([]host.Mount, error) {
	all, err := m.Machine.Mounts()
	return append(all, m.l.mounts...), err
}

// newLaptop makes an account with a few files.
func newLaptop(t testing.TB) *laptop {
	t.Helper()
	l := &laptop{TB: t, now: time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)}
	th, err := agent.NewThrowaway(t.TempDir(), "linux", machine{host.New("linux"), l}, os.Geteuid(), func() time.Time { return l.now })
	if err != nil {
		t.Fatal(err)
	}
	l.Throwaway = th
	l.write("Documents/form.odt", "an empty form")
	l.write(".config/app/rc", "setting")
	return l
}

func (l *laptop) path(rel string) string { return filepath.Join(l.Account.Home, rel) }

func (l *laptop) write(rel, content string) {
	l.Helper()
	if err := os.MkdirAll(filepath.Dir(l.path(rel)), 0o755); err != nil {
		l.Fatal(err)
	}
	if err := os.WriteFile(l.path(rel), []byte(content), 0o600); err != nil {
		l.Fatal(err)
	}
}

func (l *laptop) content(rel string) string {
	data, err := os.ReadFile(l.path(rel))
	if err != nil {
		return ""
	}
	return string(data)
}

func (l *laptop) enroll() agent.Summary {
	l.Helper()
	sum, err := l.Enroll(context.Background(), agent.EnrollRequest{Account: l.Account})
	if err != nil {
		l.Fatal(err)
	}
	return sum
}

func (l *laptop) wipe(choice agent.Choice, want wipe.Verdict) wipe.Report {
	l.Helper()
	rep, err := l.Wipe(context.Background(), agent.Request{Account: l.Account, Documents: choice})
	if err != nil {
		l.Fatal(err)
	}
	if rep.Verdict != want {
		l.Fatalf("verdict %q, want %q: %+v", rep.Verdict, want, rep.Results)
	}
	return rep
}

func (l *laptop) status() agent.Status {
	l.Helper()
	s, err := l.Status(context.Background(), l.Account)
	if err != nil {
		l.Fatal(err)
	}
	return s
}

// held counts the files in the holding folder, of any kind.
func (l *laptop) held() int {
	l.Helper()
	st, err := l.State.Account(l.Account.ID)
	if err != nil {
		l.Fatal(err)
	}
	n := 0
	if err := filepath.WalkDir(st.HeldDir(), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	}); err != nil {
		l.Fatal(err)
	}
	return n
}

func has(rows []wipe.Result, outcome wipe.Outcome, code wipe.Code) int {
	n := 0
	for _, r := range rows {
		if r.Outcome == outcome && r.Code == code {
			n += r.Count
		}
	}
	return n
}

// What is new in a folder that a keep rule names stays, and every report says so.
func TestKeepRule(t *testing.T) {
	l := newLaptop(t)
	l.Policy.Keep = append(l.Policy.Keep, policyKeep("DOCUMENTS", "Shared"))
	l.write("Documents/Shared/rota.ods", "as enrolled")
	l.enroll()
	for _, choice := range []agent.Choice{agent.Refuse, agent.Hold} {
		l.write("Documents/Shared/new.odt", "kept")
		l.write("Documents/Shared/deep/er.odt", "kept too")
		l.write("Documents/Shared/rota.ods", "changed")
		l.write("Documents/private.odt", "not kept")
		rep := l.wipe(choice, wipe.Complete)
		if l.content("Documents/Shared/new.odt") != "kept" || l.content("Documents/Shared/deep/er.odt") != "kept too" {
			t.Errorf("%s: a file that the rule keeps is gone", choice)
		}
		if l.content("Documents/Shared/rota.ods") != "changed" {
			t.Errorf("%s: a change that the rule allows was undone", choice)
		}
		if l.content("Documents/private.odt") != "" {
			t.Errorf("%s: a file next to the kept folder stayed", choice)
		}
		if n := has(rep.Results, wipe.Skipped, wipe.CodeKeepRule); n < 2 {
			t.Errorf("%s: %d kept things counted, want the two files at least", choice, n)
		}
		s := l.status()
		if s.State != state.Clean || has(s.Results, wipe.Skipped, wipe.CodeKeepRule) < 2 {
			t.Errorf("%s: status %s %+v", choice, s.State, s.Results)
		}
	}
}

// A home on another machine's disk is never touched, whatever is to go elsewhere goes, and nobody says clean. The network
// mount is one in the list of mounts only: a real one cannot be had here.
func TestHomeOnANetworkMountFaked(t *testing.T) {
	l := newLaptop(t)
	nfs := host.Mount{ID: 99999, Point: l.Account.Home, Root: "/", FSType: "nfs4", Source: "server:/homes"}
	l.mounts = []host.Mount{nfs}
	if _, err := l.Enroll(context.Background(), agent.EnrollRequest{Account: l.Account}); err == nil || !isNetwork(err) {
		t.Fatalf("enrolling: %v, want ErrNetworkHome", err)
	}
	l.mounts = nil
	l.enroll()
	l.mounts = []host.Mount{nfs}
	l.write("Documents/private.odt", "x")
	outside := filepath.Join(l.Prefix, "tmp", "left")
	if err := os.MkdirAll(filepath.Dir(outside), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, choice := range []agent.Choice{agent.Refuse, agent.Hold} {
		rep := l.wipe(choice, wipe.Incomplete)
		if has(rep.Results, wipe.Residual, wipe.CodeNetwork) != 1 {
			t.Errorf("%s: the network is not the reason: %+v", choice, rep.Results)
		}
		if l.content("Documents/private.odt") != "x" {
			t.Errorf("%s: a file on a network disk was touched", choice)
		}
	}
	if _, err := os.Lstat(outside); !os.IsNotExist(err) {
		t.Errorf("what lies outside the home stayed: %v", err)
	}
	if s := l.status(); s.State == state.Clean {
		t.Error("clean was said")
	}
}
