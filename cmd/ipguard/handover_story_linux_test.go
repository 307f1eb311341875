package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipguard/agent/state"
	"ipguard/browser/browsertest"
)

// restart ends the service as a power cut does, and starts it as the machine does.
func (d *daemonOf) restart() {
	d.Helper()
	d.kill()
	if err := os.Remove(bootMark("linux", d.socket(), d.state).path); err != nil {
		d.Fatal(err)
	}
	d.begin()
	d.eventually("the laptop is ready", func() bool {
		s, err := d.ask()
		return err == nil && s.State == state.Clean
	})
}

// What a person has scanned outlives the laptop going down beneath it, waits until they are back, and is gone at the deadline
// when they do not come.
func TestScanAndACut(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	if err := os.WriteFile(filepath.Join(l.state, "policy.yaml"), []byte("version: 1\ndocuments:\n  hold_for: 1m\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := l.serve()
	l.setPIN("735190")
	desk := browsertest.NewDesktop(t, l.user)
	l.as(`mkdir -p Documents`)
	desk.Scan(t, l.path("Documents/Scan.pdf"))
	scan, err := os.ReadFile(l.path("Documents/Scan.pdf"))
	if err != nil || !bytes.HasPrefix(scan, []byte("%PDF-")) {
		t.Fatalf("%d bytes, %v", len(scan), err)
	}
	desk.Kill(t)
	d.restart()
	if held := l.batches(); len(held) != 1 {
		t.Fatalf("held: %+v", held)
	}
	exists(t, false, l.path("Documents/Scan.pdf"))
	d.restart()
	if r := l.typed("735190\n", "documents", "back", "--account", l.user.Name); r.code != exitDone {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	found, _ := filepath.Glob(l.path("Documents given back*/Scan.pdf"))
	if len(found) != 1 {
		t.Fatalf("given back: %d", len(found))
	}
	if back, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(back, scan) {
		t.Errorf("%d bytes, %v; want %d", len(back), err, len(scan))
	}
	l.wipe(exitDone, "--documents=hold")
	if held := l.batches(); len(held) != 1 || held[0].LeftMinutes > 1 {
		t.Fatalf("held: %+v", held)
	}
	d.restart()
	l.eventually("the deadline", func() bool { return len(l.batches()) == 0 })
	if left, _ := filepath.Glob(filepath.Join(l.accountDir(), "held", "*")); len(left) > 0 {
		t.Errorf("%d batches are left", len(left))
	}
}

// A person runs for the bus and leaves all as it is. Their papers wait, then they let it be known that nobody needs them; the
// next person's Firefox knows nothing of them, and their name is nowhere.
func TestLeftForTheBus(t *testing.T) {
	l := newLaptop(t)
	firefox := func(site *browsertest.Site) *browsertest.Browser {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		t.Cleanup(cancel)
		b, err := browsertest.StartFirefox(ctx, l.user, site)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := firefox(browsertest.NewSite(t, "operator")).Close(); err != nil {
		t.Fatal(err)
	}
	l.enroll()
	l.wipe(exitDone, "--documents=refuse")
	l.serve()
	l.setPIN("735190")
	before := snapshot(t, l.user.Home)

	site := browsertest.NewSite(t, fmt.Sprintf("ipgt%016x", rand.Uint64()))
	firefox(site)
	l.as(`mkdir -p Documents; echo "Dear ` + site.Marker + `" > "Documents/Letter of ` + site.Marker + `.odt"`)
	if search(l, site.Marker) == 0 {
		t.Fatal("the visit left nothing: the test would prove nothing")
	}
	l.wipe(exitDone, "--documents=hold")
	if held := l.batches(); len(held) != 1 || held[0].Count == 0 {
		t.Fatalf("held: %+v", held)
	}
	if n := search(l, site.Marker); n > 0 { // but in the holding folder
		t.Errorf("%d places still hold the person's traces", n)
	}
	same(t, l.user.Home, before)
	if r := l.typed("735190\n", "documents", "back", "--account", l.user.Name); r.code != exitDone {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	if r := l.ipguardAs("documents", "refuse", "--yes", "--account", l.user.Name); r.code != exitDone {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	l.wipe(exitDone, "--documents=refuse")
	same(t, l.user.Home, before)

	firefox(browsertest.NewSite(t, "nextperson"))
	roots, err := browsertest.Writable(l.user)
	if err != nil {
		t.Fatal(err)
	}
	hits, err := browsertest.Find(t.Context(), append(roots, l.user.Home, filepath.Dir(l.state)), nil, site.Marker)
	if err != nil || len(hits) > 0 {
		t.Errorf("%d places still hold the person's traces: %v", len(hits), err)
	}
	l.wipe(exitDone)
}
