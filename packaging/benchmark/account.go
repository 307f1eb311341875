package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// bench is an account and the folders around it, all on one file system and all gone at the end.
type bench struct {
	options
	name     string
	uid, gid int
	home     string
	beside   string // for copies that the program does not see
	top      string // the folder of all
}

func newBench(ctx context.Context, o options) (*bench, error) {
	top, err := os.MkdirTemp(o.dir, "ipguard-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{
		options: o, name: fmt.Sprintf("ipgb%09d", rand.IntN(1e9)),
		top: top, home: filepath.Join(top, "home"), beside: filepath.Join(top, "beside"),
	}
	if err := errors.Join(os.Chmod(top, 0o755), os.Mkdir(b.beside, 0o700), b.makeAccount(ctx)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(top))
	}
	return b, nil
}

// makeAccount makes an account with a random id, so that nothing on this machine belongs to it.
func (b *bench) makeAccount(ctx context.Context) error {
	err := b.tool(ctx, "useradd", "--create-home", "--home-dir", b.home, "--key", "HOME_MODE=0700", "--user-group",
		"--uid", strconv.Itoa(20000+rand.IntN(30000)), "--shell", "/bin/bash", "--no-log-init", b.name)
	if err != nil {
		return err
	}
	acc, err := user.Lookup(b.name)
	if err != nil {
		return err
	}
	b.uid, err = strconv.Atoi(acc.Uid)
	if err == nil {
		b.gid, err = strconv.Atoi(acc.Gid)
	}
	return err
}

// close takes the account and its files away, also after an interruption.
func (b *bench) close() error {
	return errors.Join(os.RemoveAll(b.top), b.tool(context.Background(), "userdel", b.name))
}

// tool runs a program of the system and returns what it complained about as an error.
func (b *bench) tool(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// need says which programs are missing.
func need(programs ...string) error {
	var missing []error
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, fmt.Errorf("measuring needs %s", name))
		}
	}
	return errors.Join(missing...)
}

// lastLine is the last line of what a tool says.
func lastLine(text string) string {
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// settle waits until everything that was written is on the medium, so that nobody pays for what another left behind.
func (b *bench) settle(ctx context.Context) error { return b.tool(ctx, "sync") }
