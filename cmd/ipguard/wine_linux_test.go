package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent/governor"
)

// wineTree is a Wine prefix, with Windows programs beside it.
type wineTree struct{ dir, prefix string }

func newWineTree(t *testing.T) wineTree {
	dir := t.TempDir()
	return wineTree{dir, filepath.Join(dir, "prefix")}
}

// build cross-builds a Windows program: go VERB -o PROGRAM PACKAGE.
func (w wineTree) build(t *testing.T, program, pkg string, verb ...string) string {
	t.Helper()
	out := filepath.Join(w.dir, program)
	cmd := exec.Command("go", append(verb, "-buildvcs=false", "-o", out, pkg)...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building for Windows: %v\n%s", err, text)
	}
	return out
}

// run returns a command that runs a Windows program.
func (w wineTree) run(program string, args ...string) *exec.Cmd {
	script := filepath.Join("..", "..", "packaging", "wine", "run")
	return exec.Command(script, append([]string{w.prefix, program}, args...)...)
}

// nothingLeft looks through the whole prefix for the demonstration's folder.
func (w wineTree) nothingLeft(t *testing.T) {
	t.Helper()
	entries := 0
	err := filepath.WalkDir(w.prefix, func(_ string, d os.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), "ipguard-demo-") {
			t.Error("the demonstration's folder is still there")
		}
		entries++
		return err
	})
	if err != nil || entries < 100 {
		t.Fatalf("%d entries of the prefix were looked at: %v", entries, err)
	}
}

func TestProgramUnderWine(t *testing.T) {
	w := newWineTree(t)
	program := w.build(t, "ipguard.exe", ".", "build")
	t.Run("demo", func(t *testing.T) { demoUnderWine(t, w, program) })
	t.Run("browser settings", func(t *testing.T) { browserSettingsUnderWine(t, w, program) })
}

// The same engine, run as a Windows program, meets the same kinds of traces; and a file that another program holds open
// there cannot be removed, which must be said.
func demoUnderWine(t *testing.T, w wineTree, program string) {
	want := demoAnswer(t, linuxDemo(temp(t), "--json"))
	got := demoAnswer(t, w.run(program, "demo", "--json", "--lang=en"))
	if got.code != exitDone || got.answer.Result != "complete" {
		t.Errorf("exit code %d with result %q, want 0 with complete", got.code, got.answer.Result)
	}
	if diff := cmp.Diff(want.classes(), got.classes()); diff != "" {
		t.Errorf("classes erased or restored (-Linux +Windows):\n%s", diff)
	}
	w.nothingLeft(t)

	got = demoAnswer(t, w.run(program, "demo", "--json", "--lang=en", "--held-open"))
	if got.code != exitIncomplete || got.answer.Result != "incomplete" || !got.hasCode("in_use") {
		t.Errorf("a file held open: exit code %d with result %q, code in_use %v; want 3 with incomplete and the code",
			got.code, got.answer.Result, got.hasCode("in_use"))
	}
	w.nothingLeft(t)
}

// The walk's own tests, and those of the known folders, as Windows programs. What Wine cannot show they say aloud, and packaging/docs/limits.md lists it.
func TestWindowsTestsUnderWine(t *testing.T) {
	w := newWineTree(t)
	program := w.build(t, "walk.test.exe", "../../wipe/walk", "test", "-c")
	out, err := w.run(program, "-test.v").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFileInUseIsReported") {
		t.Errorf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "NOT TESTED") {
			t.Log(strings.TrimSpace(line))
		}
	}

	program = w.build(t, "host.test.exe", "../../devices/host", "test", "-c")
	out, err = w.run(program, "-test.v", "-test.run=KnownFolders").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestKnownFoldersLieInTheProfile") {
		t.Errorf("%v\n%s", err, out)
	}
}

