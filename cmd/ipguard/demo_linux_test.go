package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipguard/browser/browsertest"
)

// demoRun is what a demonstration said and how it ended.
type demoRun struct {
	code   int
	answer reportJSON
}

// demoAnswer runs a demonstration to its end and reads its last line.
func demoAnswer(t *testing.T, cmd *exec.Cmd) demoRun {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	r := demoRun{code: cmd.ProcessState.ExitCode()}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r.answer); err != nil {
		t.Fatalf("exit code %d, last line %q: %v\n%s", r.code, lines[len(lines)-1], err, errs.String())
	}
	return r
}

// classes lists the classes of which something was erased or restored.
func (r demoRun) classes() []string {
	var all []string
	for _, a := range r.answer.Artifacts {
		if (a.Outcome == "erased" || a.Outcome == "restored") && !slices.Contains(all, a.Class) {
			all = append(all, a.Class)
		}
	}
	slices.Sort(all)
	return all
}

func (r demoRun) hasCode(code string) bool {
	return slices.ContainsFunc(r.answer.Artifacts, func(a artifactJSON) bool { return a.Code == code })
}

// temp makes a folder that everybody may write to, as a temporary folder is.
func temp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ipgt-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// nothingLeft fails the test when a folder is not empty.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("%d entries are left in the temporary folder, the first is %s", len(entries), entries[0].Name())
	}
}

// linuxDemo runs the demonstration with a temporary folder of its own.
func linuxDemo(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(programEnv), append([]string{"demo", "--lang=en"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	return cmd
}

func TestDemo(t *testing.T) {
	user := browsertest.NewUser(t)
	for name, c := range map[string]struct {
		args    []string
		account bool
		code    int
		result  string
	}{
		"root":               {nil, false, exitDone, "complete"},
		"account":            {nil, true, exitDone, "complete"},
		"root, held open":    {[]string{"--held-open"}, false, exitIncomplete, "incomplete"},
		"account, held open": {[]string{"--held-open"}, true, exitIncomplete, "incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := temp(t)
			cmd := linuxDemo(dir, append(c.args, "--json")...)
			if c.account {
				cmd = user.Command(context.Background(), cmd.Path, cmd.Args[1:]...)
				cmd.Env = append(cmd.Env, "TMPDIR="+dir)
			}
			r := demoAnswer(t, cmd)
			if r.code != c.code || r.answer.Result != c.result {
				t.Errorf("exit code %d with result %q, want %d with %q", r.code, r.answer.Result, c.code, c.result)
			}
			if held := c.result != "complete"; r.hasCode("held_open") != held {
				t.Errorf("a row with the code held_open: %v, want %v", !held, held)
			}
			nothingLeft(t, dir)
		})
	}
}

// Whoever stops the demonstration halfway must not be left with the invented person's files.
func TestDemoInterrupted(t *testing.T) {
	seen := map[int]bool{}
	for i := range 12 {
		dir := temp(t)
		args := []string{"--json"}
		if i%3 == 0 {
			args = append(args, "--held-open")
		}
		cmd := linuxDemo(dir, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// From the moment at which there is something to leave behind.
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if found, _ := filepath.Glob(filepath.Join(dir, "ipguard-demo-*")); len(found) > 0 {
				break
			}
		}
		time.Sleep(time.Duration(i) * 15 * time.Millisecond)
		_ = cmd.Process.Signal(os.Interrupt) // one that has ended already is a case too
		_ = cmd.Wait()
		code := cmd.ProcessState.ExitCode()
		if seen[code] = true; code != exitInterrupted && code != exitDone && code != exitIncomplete {
			t.Errorf("round %d: exit code %d", i, code)
		}
		nothingLeft(t, dir)
	}
	if !seen[exitInterrupted] {
		t.Error("no round was interrupted: this test has shown nothing")
	}
}
