package service

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestTexts(t *testing.T) {
	unit, err := Unit(Options{Exe: "/usr/bin/ipguard"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ipguard.service", unit)
	list, err := PropertyList(Options{Exe: "/usr/local/bin/ipguard", StateDir: "/Library/Application Support/elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ipguard.plist", list)
	got, err := tableEntry(Options{Exe: `C:\Program Files\ipguard\ipguard.exe`})
	want := entry{
		Name: "ipguard", DisplayName: "ipguard", Description: "Clears a shared account between two people",
		Exe: `C:\Program Files\ipguard\ipguard.exe`, Arguments: []string{"service", "run"},
		StartType: "automatic", RestartAfter: 5 * time.Second, StopWithin: 2 * time.Minute,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("entry (-want +got):\n%s, error %v", diff, err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		exe, state, want string // an empty want: refused
	}{
		{"/usr/bin/ipguard", "", `ExecStart="/usr/bin/ipguard" service run`},
		{"/opt/my tools (new)/ipguard", "/srv/état", `ExecStart="/opt/my tools (new)/ipguard" service run --state-dir /srv/état`},
		{"/usr/bin/ipguard", "/srv/a b", `ExecStart="/usr/bin/ipguard" service run --state-dir "/srv/a b"`},
		{"", "", ""},
		{"ipguard", "", ""},
		{"/", "", ""},
		{"/usr/../bin/ipguard", "", ""},
		{"/usr/bin/ipguard", "relative", ""},
		{"/usr/bin/%i", "", ""},
		{"/usr/bin/$HOME", "", ""},
		{`/usr/bin/"x`, "", ""},
		{`/usr/bin/\x20`, "", ""},
		{"/usr/bin/a\nExecStartPre=/bin/sh", "", ""},
		{"/usr/bin/ipguard", "/srv/x\nUser=nobody", ""},
		{"/usr/bin/{{Name}}", "", ""},
		{"/usr/bin/a'b", "", ""},
		{"/usr/bin/a;b", "", ""},
		{"/usr/bin/\u202egfe", "", ""},
		{"/usr/bin/\xff", "", ""},
	} {
		text, err := Unit(Options{Exe: c.exe, StateDir: c.state})
		got := regexp.MustCompile(`(?m)^ExecStart.*$`).FindAllString(text, -1)
		if c.want == "" {
			if err != ErrProgram || text != "" {
				t.Errorf("%q, %q: error %v, want refused", c.exe, c.state, err)
			}
		} else if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%q: %q, error %v, want %q", c.exe, got, err, c.want)
		}
	}
	for _, exe := range []string{`C:\a"b.exe`, `\\server\share\ipguard.exe`, `ipguard.exe`, "C:\\x\ny.exe"} {
		if _, err := tableEntry(Options{Exe: exe}); err != ErrProgram {
			t.Errorf("%q: error %v, want refused", exe, err)
		}
	}
}

// settings returns the lines of the unit that set something.
func settings(t *testing.T) map[string]string {
	t.Helper()
	unit, err := Unit(Options{Exe: "/usr/bin/ipguard"})
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for line := range strings.Lines(unit) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			set[key] += value + " "
		}
	}
	return set
}

// In a mount table of its own the service could not detach what hangs in the account's, nor write wherever a home lies:
// systemd's exec_needs_mount_namespace, 252 to 258.
func TestTheUnitStaysInTheMountTableOfTheMachine(t *testing.T) {
	set := settings(t)
	for _, key := range []string{
		"ProtectSystem", "ProtectHome", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths",
		"PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
		"ProtectControlGroups", "ProtectProc", "ProcSubset", "PrivateIPC", "PrivatePIDs", "PrivateUsers", "PrivateBPF",
		"TemporaryFileSystem", "BindPaths", "BindReadOnlyPaths", "RootDirectory", "RootImage", "MountImages",
		"ExtensionImages", "MountFlags", "MountAPIVFS", "DynamicUser", "LogNamespace", "BindLogSockets", "JoinsNamespaceOf",
	} {
		if value, ok := set[key]; ok {
			t.Errorf("%s=%s gives the service a mount table of its own", key, value)
		}
	}
	if set["PrivateMounts"] != "no " {
		t.Error("without PrivateMounts=no, PrivateNetwork gives the service a mount table of its own from systemd 254 on")
	}
	if set["RestrictSUIDSGID"] != "no " {
		t.Error("a restored setgid folder would lose its bit")
	}
}

// What is asked of systemd must be what it understands, and no wider than agreed.
func TestSystemdAcceptsTheUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing: apt-get install systemd")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit, err := Unit(Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	// The man page comes with a package.
	unit = strings.Replace(unit, "Documentation=man:ipguard(8)\n", "", 1)
	file := filepath.Join(t.TempDir(), "ipguard.service")
	if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", file},
		{"security", "--offline=true", "--threshold=45", "--no-pager", file},
	} {
		out, err := exec.Command(tool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
		if args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze verify complains:\n%s", out)
		}
	}
}
