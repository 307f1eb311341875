package browsertest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TokenSite is a web site on https://localhost that only the person of a token can enter, with the certificate that is on
// it. Each page that it shows is shown after a handshake in which the token's key was used.
type TokenSite struct {
	URL string // of its page; the path holds the marker, so that a history would hold it too

	origin string // https://localhost:PORT
	token  *Token
	shown  atomic.Int64
	news   chan struct{} // something was shown
}

// Server starts a site for the person of the token that leaves marker in the address and in a cookie of its page. It
// ends with the test.
func (k *Token) Server(t testing.TB, marker string) *TokenSite {
	t.Helper()
	s := &TokenSite{token: k, news: make(chan struct{}, 1)}
	persons := x509.NewCertPool()
	persons.AddCert(k.ca.certificate)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+marker+"/{$}", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: marker, Value: marker, MaxAge: 864000})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// The page's own question says that the browser shows it, not only that it asked for it.
		io.WriteString(w, `<!doctype html><title>Signed in</title><p>Welcome.<script>fetch("shown", {method: "POST"})</script>`)
	})
	mux.HandleFunc("POST /"+marker+"/shown", func(_ http.ResponseWriter, r *http.Request) {
		if !r.TLS.PeerCertificates[0].Equal(k.Certificate) {
			return
		}
		s.shown.Add(1)
		select {
		case s.news <- struct{}{}:
		default:
		}
	})
	srv := httptest.NewUnstartedServer(mux)
	srv.TLS = &tls.Config{
		Certificates: []tls.Certificate{k.ca.issue(t, "localhost", x509.ExtKeyUsageServerAuth)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: persons,
		SessionTicketsDisabled: true, // or a later connection would do without the key
	}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers give up a connection while they ask for the PIN
	srv.StartTLS()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.origin = "https://localhost:" + port
	s.URL = s.origin + "/" + marker + "/"
	return s
}

// Shown is how often the page was shown to the person of the token.
func (s *TokenSite) Shown() int { return int(s.shown.Load()) }

// ChromiumPolicies is a file of another tool for the folder of Chromium's policies: the site gets the card's certificate
// without the question which one. What is asked there is a click in a list with one line.
func (s *TokenSite) ChromiumPolicies() string {
	return object(map[string]any{"AutoSelectCertificateForUrls": []string{object(map[string]any{"pattern": s.origin, "filter": map[string]any{}})}})
}

// FirefoxPolicies is what another tool wants in Firefox's "policies": the same, and trust in the site's authority. The
// module itself is not in it (SecurityDevices: Add: Name: Module).
func (s *TokenSite) FirefoxPolicies() map[string]any {
	return map[string]any{
		"Certificates": map[string]any{"Install": []string{s.token.Authority}},
		"Preferences":  map[string]any{"security.default_personal_cert": map[string]any{"Value": "Select Automatically", "Status": "locked"}},
	}
}

func object(v map[string]any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and lists always have a JSON form
	}
	return string(b)
}
