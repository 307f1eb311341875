package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ipguard/browser/browsertest"
)

// Two real browsers are used by an ordinary account, without private mode, on a site that leaves everything that a site
// can leave. After the wipe no trace of it is in any file or name that the account could write, whether the browsers
// were closed or are still open, and the second session is like the first. The eID set-up of the laptop is still there.
func TestBrowsersLeaveNothing(t *testing.T) {
	l := newLaptop(t)
	prepareEID(l)
	firstStart(l)
	l.enroll()
	l.wipe(exitDone) // what enrollment left out goes
	before := snapshot(t, l.user.Home)
	for _, eid := range []string{
		".config/chromium/NativeMessagingHosts/be.example.eid.json", ".mozilla/native-messaging-hosts/be.example.eid.json",
		".pki/nssdb/pkcs11.txt",
	} {
		if _, ok := before[eid]; !ok {
			t.Errorf("the wipe took %s of the laptop's eID set-up", eid)
		}
	}
	if modules, _ := filepath.Glob(l.path(".config/mozilla/firefox/*/pkcs11.txt")); len(modules) == 0 {
		t.Error("the wipe took the list of PKCS#11 modules out of the Firefox profile")
	}
	l.status(exitDone)
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprintf("open=%v", open), func(t *testing.T) {
			l.TB = t
			site := browsertest.NewSite(t, fmt.Sprintf("ipgt%016x", rand.Uint64()))
			visit(l, site, open)
			if hits := search(l, site.Marker); hits == 0 {
				t.Fatal("the visit left nothing: the test would prove nothing")
			}
			l.status(exitNotClean)
			r := l.wipe(exitDone)
			t.Logf("wipe with browsers open=%v: %.1f s, %+v", open, r.answer.Seconds, r.answer.Totals)
			if n := search(l, site.Marker); n > 0 {
				t.Errorf("%d places still hold the person's traces", n)
			}
			same(t, l.user.Home, before)
			l.status(exitDone)
		})
	}
}

// prepareEID gives the laptop what an installer of the eID software does.
func prepareEID(l *laptop) {
	l.as(`mkdir -p .config/chromium/NativeMessagingHosts .mozilla/native-messaging-hosts .pki/nssdb
		echo '{"name":"be.example.eid","path":"/usr/lib/eid-host","type":"stdio"}' > .config/chromium/NativeMessagingHosts/be.example.eid.json
		cp .config/chromium/NativeMessagingHosts/be.example.eid.json .mozilla/native-messaging-hosts/
		printf 'library=/usr/lib/libbeidpkcs11.so.0\nname=Belgium eID PKCS11\n' > .pki/nssdb/pkcs11.txt
		mkdir -p .config/mozilla/firefox`)
}

// firstStart lets both browsers make their profiles, as an operator does who looks at them before enrolling.
func firstStart(l *laptop) {
	site := browsertest.NewSite(l, "operator")
	visit(l, site, false)
}

// visit uses both browsers at once; they stay open, with a download under way, or are closed.
func visit(l *laptop, site *browsertest.Site, stayOpen bool) {
	l.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	l.Cleanup(cancel)
	type started struct {
		b   *browsertest.Browser
		err error
	}
	all := make(chan started)
	for _, start := range []func(context.Context, browsertest.User, *browsertest.Site) (*browsertest.Browser, error){
		browsertest.StartChromium, browsertest.StartFirefox,
	} {
		go func() {
			b, err := start(ctx, l.user, site)
			all <- started{b, err}
		}()
	}
	for range 2 {
		s := <-all
		if s.err != nil {
			l.Error(s.err)
		} else if !stayOpen {
			if err := s.b.Close(); err != nil {
				l.Error(err)
			}
		}
	}
	if l.Failed() {
		l.FailNow()
	}
}

// search looks for a marker wherever the account could have left it and says in how many places it is.
func search(l *laptop, marker string) int {
	l.Helper()
	roots, err := browsertest.Writable(l.user)
	if err != nil {
		l.Fatal(err)
	}
	held := filepath.Join(l.state, "accounts", fmt.Sprint(l.user.UID), "held")
	hits, err := browsertest.Find(context.Background(), append(roots, l.user.Home, filepath.Dir(l.state)), []string{held}, marker)
	if err != nil {
		l.Fatal(err)
	}
	if os.Getenv("IPGUARD_TEST_SHOW") != "" {
		for _, h := range hits {
			l.Logf("%+v", h)
		}
	}
	return len(hits)
}