// registryStory is what an administrator does with the settings of browsers, and what the registry holds in between.
const registryStory = `@echo off
cd /d C:\run
reg add HKLM\SOFTWARE\Policies\Google\Chrome /v HomepageLocation /d https://theirs.example/ /f >nul
reg add HKLM\SOFTWARE\Policies\Google\Chrome /v IncognitoModeAvailability /t REG_DWORD /d 1 /f >nul
reg add HKLM\SOFTWARE\Policies\Google\Chrome\URLBlocklist /v 1 /d theirs.example /f >nul
reg query HKLM\SOFTWARE\Policies /s >before.txt
for %%c in ("0 list" "1 status" "2 apply --dry-run") do call :ipguard %%~c
reg query HKLM\SOFTWARE\Policies /s >dry.txt
for %%c in ("3 apply" "4 status" "5 apply") do call :ipguard %%~c
reg query HKLM\SOFTWARE\Policies /s >applied.txt
reg delete HKLM\SOFTWARE\Policies\Mozilla\Firefox /v PrivateBrowsingModeAvailability /f >nul
for %%c in ("6 status" "7 apply" "8 status" "9 remove") do call :ipguard %%~c
reg query HKLM\SOFTWARE\Policies /s >after.txt
reg query HKLM\SOFTWARE\ipguard >nul 2>nul
echo %errorlevel% >ipguard.code
exit /b 0
:ipguard
ipguard.exe browser %2 %3 --json --lang=en >%1.json 2>%1.err
echo %errorlevel% >%1.code
exit /b 0
`

// browserAnswer is what is read of any answer of the browser commands.
type browserAnswer struct {
	Written, Failing, Removed int
	Places                    []struct{ Path string }
	Browsers                  []struct {
		ID, Package, Version, Settings, Word string
		Reasons                              []string
	}
}

// An administrator of Windows applies the settings and takes them back: browsers find what their vendors document, what
// others wrote stays, and status tells how each stands.
func browserSettingsUnderWine(t *testing.T, w wineTree, program string) {
	t.Helper()
	if out, err := w.run(program, "version").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.put(t, "Program Files/Google/Chrome/Application/chrome.exe", "program")
	w.put(t, "Program Files/Google/Chrome/Application/131.0.6778.86/chrome.dll", "library")
	w.put(t, "Program Files (x86)/Microsoft/Edge/Application/msedge.exe", "program")
	w.put(t, "Program Files (x86)/Microsoft/Edge/Application/131.0.2903.70/msedge.dll", "library")
	w.put(t, "Program Files/Mozilla Firefox/firefox.exe", "program")
	w.put(t, "Program Files/Mozilla Firefox/xul.dll", "library")
	w.put(t, "Program Files/Mozilla Firefox/application.ini", "[App]\nName=Firefox\nVersion=140.5.0\nID={ec8030f7-c20a-464f-9b0e-13a3a9e97384}\n")
	w.put(t, "run/story.bat", strings.ReplaceAll(registryStory, "\n", "\r\n"))
	cmd := filepath.Join(w.prefix, "drive_c", "windows", "system32", "cmd.exe")
	if out, err := w.run(cmd, "/c", `C:\run\story.bat`).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	list := w.answer(t, 0, exitDone)
	want := []string{"chrome 131.0.6778.86", "edge 131.0.2903.70", "firefox 140.5.0"}
	var got []string
	for _, b := range list.Browsers {
		got = append(got, b.ID+" "+b.Version)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the installed browsers (-want +got):\n%s", diff)
	}
	w.stand(t, 1, exitNotClean, map[string]string{
		"chrome": "not_effective changed", "edge": "not_effective missing", "firefox": "not_effective missing",
	})
	if n := w.answer(t, 2, exitDone).Written; n == 0 {
		t.Error("--dry-run says that nothing would be written")
	}
	before := w.registry(t, "before.txt")
	if diff := cmp.Diff(before, w.registry(t, "dry.txt")); diff != "" {
		t.Errorf("--dry-run changed the registry (-before +after):\n%s", diff)
	}
	enforced := map[string]string{"chrome": "enforced", "edge": "ephemeral no_private", "firefox": "enforced"}
	if a := w.answer(t, 3, exitDone); a.Written != len(a.Places) || a.Failing != 0 {
		t.Errorf("apply wrote %d of %d places, %d are failing", a.Written, len(a.Places), a.Failing)
	}
	w.stand(t, 4, exitDone, enforced)
	if a := w.answer(t, 5, exitDone); a.Written != 0 {
		t.Errorf("a second apply wrote %d places", a.Written)
	}
	wantApplied(t, w.registry(t, "applied.txt"))

	w.stand(t, 6, exitNotClean, map[string]string{"chrome": "enforced", "edge": "ephemeral no_private", "firefox": "not_effective missing"})
	if a := w.answer(t, 7, exitDone); a.Written != 1 {
		t.Errorf("apply after one value was taken away wrote %d places", a.Written)
	}
	w.stand(t, 8, exitDone, enforced)
	if a := w.answer(t, 9, exitDone); a.Removed == 0 {
		t.Error("remove says that nothing was taken back")
	}
	if diff := cmp.Diff(before, w.registry(t, "after.txt")); diff != "" {
		t.Errorf("remove did not give the registry back (-before +after):\n%s", diff)
	}
	if code := strings.TrimSpace(w.read(t, "ipguard.code")); code != "1" {
		t.Errorf("ipguard's own key is still there: reg query ended with %s", code)
	}
	if left, _ := filepath.Glob(filepath.Join(w.prefix, "drive_c/ProgramData/ipguard/browsers.json")); len(left) > 0 {
		t.Error("the record of what was written is still there")
	}
}

