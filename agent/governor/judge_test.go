package governor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/browser/rows"
	"ipguard/policy"
)

// What is told of a browser must never be better than what was seen.
func TestJudge(t *testing.T) {
	written := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	proven := browser.Place{Format: browser.JSONFolder, Path: "/etc/x", Proof: browser.Measured}
	unproven := browser.Place{Format: browser.JSONFolder, Path: "/etc/x", Proof: browser.Unproven}
	private := managed.Settings{Private: true, Decisive: "Forced"}
	counted := rows.Count{Known: true}
	finding := func(c managed.Code, decisive bool) []managed.Finding {
		return []managed.Finding{{Code: c, Setting: "Forced", Decisive: decisive}}
	}
	for _, c := range []struct {
		name    string
		mode    policy.BrowserMode
		e       evidence
		word    Word
		reasons []Reason
	}{
		{"all as it should be", "", evidence{place: proven, known: true, settings: private, rows: counted}, Enforced, nil},
		{"not there", "", evidence{place: proven, known: true, settings: private, rows: counted, findings: finding(managed.CodeMissing, true)},
			NotEffective, []Reason{ReasonMissing}},
		{"not there and not writable", "", evidence{place: proven, known: true, settings: private, rows: counted, broken: true,
			findings: finding(managed.CodeMissing, true)}, NotEffective, []Reason{ReasonMissing, ReasonUnwritable}},
		{"less important", "", evidence{place: proven, known: true, settings: private, rows: counted, findings: finding(managed.CodeOverridden, false)},
			Enforced, []Reason{ReasonPartly}},
		{"opened before", "", evidence{place: proven, known: true, settings: private, rows: counted, since: written,
			runs: []run{{started: written.Add(-time.Minute)}}}, NotEffective, []Reason{ReasonRestart}},
		{"opened after", "", evidence{place: proven, known: true, settings: private, rows: counted, since: written,
			runs: []run{{started: written.Add(time.Minute)}}}, Enforced, nil},
		{"one of two opened before", "", evidence{place: proven, known: true, settings: private, rows: counted, since: written,
			runs: []run{{started: written.Add(time.Minute)}, {started: written.Add(-time.Minute)}}}, NotEffective, []Reason{ReasonRestart}},
		{"an ordinary window was used", "", evidence{place: proven, known: true, settings: private, rows: rows.Count{Known: true, Visits: 1}},
			NotEffective, []Reason{ReasonRows}},
		{"cookies alone tell too", "", evidence{place: proven, known: true, settings: private, rows: rows.Count{Known: true, Cookies: 2}},
			NotEffective, []Reason{ReasonRows}},
		{"rows that could not all be counted", "", evidence{place: proven, known: true, settings: private, rows: rows.Count{Visits: 2}},
			NotEffective, []Reason{ReasonRows, ReasonUnreadRows}},
		{"data that could not be read", "", evidence{place: proven, known: true, settings: private},
			Enforced, []Reason{ReasonUnreadRows}},
		{"shut off", "", evidence{place: proven, known: true, settings: private, rows: counted, runs: []run{{apart: true}}},
			NotVerifiable, []Reason{ReasonApart}},
		{"data elsewhere", "", evidence{place: proven, known: true, settings: private, rows: counted, runs: []run{{elsewhere: true}}},
			Enforced, []Reason{ReasonElsewhere}},
		{"unproven", "", evidence{place: unproven, known: true, settings: private, rows: counted}, NotVerifiable, []Reason{ReasonUnproven}},
		{"unproven and used", "", evidence{place: unproven, known: true, settings: private, rows: rows.Count{Known: true, Visits: 9}},
			NotEffective, []Reason{ReasonRows}},
		{"no forced private windows", "", evidence{place: proven, known: true, rows: rows.Count{Known: true, Visits: 9}},
			Ephemeral, []Reason{ReasonNoPrivate}},
		{"no forced private windows, settings gone", "", evidence{place: proven, known: true, rows: counted, findings: finding(managed.CodeMissing, false)},
			NotEffective, []Reason{ReasonMissing, ReasonPartly}},
		{"wanted so", policy.BrowsersEphemeral, evidence{place: proven, known: true, rows: counted}, Ephemeral, []Reason{ReasonByPolicy}},
		{"left alone", policy.BrowsersUnmanaged, evidence{place: proven, known: true, rows: counted}, Unmanaged, []Reason{ReasonByPolicy}},
		{"no way", "", evidence{known: true, rows: counted}, NotSupported, []Reason{ReasonNoWay}},
		{"not known and unpacked", "", evidence{portable: true, rows: counted}, NotSupported, []Reason{ReasonUnknown, ReasonPortable}},
	} {
		if c.mode == "" {
			c.mode = policy.BrowsersPrivate
		}
		word, reasons := judge(c.e, c.mode)
		if word != c.word {
			t.Errorf("%s: %s, want %s", c.name, word, c.word)
		}
		if diff := cmp.Diff(c.reasons, reasons); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

// Two programs that undo each other's work must not keep the machine busy, and a single accident must be mended at once.
func TestStreak(t *testing.T) {
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	var s streak
	for range patience {
		if s.repaired(now); s.not.After(now) {
			t.Fatal("a repair waits though there were few")
		}
	}
	if s.contested(now) {
		t.Error("contested after a few repairs")
	}
	before := time.Duration(0)
	for range 20 {
		s.repaired(now)
		pause := s.not.Sub(now)
		if pause <= 0 || pause < before || pause > pauseMost {
			t.Fatalf("a pause of %v after one of %v", pause, before)
		}
		before = pause
		now = s.not
	}
	if before != pauseMost || !s.contested(now) {
		t.Errorf("the pause ends up at %v, contested: %v", before, s.contested(now))
	}
	now = now.Add(calm + time.Second)
	if s.contested(now) {
		t.Error("contested though it is calm")
	}
	if s.repaired(now); s.not.After(now) {
		t.Error("the first repair after a calm time waits")
	}
}
