package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// module is the module's path, as go.mod spells it.
const module = "ipguard"

// layer is a row of the table of layers: the packages below from must not import those below any of never.
type layer struct {
	from  string
	never []string
	why   string
}

func layers() []layer {
	return []layer{
		{"policy", []string{"wipe", "browser", "devices", "agent", "cmd", "packaging"}, "policy says what should happen and knows nobody who does it"},
		{"wipe", []string{"browser", "devices", "agent", "cmd", "packaging"}, "agent joins the parts through interfaces that wipe declares"},
		{"browser", []string{"wipe", "devices", "agent", "cmd", "packaging"}, "descriptors serve wiping and governing alike and need neither"},
		{"devices", []string{"wipe", "browser", "agent", "cmd", "packaging"}, "events of the machine mean something only to agent"},
		{"agent", []string{"cmd", "packaging"}, "the service has no command line"},
		{"cmd", []string{"packaging"}, "scripts and rules are no part of the program"},
		{"wipe/verify", []string{"wipe/erase"}, "a wipe never certifies itself: the second reader shares no code with the eraser"},
		{"wipe/erase", []string{"wipe/verify"}, "a wipe never certifies itself: the eraser must not know how it is checked"},
	}
}

// permit is a row of the table of other people's code and of the standard packages that reach far: only the packages in
// by, and those below, may import what stands at or below path.
type permit struct {
	path string
	by   []string
	why  string
}

func permits() []permit {
	return []permit{
		{"github.com/spf13/cobra", []string{"cmd/ipguard"}, "the command line is one package's matter"},
		{"github.com/shirou/gopsutil/v3", []string{"devices/host"}, "processes are read in one place"},
		{"github.com/godbus/dbus/v5", []string{"devices/systembus", "devices/session", "devices/media"}, "the system bus is spoken to in one place; sessions and media are asked about on it"},
		{"github.com/OpenPrinting/goipp", []string{"devices/printer"}, "print services are spoken to in one place"},
		{"github.com/jezek/xgb", []string{"devices/desktop"}, "windows are asked to close in one place"},
		{"codeberg.org/go-pdf/fpdf", []string{"agent/trace"}, "the one document that is made here is made in one place"},
		{"golang.org/x/image", []string{"agent/trace", "agent/handover"}, "letters for a sheet, small pictures of documents"},
		{"github.com/fsnotify/fsnotify", []string{"agent/watch"}, "folders are watched in one place"},
		{"github.com/kardianos/service", []string{"agent/service"}, "service managers are spoken to in one place"},
		{"github.com/Microsoft/go-winio", []string{"agent/ipc"}, "the service is reached in one place"},
		{"go.yaml.in/yaml/v4", []string{"wipe/catalog", "cmd/ipguard/text", "policy"}, "data is decoded where its schema is"},
		{"modernc.org/sqlite", []string{"agent/demo", "browser/rows"}, "databases are counted in a process of their own with the account's rights; the demonstration plants some"},
		{"howett.net/plist", []string{"browser/managed"}, "property lists are read and written where settings are"},
		{"golang.org/x/sys", []string{"devices/media", "devices/systembus", "agent/handover/give", "browser/managed", "agent/ipc", "agent/service", "agent/worker", "devices/session", "wipe/walk", "wipe/storage", "wipe/freespace", "wipe/locate", "devices/host", "agent/state", "cmd/ipguard"}, "system calls stay in leaves"},
		{"golang.org/x/text", []string{"cmd/ipguard/text", "agent/handover/give"}, "languages are a matter of messages; names are composed as media want them"},
		{"golang.org/x/term", []string{"cmd/ipguard"}, "only the command talks to a terminal"},
		{"os/exec", []string{"devices/host", "packaging/benchmark"}, "what the program runs, and for how long, is decided in one place; measuring it is no part of it"},
		{"log/slog", []string{"agent", "cmd"}, "engine packages return, they do not log"},
		{"log", nil, "it exits, and it redacts nothing"},
		{"unsafe", []string{"devices/session", "wipe/walk", "wipe/storage", "wipe/freespace", "devices/host", "agent/state"}, "only leaves that speak to the kernel need it"},
		{"plugin", nil, "data can run nothing"},
		{"net", []string{"agent", "cmd", "policy/source", "devices/media", "devices/printer"}, "wiping needs no network; media and printers are reached through sockets of this machine"},
		{"net/http", []string{"agent", "cmd", "policy/source", "devices/printer"}, "wiping needs no network; print services speak IPP over HTTP on this machine"},
	}
}

// testPermits are the modules that tests, and packages made for them, may import anywhere.
func testPermits() []string {
	return []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "modernc.org/sqlite", "golang.org/x/sys", "github.com/hanwen/go-fuse/v2"}
}

// pkg is what `go list` says about a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Error                              *struct{ Err string }
}

// below tells whether a slash-separated path is the top or lies below it.
func below(top, p string) bool { return p == top || strings.HasPrefix(p, top+"/") }

// foreign tells whether an import is neither the standard library's nor ours.
func foreign(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return strings.Contains(first, ".")
}

