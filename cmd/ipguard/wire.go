package main

import (
	"context"
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
	"ipguard/devices/media"
	"ipguard/devices/printer"
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
	raw         func() (restore func())              // has the terminal give each key at once
	secret      func(context.Context) (string, bool) // a line that the terminal does not show; false when nobody typed it
	goos, arch  string
	exe         string
	uid         int // -1 where there is none
	pid         int
	now         func() time.Time
	machine     agent.Machine
	tempDir     string
	open        func(ctx context.Context, url string) error // in the caller's browser
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
		getenv:  os.Getenv, raw: raw, secret: secret, goos: runtime.GOOS, arch: runtime.GOARCH, exe: exe, uid: os.Geteuid(), pid: os.Getpid(), now: time.Now,
		machine: host.New(runtime.GOOS), tempDir: os.TempDir(), open: openPage,
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

// secret reads a line that the terminal does not show.
func secret(ctx context.Context) (string, bool) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", false
	}
	defer func() { _ = term.Restore(fd, before) }() // whoever is interrupted must see again what they type
	typed := make(chan string, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		if err == nil {
			typed <- string(line)
		}
		close(typed)
	}()
	select {
	case line, ok := <-typed:
		return line, ok
	case <-ctx.Done():
		return "", false
	}
}

// openPage shows a page in the caller's browser.
func openPage(ctx context.Context, url string) error { return host.OpenPage(ctx, runtime.GOOS, url) }

// media finds what people plug in.
func (e env) media() *media.Finder { return media.New(e.goos, media.Options{}) }

// printers speaks to the print service for an account.
func (e env) printers(user string) *printer.Spooler {
	return printer.New(printer.Options{User: user, Socket: e.getenv("CUPS_SERVER")})
}

// forgetPrints cancels what an account waits to print, and has the print service forget what came out.
func (e env) forgetPrints(ctx context.Context, user string) {
	ctx, cancel := context.WithTimeout(ctx, spoolMost)
	defer cancel()
	spooler := e.printers(user)
	waiting, err := spooler.Jobs(ctx, user)
	if err != nil {
		return // nobody prints here; what lies in the spool is erased as files
	}
	past, _ := spooler.History(ctx, user)
	for _, job := range append(waiting, past...) {
		_ = spooler.Cancel(ctx, job) // the second reading tells what is left
	}
}

// newAgent builds the agent for real accounts.
func newAgent(e env, stateDir string) (*agent.Agent, error) {
	given := stateDir
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
	// A policy that cannot be used stops nothing but the word clean.
	rules, broken := policy.Load(policyPath(e, given))
	return &agent.Agent{
		GOOS: e.goos, Machine: e.machine, State: dir, Policy: rules, PolicyBroken: broken != nil, Catalog: arts, Now: e.now,
		PID: e.pid, Exe: e.exe, UID: uint32(max(e.uid, 0)), Root: e.uid == 0, StartWorker: worker.Start,
		StartRows: agent.StartRows, ForgetPrints: e.forgetPrints,
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

// policyPath is where the policy of the laptop lies; a state folder of its own has a policy of its own.
func policyPath(e env, stateDir string) string {
	if stateDir == "" && e.goos == "linux" {
		return "/etc/ipguard/policy.yaml"
	} else if stateDir == "" {
		stateDir = defaultStateDir(e)
	}
	return filepath.Join(stateDir, "policy.yaml")
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
