package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/erase"
	"ipguard/wipe/walk"
)

// Throwaway is an agent for the demonstration: it works in one new folder, on an account that exists only there.
type Throwaway struct {
	*Agent
	Account wipe.Account
	dir     string
}

// NewThrowaway makes a new folder below temp and an agent that can work nowhere else. machine is asked for mounts and
// open files only.
func NewThrowaway(temp, goos string, machine Machine, uid int, now func() time.Time) (*Throwaway, error) {
	dir, err := os.MkdirTemp(temp, "ipguard-demo-")
	if err != nil {
		return nil, walk.Reason("making the folder", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	t := &Throwaway{dir: dir}
	if t.Agent, err = throwawayAgent(dir, goos, machine, uid, now); err != nil {
		return nil, errors.Join(err, t.Discard(context.Background()))
	}
	t.Account = wipe.Account{Name: "demo", ID: accountID(goos, uid), UID: t.UID, Home: filepath.Join(dir, "home")}
	return t, nil
}

func throwawayAgent(dir, goos string, machine Machine, uid int, now func() time.Time) (*Agent, error) {
	st, err := state.Open(filepath.Join(dir, "state"))
	if err != nil {
		return nil, err
	}
	arts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return &Agent{
		GOOS: goos, Machine: disksOnly{machine}, State: st, Policy: policy.Default(), Catalog: arts, Now: now, PID: os.Getpid(),
		UID: uint32(max(uid, 0)), Root: true, Prefix: filepath.Join(dir, "system"), Throwaway: dir,
	}, nil
}

// accountID is the number of the demonstration's account: the caller's own, or one that Windows gives to nobody.
func accountID(goos string, uid int) string {
	if goos == "windows" {
		return "S-1-5-21-0-0-0-1000"
	}
	return strconv.Itoa(max(uid, 0))
}

// Discard erases the folder by the same careful steps as everything else here.
func (t *Throwaway) Discard(ctx context.Context) error {
	return erase.Folder(ctx, t.dir, erase.Terms{})
}

// disksOnly is a machine on which no account runs anything and nothing can be ended.
type disksOnly struct{ Machine }

// Processes returns none.
func (disksOnly) Processes(context.Context, uint32) ([]host.Process, error) { return nil, nil }

// End ends nothing.
func (disksOnly) End(context.Context, uint32, func(host.Process) bool, time.Duration) (int, []host.Process, error) {
	return 0, nil, nil
}

// KnownFolders returns none: the demonstration's home has the default layout.
func (disksOnly) KnownFolders() map[string]string { return nil }

// Ancestors returns none.
func (disksOnly) Ancestors(int) []int { return nil }

// Detach detaches nothing.
func (disksOnly) Detach(host.Mount) error { return nil }

// WritableFolders returns none.
func (disksOnly) WritableFolders(context.Context, uint32, []uint32, []string, []host.Mount) ([]string, error) {
	return nil, nil
}
