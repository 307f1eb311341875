package card

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/policy"
)

const (
	lib  = "/usr/lib/x86_64-linux-gnu/libbeidpkcs11.so.0"
	id   = "pencgnkbgaekikmiahiaakjdgaibiipp"
	home = "/home/person"
	nss  = home + "/.pki/nssdb/pkcs11.txt"
	host = "/etc/chromium/native-messaging-hosts/be.bosa.beidconnect.json"
)

// entry is a list of modules as NSS writes it, with the internal one first.
func entry(library string) string {
	return "library=\nname=NSS Internal PKCS #11 Module\nparameters=configdir='sql:.' library='x'\n\nlibrary=" + library + "\nname=Belgium eID\n\n"
}

func manifest(name, program, allowed string) string {
	return `{"name":"` + name + `","description":"","type":"stdio","path":"` + program + `",` + allowed + `}`
}

// ready is a machine on which everything is there.
func ready() map[string]string {
	return map[string]string{
		lib: "ELF", nss: entry(lib), "/usr/bin/beidconnect": "#!/bin/sh",
		host: manifest("be.bosa.beidconnect", "/usr/bin/beidconnect", `"allowed_origins":["chrome-extension://`+id+`/"]`),
		"/usr/lib/mozilla/native-messaging-hosts/be.bosa.beidconnect.json": manifest("be.bosa.beidconnect", "/usr/bin/beidconnect",
			`"allowed_extensions":["beidconnect@bosa.be"]`),
		"/run/pcscd/pcscd.comm": "socket",
	}
}

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		switch text {
		case "socket":
			// A short name of the socket: its address has room for about a hundred bytes.
			t.Chdir(filepath.Dir(at))
			l, err := net.Listen("unix", filepath.Base(at))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			continue
		case "fifo":
			if err := syscall.Mkfifo(at, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(target, at); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(at, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func belgian() policy.Card { return policy.BrowserPresets()[0].Browsers.Card }

func chromium() Browser {
	return Browser{ID: "chromium", Family: browser.Chromium, Package: browser.Native, Data: []string{home + "/.config/chromium"},
		Settings: map[string]any{"ExtensionInstallForcelist": []any{id + ";https://clients2.google.com/service/update2/crx"}}}
}

func firefox() Browser {
	allowed := map[string]any{"installation_mode": "force_installed"}
	return Browser{ID: "firefox", Family: browser.Gecko, Package: browser.Native, Profiles: []string{home + "/.mozilla/firefox/a.default"},
		Settings: map[string]any{
			"SecurityDevices":   map[string]any{"Add": map[string]any{"Belgium eID": lib}},
			"ExtensionSettings": map[string]any{"beidconnect@bosa.be": allowed, "belgiumeid@eid.belgium.be": allowed},
		}}
}

// with changes a browser or a machine.
func with[T any](v T, change func(*T)) T { change(&v); return v }

func TestCheck(t *testing.T) {
	const proxied = "module: libbeidpkcs11.so.0\n"
	for _, c := range []struct {
		name    string
		browser Browser
		change  map[string]string // "" takes a file away
		want    []Item            // those that are not OK
	}{
		{"Chromium, ready", chromium(), nil, nil},
		{"Firefox, ready", firefox(), nil, nil},
		{"no middleware", chromium(), map[string]string{lib: ""},
			[]Item{{Module, "Belgium eID", Missing, InstallMiddleware}, {ModuleLoaded, "Belgium eID", Missing, InstallMiddleware}}},
		{"no database", chromium(), map[string]string{nss: ""}, []Item{{ModuleLoaded, "Belgium eID", Missing, SignInOnce}}},
		{"the newer database", chromium(), map[string]string{nss: "", home + "/.local/share/pki/nssdb/pkcs11.txt": entry(lib)}, nil},
		{"the newer database, hidden by the older", chromium(),
			map[string]string{nss: "library=\n", home + "/.local/share/pki/nssdb/pkcs11.txt": entry(lib)},
			[]Item{{ModuleLoaded, "Belgium eID", Missing, AddModule}}},
		{"another module", chromium(), map[string]string{nss: entry("/usr/lib/opensc-pkcs11.so")}, []Item{{ModuleLoaded, "Belgium eID", Missing, AddModule}}},
		{"only in the parameters", chromium(), map[string]string{nss: "name=x\nparameters=library=" + lib + "\n"},
			[]Item{{ModuleLoaded, "Belgium eID", Missing, AddModule}}},
		{"by its bare name", chromium(), map[string]string{nss: entry("libbeidpkcs11.so.0")}, nil},
		{"a database that is a FIFO", chromium(), map[string]string{nss: "fifo"}, []Item{{ModuleLoaded, "Belgium eID", Missing, SignInOnce}}},
		{"a database that is a link", chromium(), map[string]string{nss: "-> /etc/passwd"}, []Item{{ModuleLoaded, "Belgium eID", Missing, SignInOnce}}},
		{"a huge database", chromium(), map[string]string{nss: entry(lib) + strings.Repeat("x", maxText)}, []Item{{ModuleLoaded, "Belgium eID", Missing, SignInOnce}}},
		{"through the proxy", chromium(), map[string]string{nss: entry("p11-kit-proxy.so"), "/usr/share/p11-kit/modules/b.module": proxied}, nil},
		{"through the system's proxy", chromium(), map[string]string{nss: "",
			"/etc/crypto-policies/back-ends/nss.config": "library=p11-kit-proxy.so\nname=p11-kit-proxy\n", "/etc/pkcs11/modules/b.module": "module: " + lib}, nil},
		{"a proxy that is shut", chromium(), map[string]string{nss: entry("p11-kit-proxy.so"),
			"/usr/share/p11-kit/modules/b.module": proxied + "disable-in: p11-kit-proxy\n"}, []Item{{ModuleLoaded, "Belgium eID", Missing, AddModule}}},
		{"a proxy without modules", chromium(), map[string]string{nss: entry("p11-kit-proxy.so")}, []Item{{ModuleLoaded, "Belgium eID", Missing, AddModule}}},
		{"Firefox, in the profile", with(firefox(), func(b *Browser) { delete(b.Settings, "SecurityDevices") }),
			map[string]string{home + "/.mozilla/firefox/a.default/pkcs11.txt": entry(lib)}, nil},
		{"Firefox, unset", with(firefox(), func(b *Browser) { b.Settings = nil }), nil, []Item{
			{ModuleLoaded, "Belgium eID", Missing, ApplySettings},
			{Extension, "BeIDConnect", Unknown, ApplySettings}, {Extension, "eID Belgium", Unknown, ApplySettings}}},
		{"an extension that is only allowed", with(firefox(), func(b *Browser) {
			b.Settings["ExtensionSettings"].(map[string]any)["beidconnect@bosa.be"] = map[string]any{"installation_mode": "allowed"}
		}), nil, []Item{{Extension, "BeIDConnect", Unknown, TryIt}}},
		{"no extension", with(chromium(), func(b *Browser) { b.Settings = map[string]any{} }), nil,
			[]Item{{Extension, "BeIDConnect", Missing, ApplySettings}}},
		{"no host", chromium(), map[string]string{host: ""}, []Item{{Host, "be.bosa.beidconnect", Missing, InstallBeIDConnect}}},
		{"a host of the account", chromium(), map[string]string{host: "",
			home + "/.config/chromium/NativeMessagingHosts/be.bosa.beidconnect.json": ready()[host]}, nil},
		{"a broken manifest", chromium(), map[string]string{host: ready()[host] + "}"}, []Item{{Host, "be.bosa.beidconnect", Missing, InstallBeIDConnect}}},
		{"another name", chromium(), map[string]string{host: manifest("x", "/usr/bin/beidconnect", `"allowed_origins":["chrome-extension://`+id+`/"]`)},
			[]Item{{Host, "be.bosa.beidconnect", Missing, InstallBeIDConnect}}},
		{"no program", chromium(), map[string]string{"/usr/bin/beidconnect": ""}, []Item{{Host, "be.bosa.beidconnect", Missing, InstallBeIDConnect}}},
		{"another extension", chromium(), map[string]string{host: manifest("be.bosa.beidconnect", "/usr/bin/beidconnect", `"allowed_origins":["chrome-extension://x/"]`)},
			[]Item{{Host, "be.bosa.beidconnect", Missing, AllowExtension}}},
		{"nobody says where Brave looks", with(chromium(), func(b *Browser) { b.ID = "brave" }), nil, []Item{{Host, "be.bosa.beidconnect", Unknown, TryIt}}},
		{"a snap", with(chromium(), func(b *Browser) {
			b.Package, b.Data = browser.Snap, []string{home + "/snap/chromium/common/chromium"}
		}), map[string]string{home + "/snap/chromium/current/.pki/nssdb/pkcs11.txt": entry(lib)}, []Item{
			{ModuleLoaded, "Belgium eID", Unknown, UseInstalled}, {Host, "be.bosa.beidconnect", Unknown, UseInstalled}}},
		{"a flatpak", with(firefox(), func(b *Browser) { b.Package = browser.Flatpak }), nil, []Item{
			{ModuleLoaded, "Belgium eID", Unknown, UseInstalled}, {Host, "be.bosa.beidconnect", Unknown, AllowPortal}}},
		{"no service", chromium(), map[string]string{"/run/pcscd/pcscd.comm": ""}, []Item{{Service, "", Missing, StartReaders}}},
		{"a file in its place", chromium(), map[string]string{"/run/pcscd/pcscd.comm": "x"}, []Item{{Service, "", Missing, StartReaders}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := ready()
			for name, text := range c.change {
				if files[name] = text; text == "" {
					delete(files, name)
				}
			}
			at := tree(t, files)
			var got []Item
			for _, r := range Check(belgian(), "linux", home, Disk(at), []Browser{c.browser}) {
				for _, i := range r.Items {
					if i.State != OK {
						got = append(got, i)
					} else if i.Hint != "" {
						t.Errorf("a hint about what is fine: %v", i)
					}
				}
				if r.State() == OK != (c.want == nil) {
					t.Errorf("all in all %s", r.State())
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckElsewhere(t *testing.T) {
	at := tree(t, map[string]string{"C:/x": "", "/Library/Belgium Identity Card/Pkcs11/beid-pkcs11.bundle/Contents/MacOS/libbeidpkcs11.dylib": "x",
		"/Library/Application Support/Chromium/NativeMessagingHosts/be.bosa.beidconnect.json": ready()[host], "/usr/bin/beidconnect": "x"})
	got := Check(belgian(), "darwin", "/Users/person", Disk(at), []Browser{chromium()})
	want := []Readiness{{"chromium", []Item{{Module, "Belgium eID", OK, ""}, {ModuleLoaded, "Belgium eID", Unknown, TryIt},
		{Extension, "BeIDConnect", OK, ""}, {Host, "be.bosa.beidconnect", OK, ""}, {Service, "", Unknown, TryIt}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Check(belgian(), "windows", "C:/Users/person", Disk(at), []Browser{chromium()}); got[0].Items[0].State != Missing || got[0].State() == OK {
		t.Errorf("%v", got)
	}
	if got := Check(policy.Card{}, "linux", home, Disk(at), []Browser{chromium()}); got != nil {
		t.Errorf("nothing is needed, yet %v", got)
	}
}

// The database of NSS as its own tools write it.
func TestRealDatabase(t *testing.T) {
	person, soft := t.TempDir(), "/usr/lib/softhsm/libsofthsm2.so"
	if _, err := os.Stat(soft); err != nil {
		t.Fatal("install softhsm2")
	}
	db := filepath.Join(person, ".pki/nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	card := policy.Card{Modules: []policy.Module{{Name: "Soft", Files: map[string][]string{"linux": {"/missing.so", soft}}}}}
	state := func() Item { return Check(card, "linux", person, Disk(""), []Browser{chromium()})[0].Items[1] }
	conf := filepath.Join(person, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+person+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = []string{"HOME=" + person, "PATH=/usr/bin:/bin", "SOFTHSM2_CONF=" + conf}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s (install libnss3-tools): %v: %s", name, err, out)
		}
	}
	if diff := cmp.Diff(Item{ModuleLoaded, "Soft", Missing, SignInOnce}, state()); diff != "" {
		t.Error(diff)
	}
	tool("certutil", "-d", "sql:"+db, "-N", "--empty-password")
	if diff := cmp.Diff(Item{ModuleLoaded, "Soft", Missing, AddModule}, state()); diff != "" {
		t.Error(diff)
	}
	tool("modutil", "-dbdir", "sql:"+db, "-add", `A "soft" card`, "-libfile", soft, "-force")
	if diff := cmp.Diff(Item{ModuleLoaded, "Soft", OK, ""}, state()); diff != "" {
		t.Error(diff)
	}
	tool("modutil", "-dbdir", "sql:"+db, "-delete", `A "soft" card`, "-force")
	if diff := cmp.Diff(Item{ModuleLoaded, "Soft", Missing, AddModule}, state()); diff != "" {
		t.Error(diff)
	}
}