// wantApplied looks for what the vendors document, and for what was there before.
func wantApplied(t *testing.T, keys map[string]map[string]string) {
	t.Helper()
	const top = `HKEY_LOCAL_MACHINE\SOFTWARE\Policies\`
	for _, v := range []struct{ key, name, want string }{
		{`Google\Chrome`, "IncognitoModeAvailability", "REG_DWORD 0x2"},
		{`Google\Chrome`, "PasswordManagerEnabled", "REG_DWORD 0x0"},
		{`Google\Chrome`, "HomepageLocation", "REG_SZ https://theirs.example/"},
		{`Google\Chrome\URLBlocklist`, "1", "REG_SZ theirs.example"},
		{`Google\Chrome\ExtensionInstallBlocklist`, "1", "REG_SZ *"},
		{`Google\Chrome\ClearBrowsingDataOnExitList`, "1", "REG_SZ browsing_history"},
		{`Google\Chrome\ClearBrowsingDataOnExitList`, "2", "REG_SZ download_history"},
		{`Microsoft\Edge`, "ForceEphemeralProfiles", "REG_DWORD 0x1"},
		{`Mozilla\Firefox`, "PrivateBrowsingModeAvailability", "REG_DWORD 0x2"},
		{`Mozilla\Firefox`, "DisableDeveloperTools", "REG_DWORD 0x1"},
	} {
		if got := keys[top+v.key][v.name]; got != v.want {
			t.Errorf("%s, %s: %q, want %q", v.key, v.name, got, v.want)
		}
	}
}

// put writes a file on drive C.
func (w wineTree) put(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(w.prefix, "drive_c", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file of the folder in which programs run.
func (w wineTree) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.prefix, "drive_c", "run", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// answer is what the n-th command of the story said; it must have ended with the code.
func (w wineTree) answer(t *testing.T, n, code int) (a browserAnswer) {
	t.Helper()
	if got := strings.TrimSpace(w.read(t, fmt.Sprintf("%d.code", n))); got != fmt.Sprint(code) {
		t.Errorf("command %d ended with %s, want %d: %s", n, got, code, w.read(t, fmt.Sprintf("%d.err", n)))
	}
	if err := json.Unmarshal([]byte(w.read(t, fmt.Sprintf("%d.json", n))), &a); err != nil {
		t.Errorf("command %d: %v", n, err)
	}
	return a
}

// stand compares how the n-th command says that each browser stands: the word, and the first reason.
func (w wineTree) stand(t *testing.T, n, code int, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, b := range w.answer(t, n, code).Browsers {
		got[b.ID] = strings.Join(append([]string{b.Word}, b.Reasons[:min(1, len(b.Reasons))]...), " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("command %d: how the browsers stand (-want +got):\n%s", n, diff)
	}
}

// registry reads what reg query wrote: type and data of values by name, by key.
func (w wineTree) registry(t *testing.T, name string) map[string]map[string]string {
	t.Helper()
	keys, at := map[string]map[string]string{}, map[string]string(nil)
	for line := range strings.Lines(w.read(t, name)) {
		if key := strings.TrimRight(line, "\n"); strings.HasPrefix(key, "HKEY_") {
			at = map[string]string{}
			keys[key] = at
		} else if parts := strings.SplitN(strings.TrimSpace(line), "    ", 3); len(parts) == 3 && at != nil {
			at[parts[0]] = parts[1] + " " + parts[2]
		}
	}
	if len(keys) == 0 {
		t.Errorf("%s has no key", name)
	}
	return keys
}

// On Windows it is the registry that says who may write. Who may not is told so, and nothing about places.
func TestSettingsOfBrowsersNeedAnAdministrator(t *testing.T) {
	denied := fmt.Errorf("writing settings: %w", fs.ErrPermission)
	for goos, want := range map[string]int{"windows": exitNotPermitted, "linux": exitIncomplete} {
		a := &app{env: env{goos: goos, out: io.Discard}}
		if got := explain(a.unwritable([]governor.Outcome{{Err: denied}})).code; got != want {
			t.Errorf("%s: exit code %d, want %d", goos, got, want)
		}
	}
}
