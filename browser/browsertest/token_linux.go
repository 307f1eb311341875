package browsertest

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// Token is a card in a reader, played by software (SoftHSM): a PKCS#11 module and a token with a key and a certificate
// for signing in to web sites. As with a card, it is outside the home, nothing of it is the account's own, and the key is
// used only after the PIN was typed.
type Token struct {
	User        User
	Name        string // of the module, as browsers show it
	Module      string // absolute path of the PKCS#11 module
	PIN         string
	Certificate *x509.Certificate // of the person
	Authority   string            // absolute path of the certificate, in PEM, that signed the person's and the site's; all may read it

	dir string // root's; the account's group may write to what is below "tokens"
	ca  issuer
}

// NewToken makes a token with a key on the curve P-384 that lives as long as the test. It needs root, softhsm2 and
// opensc (pkcs11-tool: SoftHSM's own tool imports no certificates).
func NewToken(t testing.TB, user User) *Token {
	t.Helper()
	dir, err := os.MkdirTemp("", "ipgt-token-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	k := &Token{User: user, Name: "Test card", Module: softHSM(t), PIN: "1234", Authority: filepath.Join(dir, "authority.pem"), dir: dir}
	k.ca = newIssuer(t)
	person := k.ca.issue(t, "Test Person (Authentication)", x509.ExtKeyUsageClientAuth)
	k.Certificate = person.Leaf
	key, err := x509.MarshalPKCS8PrivateKey(person.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"authority.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.ca.certificate.Raw}),
		"key.pem":       pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"person.der":    person.Leaf.Raw,
		"softhsm2.conf": []byte("directories.tokendir = " + dir + "/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.write(t)
	return k
}

// softHSM finds the module, whose folder depends on the architecture.
func softHSM(t testing.TB) string {
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"} {
		if names, _ := filepath.Glob(pattern); len(names) > 0 {
			return names[0]
		}
	}
	t.Fatal("browsertest: no libsofthsm2.so (install softhsm2)")
	return ""
}

// write puts the key and the certificate onto the token. The account must be able to write to the token's files: SoftHSM
// notes a wrong PIN there, and refuses every later one when it cannot.
func (k *Token) write(t testing.TB) {
	t.Helper()
	const label, id = "Authentication", "01"
	for _, args := range [][]string{
		{"softhsm2-util", "--init-token", "--free", "--label", k.Name, "--pin", k.PIN, "--so-pin", "12345678"},
		{"softhsm2-util", "--import", k.dir + "/key.pem", "--token", k.Name, "--label", label, "--id", id, "--pin", k.PIN},
		{
			"pkcs11-tool", "--module", k.Module, "--token-label", k.Name, "--login", "--pin", k.PIN,
			"--write-object", k.dir + "/person.der", "--type", "cert", "--label", label, "--id", id,
		},
		{"rm", "--", k.dir + "/key.pem", k.dir + "/person.der"},
		{"chmod", "--recursive", "u=rwX,go=rX", "--", k.dir},
		{"chmod", "--recursive", "u=rwX,g=rwX,o=", "--", k.dir + "/tokens"},
		{"chgrp", "--recursive", strconv.FormatUint(uint64(k.User.GID), 10), "--", k.dir + "/tokens"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), k.Env()...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("browsertest: making a token: %s (install softhsm2 and opensc): %v: %s", args[0], err, out)
		}
	}
}

// Env is what a program's environment needs to find the token; the module of a real card needs nothing.
func (k *Token) Env() []string { return []string{"SOFTHSM2_CONF=" + k.dir + "/softhsm2.conf"} }

// RegisterChromium adds the module to the account's NSS database ~/.pki/nssdb, with the tool and in the way of the
// installers of card middleware, and the authority to the certificates that are trusted there.
//
// Chromium 156 was seen to use ~/.pki/nssdb when that folder exists, be it empty, and ~/.local/share/pki/nssdb, which it
// makes, when not: a module that is registered in the one does not count as soon as the other one is used.
// It needs libnss3-tools.
func (k *Token) RegisterChromium(t testing.TB) {
	t.Helper()
	database := filepath.Join(k.User.Home, ".pki/nssdb")
	for _, args := range [][]string{
		{"mkdir", "--parents", "--mode=0700", database},
		{"certutil", "-d", "sql:" + database, "-N", "--empty-password"},
		{"modutil", "-dbdir", "sql:" + database, "-force", "-add", k.Name, "-libfile", k.Module},
		{"certutil", "-d", "sql:" + database, "-A", "-n", "Test authority", "-t", "C,,", "-i", k.Authority},
	} {
		cmd := k.User.Command(t.Context(), args[0], args[1:]...)
		cmd.Env = append(cmd.Env, k.Env()...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("browsertest: registering a module: %s (install libnss3-tools): %v: %s", args[0], err, out)
		}
	}
}
