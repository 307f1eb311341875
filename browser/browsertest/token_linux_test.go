package browsertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"
)

// Signing in with a card must work where only private windows are to be had, and must leave nothing there.
func TestSignInWithATokenInPrivateWindows(t *testing.T) {
	user := NewUser(t)
	d, token := NewDesktop(t, user), NewToken(t, user)
	token.RegisterChromium(t)
	marker := newMarker()
	site := token.Server(t, marker)
	d.Write(t, "/etc/chromium/policies/managed/zz-private.json", `{"IncognitoModeAvailability": 2, "DeveloperToolsAvailability": 1}`)
	d.Write(t, "/etc/chromium/policies/managed/card.json", site.ChromiumPolicies())
	policies := site.FirefoxPolicies()
	policies["PrivateBrowsingModeAvailability"] = 2
	policies["SkipTermsOfUse"] = true
	policies["SecurityDevices"] = map[string]any{"Add": map[string]string{token.Name: token.Module}}
	d.Write(t, "/etc/firefox/policies/policies.json", object(map[string]any{"policies": policies}))

	for _, name := range []string{chromium, firefox} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		before, began := site.Shown(), time.Now()
		b, err := token.SignIn(ctx, d, name, site)
		if err != nil {
			t.Fatal(err)
		}
		signedIn := time.Since(began)
		if got := site.Shown() - before; got != 1 {
			t.Errorf("%s: the page was shown %d times to the person of the token, want once", name, got)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%s: signed in after %v, closed after %v", name, signedIn, time.Since(began)-signedIn)
	}
	counts, err := CountRows(t.Context(), user.Home)
	if err != nil || len(counts) < 4 {
		t.Errorf("%d tables were counted, %v; want those of both browsers", len(counts), err)
	}
	for _, c := range counts {
		if c.Count != 0 {
			t.Errorf("a window was not private: %d rows of %s", c.Count, c.Table)
		}
	}
	hits, err := Find(t.Context(), []string{user.Home}, nil, marker)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		t.Errorf("the site is named in the %s of a file", h.In)
	}
}

// A site that let others in would prove nothing about the card.
func TestTokenSiteIsForThePersonOnly(t *testing.T) {
	token := NewToken(t, NewUser(t))
	site := token.Server(t, newMarker())
	trusted := x509.NewCertPool()
	trusted.AddCert(token.ca.certificate)
	shown := func(certificates ...tls.Certificate) error {
		client := http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: certificates}, DisableKeepAlives: true,
		}}
		resp, err := client.Post(site.URL+"shown", "", nil)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := shown(); err == nil {
		t.Error("without a certificate: entered")
	}
	if err := shown(newIssuer(t).issue(t, "Test Person (Authentication)", x509.ExtKeyUsageClientAuth)); err == nil {
		t.Error("with a certificate of another authority: entered")
	}
	if err := shown(token.ca.issue(t, "Another Person", x509.ExtKeyUsageClientAuth)); err != nil {
		t.Error(err)
	}
	if got := site.Shown(); got != 0 {
		t.Errorf("the page counts as shown %d times to the person of the token, who was never there", got)
	}
}
