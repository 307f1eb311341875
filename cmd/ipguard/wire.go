package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/term"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/agent/worker"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe/catalog"
)

// env is what the program is run with; tests replace it.
type env struct {
	in          io.Reader
	out, err    io.Writer
	interactive bool // a person can answer
	repaint     bool // lines may be written over
	getenv      func(string) string
	raw         func() (restore func()) // has the terminal give each key at once
	goos, arch  string
	exe         string
	uid         int // -1 where there is none
	pid         int
	now         func() time.Time
	machine     agent.Machine
	tempDir     string
}

// system is the real environment. It is the only reader of runtime.GOOS.
func system() env {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	terminal := term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
	return env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, interactive: terminal,
		repaint: terminal && os.Getenv("TERM") != "dumb" && os.Getenv("ACCESSIBLE") == "" && os.Getenv("NO_COLOR") == "",
		getenv:  os.Getenv, raw: raw, goos: runtime.GOOS, arch: runtime.GOARCH, exe: exe, uid: os.Geteuid(), pid: os.Getpid(), now: time.Now,
		machine: host.New(runtime.GOOS), tempDir: os.TempDir(),
	}
}

// raw has the terminal give each key at once, as far as it is one.
func raw() (restore func()) {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(fd, before) }
}

// newAgent builds the agent for real accounts.
func newAgent(e env, stateDir string) (*agent.Agent, error) {
	if stateDir == "" {
		stateDir = defaultStateDir(e)
	}
	stateDir, err := filepath.Abs(stateDir)
	if err != nil {
		return nil, err
	}
	dir, err := state.Open(stateDir)
	if err != nil {
		return nil, err
	}
	arts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return &agent.Agent{
		GOOS: e.goos, Machine: e.machine, State: dir, Policy: policy.Default(), Catalog: arts, Now: e.now,
		PID: e.pid, Exe: e.exe, UID: uint32(max(e.uid, 0)), Root: e.uid == 0, StartWorker: worker.Start,
		StartRows: agent.StartRows,
	}, nil
}

func defaultStateDir(e env) string {
	switch e.goos {
	case "windows":
		return filepath.Join(e.getenv("ProgramData"), "ipguard")
	case "darwin":
		return "/Library/Application Support/ipguard"
	}
	return "/var/lib/ipguard"
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
