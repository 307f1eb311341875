package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"ipguard/browser/browsertest"
)

// Signing in with an identity card must go on working: after a wipe, and after the settings were taken back and written
// again. What another tool set for it must go on counting. A token in software stands for the card; it is found where the
// Belgian middleware puts its module.
func TestCardAfterAWipeAndAfterNewSettings(t *testing.T) {
	l := newLaptop(t)
	d := &desk{laptop: l, Desktop: browsertest.NewDesktop(t, l.user, "/usr/lib64")}
	token := browsertest.NewToken(t, l.user)
	token.RegisterChromium(t)
	module, err := os.ReadFile(token.Module)
	if err != nil {
		t.Fatal(err)
	}
	d.Write(t, "/usr/lib64/libbeidpkcs11.so.0", string(module))
	// As the middleware's own installer would have registered it.
	l.as(`sed -i "s,^library=.*softhsm.*,library=/usr/lib64/libbeidpkcs11.so.0," .pki/nssdb/pkcs11.txt && grep -q libbeid .pki/nssdb/pkcs11.txt`)
	d.must(exitDone, "enroll", "--account", l.user.Name, "--yes")

	marker := fmt.Sprintf("ipgt%016x", rand.Uint64())
	site := token.Server(t, marker)
	theirs, err := json.Marshal(map[string]any{"policies": site.FirefoxPolicies()})
	if err != nil {
		t.Fatal(err)
	}
	others := map[string]string{"/etc/chromium/policies/managed/card.json": site.ChromiumPolicies(), settingsFile(aFirefox): string(theirs)}
	for path, text := range others {
		d.Write(t, path, text)
	}
	d.must(exitDone, "browser", "apply")
	d.signIn(t, token, site)

	all := d.stands(exitDone)
	for _, b := range all.Browsers {
		if b.Package == "native" && b.Card == nil || b.Card != nil && slices.Contains(b.Card.Hints, "add_module") {
			t.Errorf("%s: what is said of the card: %+v", b.ID, b.Card)
		}
	}
	d.must(exitDone, "wipe", "--account", l.user.Name, "--yes")
	d.LogIn(t)
	d.signIn(t, token, site)

	d.must(exitDone, "browser", "remove")
	for path, text := range others {
		if now, err := os.ReadFile(d.Path(path)); err != nil || !sameJSON(t, string(now), text) {
			t.Errorf("what another tool had written: %v\n%s\nwant\n%s", err, now, text)
		}
	}
	d.must(exitDone, "browser", "apply")
	d.signIn(t, token, site)
	d.noRows(t.Context())
	hits, err := browsertest.Find(t.Context(), []string{l.user.Home}, nil, marker)
	if err != nil || len(hits) > 0 {
		t.Errorf("the site is named in %d places, %v", len(hits), err)
	}
}

// signIn signs in with the token in each browser.
func (d *desk) signIn(t *testing.T, token *browsertest.Token, site *browsertest.TokenSite) {
	t.Helper()
	for _, name := range []string{aChromium, aFirefox} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		before := site.Shown()
		b, err := token.SignIn(ctx, d.Desktop, name, site)
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		if got := site.Shown() - before; got != 1 {
			t.Errorf("%s: the page was shown %d times to the person of the card, want once", name, got)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		cancel()
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var av, bv any
	if json.Unmarshal([]byte(a), &av) != nil || json.Unmarshal([]byte(b), &bv) != nil {
		return false
	}
	at, _ := json.Marshal(av)
	bt, _ := json.Marshal(bv)
	return string(at) == string(bt)
}
