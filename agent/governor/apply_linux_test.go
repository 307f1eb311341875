package governor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/policy"
)

// What ipguard leaves behind must be what was there before, byte for byte.
func TestApplyAndRemove(t *testing.T) {
	l := newLaptop(t)
	l.write(t, "/etc/chromium/policies/managed/org.json", `{"HomepageLocation": "https://example.org"}`)
	l.write(t, "/usr/lib/firefox-esr/distribution/policies.json", `{"policies": {"DisablePocket": true}}`)
	before := tree(t, filepath.Join(l.prefix, "etc"))
	g := l.governor(nil)
	if diff := cmp.Diff(map[string]Word{"chromium": NotEffective, "firefox": NotEffective}, words(t, g)); diff != "" {
		t.Fatalf("nothing is set: (-want +got)\n%s", diff)
	}
	all, err := g.Apply(t.Context())
	if err != nil || changed(all) < 2 {
		t.Fatalf("%d places written, %v", changed(all), err)
	}
	for _, o := range all {
		if o.Err != nil || o.Failing() || len(o.Findings) > 0 {
			t.Errorf("%s: %v %v", o.Place.Path, o.Err, o.Findings)
		}
	}
	if diff := cmp.Diff(map[string]Word{"chromium": Enforced, "firefox": Enforced}, words(t, g)); diff != "" {
		t.Errorf("all is set: (-want +got)\n%s", diff)
	}
	if all, err = g.Apply(t.Context()); err != nil || changed(all) != 0 {
		t.Errorf("a second time: %d places written, %v", changed(all), err)
	}
	// Another run, which knows only what is written down.
	if _, err := l.governor(nil).Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, filepath.Join(l.prefix, "etc"))); diff != "" {
		t.Errorf("what is left: (-before +after)\n%s", diff)
	}
}

// A laptop on which policy says to leave browsers alone must get back what ipguard had set.
func TestUnmanaged(t *testing.T) {
	l := newLaptop(t)
	if _, err := l.governor(nil).Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	g := l.governor(func(p *policy.Browsers) { p.Mode = policy.BrowsersUnmanaged })
	if _, err := g.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := tree(t, filepath.Join(l.prefix, "etc/chromium")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if diff := cmp.Diff(map[string]Word{"chromium": Unmanaged, "firefox": Unmanaged}, words(t, g)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The word must follow what is seen of the account, too.
func TestCheckEvidence(t *testing.T) {
	l := newLaptop(t)
	g := l.governor(nil)
	if _, err := g.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	chromium := "/usr/lib/chromium/chromium"
	for _, c := range []struct {
		name     string
		commands []host.Command
		counts   map[rows.Profile]rows.Count
		want     Word
		reasons  []Reason
		running  int
	}{
		{name: "nothing runs", want: Enforced},
		{name: "opened after", want: Enforced, running: 1,
			commands: []host.Command{{Exe: chromium, Arguments: []string{"chromium"}, Started: now.Add(time.Minute)}}},
		{name: "opened before", want: NotEffective, reasons: []Reason{ReasonRestart}, running: 1,
			commands: []host.Command{{Exe: chromium, Arguments: []string{"chromium"}, Started: now.Add(-time.Hour)},
				{Exe: chromium, Arguments: []string{"chromium", "--type=renderer"}, Started: now.Add(-time.Hour)}}},
		{name: "other settings in the same place", want: NotVerifiable, reasons: []Reason{ReasonApart}, running: 1,
			commands: []host.Command{{Exe: chromium, Arguments: []string{"chromium"}, Started: now.Add(time.Minute), OwnMounts: true}}},
		{name: "visits", want: NotEffective, reasons: []Reason{ReasonRows},
			counts: map[rows.Profile]rows.Count{{Family: browser.Chromium, Dir: "/home/public/.config/chromium/Default"}: {Known: true, Visits: 1}}},
		{name: "visits in a folder given on the command line", want: NotEffective, reasons: []Reason{ReasonRows, ReasonElsewhere}, running: 1,
			commands: []host.Command{{Exe: chromium, Arguments: []string{"chromium", "--user-data-dir=/tmp/x"}, Started: now.Add(time.Minute)}},
			counts:   map[rows.Profile]rows.Count{{Family: browser.Chromium, Dir: "/tmp/x/Default"}: {Known: true, Cookies: 3}}},
		{name: "a profile that was never made", want: Enforced,
			counts: map[rows.Profile]rows.Count{{Family: browser.Chromium, Dir: "/home/public/.config/chromium/Default"}: {Code: rows.Gone}}},
		{name: "a profile that cannot be read", want: Enforced, reasons: []Reason{ReasonUnreadRows},
			counts: map[rows.Profile]rows.Count{{Family: browser.Chromium, Dir: "/home/public/.config/chromium/Default"}: {Code: rows.Broken}}},
	} {
		l.commands, l.counts = c.commands, c.counts
		report, err := g.Check(t.Context(), l.acct)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range report.Browsers {
			if b.ID != "chromium" {
				continue
			}
			if b.Word != c.want || !cmp.Equal(b.Reasons, c.reasons) || b.Running != c.running {
				t.Errorf("%s: %s %v, %d running; want %s %v, %d", c.name, b.Word, b.Reasons, b.Running, c.want, c.reasons, c.running)
			}
		}
	}
}

// A browser that nobody installed must not go unseen because its name tells nothing.
func TestStrangers(t *testing.T) {
	l := newLaptop(t)
	g := l.governor(nil)
	if _, err := g.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"resources.pak", "icudtl.dat", "chrome_100_percent.pak", "v8_context_snapshot.bin", "calc"} {
		l.write(t, "/media/stick/tools/"+name, "x")
	}
	if err := os.Chmod(l.prefix+"/media/stick/tools/calc", 0o755); err != nil {
		t.Fatal(err)
	}
	l.commands = []host.Command{{Exe: "/media/stick/tools/calc", Arguments: []string{"calc"}, Started: time.Now()}}
	report, err := g.Check(t.Context(), l.acct)
	if err != nil {
		t.Fatal(err)
	}
	last := report.Browsers[len(report.Browsers)-1]
	if last.ID != browser.Unknown || last.Word != NotSupported || last.Running != 1 {
		t.Errorf("a browser on a stick: %+v", last)
	}
}

func changed(all []Outcome) int {
	n := 0
	for _, o := range all {
		if o.Changed {
			n++
		}
	}
	return n
}
