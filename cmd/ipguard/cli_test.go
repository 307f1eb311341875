package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts of testdata/script against the whole program in this process. They have two commands
// more than usual: "exits CODE ARGS..." runs ipguard and wants that exit code; "answer SCHEMA" wants every line that was
// written to be JSON and the last one to have that schema.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("TMPDIR", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "answer": answer},
	})
}

// exits runs the program with nobody to answer and a state folder that belongs to the script.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	e := system()
	e.in, e.out, e.err, e.getenv, e.tempDir = strings.NewReader(""), ts.Stdout(), ts.Stderr(), ts.Getenv, ts.MkAbs(".")
	e.interactive, e.repaint = false, false
	e.exe = "" // this process is the test's program: starting it again would start the tests again
	args = args[1:]
	if len(args) > 0 && args[0] != "help" && !strings.HasPrefix(args[0], "-") {
		args = append([]string{args[0], "--state-dir", ts.MkAbs("state")}, args[1:]...)
	}
	if code := run(context.Background(), args, e); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func answer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answer SCHEMA")
	}
	var last struct{ Schema string }
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		last.Schema = ""
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			ts.Fatalf("%q: %v", line, err)
		}
	}
	if last.Schema != args[0] {
		ts.Fatalf("the last line is %q, want %q", last.Schema, args[0])
	}
}
