package governor

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent/watch"
	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/browser/managed/managedtest"
	"ipguard/policy"
)

// heard keeps what a keeper tells.
type heard struct {
	mu  sync.Mutex
	all []Change
}

func (h *heard) tell(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, c)
}

func (h *heard) count(of func(Change) bool) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.all {
		if of(c) {
			n++
		}
	}
	return n
}

// keep runs a keeper until the test ends, and returns when it has written the settings and listens.
func keep(t *testing.T, g *Governor, w Watcher) *heard {
	t.Helper()
	h := &heard{}
	ctx, cancel := context.WithCancel(t.Context())
	ended, listens := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		g.Keep(ctx, func(ctx context.Context, folders func() []string, changed chan<- struct{}) error {
			var once sync.Once
			return w(ctx, func() []string {
				defer once.Do(func() { time.AfterFunc(50*time.Millisecond, func() { close(listens) }) })
				return folders()
			}, changed)
		}, h.tell)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("the keeper does not end")
		}
	})
	<-listens
	return h
}

// Whatever happens to the settings, nobody may work for long with a browser that forgets them, and nothing of others may be
// lost over it.
func TestKeepDamages(t *testing.T) {
	// They wait for quiet more than they work, so that more of them go on at once than there are processors.
	seats := make(chan struct{}, 12)
	var all sync.WaitGroup
	defer all.Wait()
	for _, format := range []browser.Format{browser.JSONFolder, browser.PoliciesJSON} {
		for _, d := range managedtest.Damages() {
			if len(d.Formats) > 0 && !slices.Contains(d.Formats, format) {
				continue
			}
			seats <- struct{}{}
			all.Go(func() {
				defer func() { <-seats }()
				t.Run(strings.ReplaceAll(string(format)+" "+d.Name, " ", "_"), func(t *testing.T) { keepDamage(t, format, d) })
			})
		}
	}
}

