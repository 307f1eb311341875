package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// The same engine, run as a Windows program, meets the same kinds of traces; and a file that another program holds open
// there cannot be removed, which must be said.
func TestDemoUnderWine(t *testing.T) {
	w := newWineTree(t)
	program := w.build(t, "ipguard.exe", ".", "build")
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