// list asks the go tool for the packages as one system builds them.
func list(t *testing.T, goos string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Error", "./...")
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing packages for %s: %v", goos, err)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		// A package that has nothing for this system is no fault.
		if p.Error != nil && !strings.Contains(p.Error.Err, "build constraints exclude all Go files") {
			t.Errorf("%s for %s: %s", p.ImportPath, goos, p.Error.Err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 3 {
		t.Fatalf("only %d packages listed for %s", len(pkgs), goos)
	}
	return pkgs
}

// forTests tells whether a package is made for tests: its name says so, as browsertest's does.
func forTests(importPath string) bool { return strings.HasSuffix(importPath, "test") }

// measures tells whether a package measures the program: it needs images and tools as tests do, and is no part of the
// program either.
func measures(importPath string) bool { return importPath == "packaging/benchmark" }

// offences says what is wrong with the imports of a package.
func offences(p pkg) []string {
	self := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
	var found []string
	if forTests(self) {
		// The layers hold for it, and what it needs of other people's is a matter of tests.
		p.TestImports = slices.Concat(p.Imports, p.TestImports)
		p.Imports = slices.DeleteFunc(slices.Clone(p.Imports), func(imp string) bool { return !below(module, imp) })
	}
	for _, imp := range p.Imports {
		if below(module, imp) && forTests(imp) && !forTests(self) && !measures(self) {
			found = append(found, fmt.Sprintf("%s imports %s, which is made for tests only", self, imp))
		}
		for _, l := range layers() {
			ours, ok := strings.CutPrefix(imp, module+"/")
			if ok && below(l.from, self) && slices.ContainsFunc(l.never, func(n string) bool { return below(n, ours) }) {
				found = append(found, fmt.Sprintf("%s imports %s: %s", self, ours, l.why))
			}
		}
		listed := false
		for _, r := range permits() {
			if !below(r.path, imp) || imp != r.path && !foreign(r.path) {
				continue // a row on a standard package is about that package only
			}
			listed = true
			if !slices.ContainsFunc(r.by, func(by string) bool { return below(by, self) }) {
				found = append(found, fmt.Sprintf("%s imports %s: %s", self, imp, r.why))
			}
		}
		if foreign(imp) && !listed {
			found = append(found, fmt.Sprintf("%s imports %s, which no row of the table allows", self, imp))
		}
	}
	for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
		known := slices.ContainsFunc(testPermits(), func(m string) bool { return below(m, imp) })
		own := slices.ContainsFunc(permits(), func(r permit) bool {
			return below(r.path, imp) && slices.ContainsFunc(r.by, func(by string) bool { return below(by, self) })
		})
		if foreign(imp) && !known && !own {
			found = append(found, fmt.Sprintf("the tests of %s import %s, which no row allows", self, imp))
		}
	}
	return found
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "windows", "darwin"} {
		t.Run(goos, func(t *testing.T) {
			for _, p := range list(t, goos) {
				for _, offence := range offences(p) {
					t.Error(offence)
				}
			}
		})
	}
}

// The tables must see what they forbid.
func TestImportRulesBite(t *testing.T) {
	for _, c := range []struct {
		from, imp string
		bad       bool
	}{
		{"wipe/erase", module + "/browser", true},
		{"wipe", module + "/agent/state", true},
		{"wipe/verify", module + "/wipe/erase", true},
		{"wipe/verify", module + "/wipe/walk", false},
		{"devices/host", module + "/wipe", true},
		{"policy", module + "/wipe", true},
		{"agent", module + "/cmd/ipguard", true},
		{"agent", module + "/wipe", false},
		{"wipe/walk", "golang.org/x/sys/unix", false},
		{"wipe", "golang.org/x/sys/unix", true},
		{"agent", "github.com/spf13/cobra", true},
		{"cmd/ipguard", "github.com/spf13/cobra", false},
		{"agent", "example.com/new", true},
		{"wipe/erase", "os/exec", true},
		{"wipe", "log/slog", true},
		{"agent/log", "log/slog", false},
		{"cmd/ipguard", "log", true},
		{"wipe", "net/http", true},
		{"wipe", "net/url", false},
		{"wipe", "os", false},
		{"browser/browsertest", "net/http", false},
		{"browser/browsertest", module + "/wipe", true},
		{"browser/browsertest", "example.com/new", true},
		{"browser", module + "/browser/browsertest", true},
		{"packaging/benchmark", module + "/wipe/erase/erasetest", false},
		{"wipe/erase", module + "/wipe/erase/erasetest", true},
	} {
		got := offences(pkg{ImportPath: path.Join(module, c.from), Imports: []string{c.imp}})
		if (len(got) > 0) != c.bad {
			t.Errorf("%s importing %s: offences %q, want some: %v", c.from, c.imp, got, c.bad)
		}
	}
	if got := offences(pkg{ImportPath: module + "/wipe", TestImports: []string{"example.com/new"}}); len(got) != 1 {
		t.Errorf("a test's import of an unlisted module: offences %q", got)
	}
}