func keepDamage(t *testing.T, format browser.Format, d managedtest.Damage) {
	// What there is to do about it is found out on another laptop, which nobody keeps.
	id, twin := "chromium", newLaptop(t)
	if format == browser.PoliciesJSON {
		id = "firefox"
	}
	still := twin.governor(nil)
	if _, err := still.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Do(t, twin.target(t, format))
	matters := words(t, still)[id] != Enforced
	all, err := still.Apply(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	writes := changed(all) > 0

	l := newLaptop(t)
	g := l.governor(nil)
	h := keep(t, g, watch.Dirs)
	if w := words(t, g)[id]; w != Enforced {
		t.Fatalf("%s before anything happened", w)
	}
	theirs := d.Do(t, l.target(t, format))
	if writes {
		soon(t, "a repair", func() bool { return h.count(func(c Change) bool { return c.Repaired > 0 }) > 0 })
	}
	switch {
	case matters && !d.Repairable:
		soon(t, "a word about it", func() bool {
			return h.count(func(c Change) bool { return c.Failing > 0 }) > 0 && words(t, g)[id] == NotEffective
		})
	default:
		soon(t, "enforced", func() bool { return words(t, g)[id] == Enforced })
	}
	for name, text := range theirs {
		now, err := os.ReadFile(name)
		if err != nil || string(now) != text {
			t.Errorf("a file of others is not as it was: %v", err)
		}
	}
}

// target is the place of a format.
func (l *laptop) target(t *testing.T, format browser.Format) managedtest.Target {
	t.Helper()
	at := managedtest.Target{
		Format: format, Own: l.prefix + "/etc/chromium/policies/managed/zz-ipguard.json", Decisive: "IncognitoModeAvailability",
		Elsewhere: l.prefix + "/elsewhere",
	}
	if format == browser.PoliciesJSON {
		at.Own, at.Decisive = l.prefix+"/etc/firefox/policies/policies.json", "PrivateBrowsingModeAvailability"
		at.Instead = l.prefix + "/usr/lib/firefox-esr/distribution/policies.json"
	}
	if err := os.Mkdir(at.Elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	return at
}

// Where the system tells of no change the settings must be read now and then.
func TestKeepBlind(t *testing.T) {
	l := newLaptop(t)
	g := l.governor(nil)
	h := keep(t, g, func(_ context.Context, folders func() []string, _ chan<- struct{}) error {
		folders()
		return os.ErrPermission
	})
	if err := os.Remove(l.prefix + "/etc/chromium/policies/managed/zz-ipguard.json"); err != nil {
		t.Fatal(err)
	}
	soon(t, "a repair", func() bool { return h.count(func(c Change) bool { return c.Repaired > 0 }) > 0 })
}

// A registry tells nobody of its changes: it is looked at again and again.
func TestKeepRegistry(t *testing.T) {
	l := newLaptop(t)
	synctest.Test(t, func(t *testing.T) {
		g, r := l.governor(nil), managedtest.NewRegistry()
		g.Store = func(p browser.Place, family browser.Family, _ string) (managed.Store, error) {
			return managed.NewRegistryStore(r, browser.Place{Format: browser.RegistryKey, Path: strings.ReplaceAll(p.Path[1:], "/", `\`)}, family, ""), nil
		}
		const key, name = `etc\chromium\policies\managed`, "IncognitoModeAvailability"
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			g.Keep(ctx, watchNothing, func(Change) {})
		}()
		synctest.Wait()
		for range 2 {
			if c, err := r.Read(key); err != nil || c.Values[name].Int != 2 {
				t.Fatalf("private windows are not forced: %v, %v", c.Values[name], err)
			}
			if err := r.Delete(key, name); err != nil {
				t.Fatal(err)
			}
			time.Sleep(15 * time.Second)
			synctest.Wait()
		}
		cancel()
		<-ended
	})
}

// watchNothing listens and hears nothing.
func watchNothing(ctx context.Context, folders func() []string, _ chan<- struct{}) error {
	folders()
	<-ctx.Done()
	return nil
}

// Another program that keeps changing the settings back must be told about, not fought without end.
func TestKeepContested(t *testing.T) {
	l := newLaptop(t)
	g := l.governor(nil)
	h := keep(t, g, watch.Dirs)
	own := l.prefix + "/etc/chromium/policies/managed/zz-ipguard.json"
	stop := make(chan struct{})
	var other sync.WaitGroup
	defer other.Wait()
	defer close(stop)
	other.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				_ = os.WriteFile(own, []byte(`{"IncognitoModeAvailability": 0}`), 0o644)
			}
		}
	})
	soon(t, "a word about it", func() bool { return h.count(func(c Change) bool { return c.Contested }) > 0 })
	report, err := g.Check(t.Context(), l.acct)
	if err != nil || !report.Contested {
		t.Errorf("the report says nothing of it: %v", err)
	}
}

// When policy wants browsers left alone the keeper has nothing to do.
func TestKeepUnmanaged(t *testing.T) {
	l := newLaptop(t)
	g := l.governor(func(p *policy.Browsers) { p.Mode = policy.BrowsersUnmanaged })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.Keep(t.Context(), watch.Dirs, func(Change) {})
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	if left := tree(t, filepath.Join(l.prefix, "etc")); len(left) > 0 {
		t.Errorf("written: %v", left)
	}
}

// What stays wrong must not fill the log.
func TestKeepTellsOnce(t *testing.T) {
	l := newLaptop(t)
	l.write(t, "/etc/chromium/policies/managed/zzzz.json", `{"IncognitoModeAvailability": 0}`)
	g := l.governor(nil)
	looked := make(chan struct{})
	h := keep(t, g, func(ctx context.Context, folders func() []string, changed chan<- struct{}) error {
		folders()
		for range 5 {
			changed <- struct{}{}
		}
		changed <- struct{}{} // there is room for one: four were taken
		close(looked)
		<-ctx.Done()
		return nil
	})
	<-looked
	if n := h.count(func(c Change) bool { return c.Failing > 0 }); n != 1 {
		t.Errorf("told %d times", n)
	}
	if w := words(t, g)["chromium"]; w != NotEffective {
		t.Errorf("%s", w)
	}
}
