// Package agent joins the parts: it reads the machine's facts, makes the plan, ends the account's programs, sets
// documents aside, lets the plan be carried out and read again, and keeps the state. The command without the service,
// later the service, and the demonstration all go through it.
//
// It prints nothing and asks nobody: questions come in as requests, answers go out as values. What is erased and how is
// decided in package wipe; what people read is written in the command.
package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/agent/worker"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
)

// Errors that a person can do something about.
var (
	ErrUnknownAccount = errors.New("no such account")
	ErrNoneEnrolled   = errors.New("no account is enrolled")
	ErrSeveral        = errors.New("several accounts are enrolled")
	ErrNotPermitted   = errors.New("not permitted")
)

// Accounts looks accounts up. An error means that there is none.
type Accounts interface {
	LookupAccount(name string) (host.Account, error)
	LookupID(id string) (host.Account, error)
	// KnownFolders are folders of the account that the program runs as, where the system knows them better than a
	// convention does.
	KnownFolders() map[string]string
}

// Programs knows and ends what an account runs.
type Programs interface {
	Processes(ctx context.Context, uid uint32) ([]host.Process, error)
	Ancestors(pid int) []int
	End(ctx context.Context, uid uint32, keep func(host.Process) bool, grace time.Duration) (int, []host.Process, error)
	Commands(ctx context.Context, uid uint32) ([]host.Command, error)
	HeldOpen(ctx context.Context, dirs []string, ignore func(host.Process) bool) (int, error)
}

// Disks knows what is mounted. It asks no mounted file system.
type Disks interface {
	Mounts() ([]host.Mount, error)
	Detach(m host.Mount) error
	WritableFolders(ctx context.Context, uid uint32, gids []uint32, skip []string, mounts []host.Mount) ([]string, error)
}

// Machine is everything that the agent asks of the operating system.
type Machine interface {
	Accounts
	Programs
	Disks
}

// Agent works on the accounts of one laptop.
type Agent struct {
	GOOS    string
	Machine Machine
	State   *state.Dir
	Policy  policy.Policy
	// PolicyBroken says that the laptop has a policy that cannot be used, so that Policy is another one. Wipes go on; none
	// ends clean.
	PolicyBroken bool
	Catalog      []wipe.Artifact
	Now          func() time.Time
	// Boot is the clock that nobody can put back; nil: the system's own.
	Boot handover.Boot
	PID  int
	Exe  string // the program's own file
	UID  uint32 // whose rights the process has
	Root bool   // they are an administrator's
	// Prefix goes before every folder outside the home; empty but in the demonstration and in tests.
	Prefix string
	// Throwaway is the folder below which the demonstration works; it replaces the guard for real accounts.
	Throwaway string
	// StartWorker starts a process with an account's rights, for what of a wipe can be done with them; nil: this process
	// does everything. WorkerLimits bound what it may cost.
	StartWorker  StartWorker
	WorkerLimits worker.Limits
	// ForgetPrints takes back what an account has printed or waits to print, and has the print service forget it; nil: only
	// the files that the wipe finds go. It is bounded in time.
	ForgetPrints func(ctx context.Context, user string)
	// StartRows starts a process with an account's rights that counts rows in its browsers' data; nil: they are not counted.
	StartRows func(context.Context, host.Account) (rows.Process, error)
}

// Account resolves the account with this name, or, for an empty name, the only one that is enrolled.
func (a *Agent) Account(name string) (wipe.Account, error) {
	if name != "" {
		acct, err := a.Machine.LookupAccount(name)
		if err != nil {
			return wipe.Account{}, ErrUnknownAccount
		}
		return convert(acct), nil
	}
	ids, err := a.State.Accounts()
	if err != nil {
		return wipe.Account{}, err
	}
	// An enrollment that was never finished leaves a folder, not a baseline.
	ids = slices.DeleteFunc(ids, a.notEnrolled)
	switch len(ids) {
	case 0:
		return wipe.Account{}, ErrNoneEnrolled
	case 1:
		acct, err := a.Machine.LookupID(ids[0])
		if err != nil {
			return wipe.Account{}, ErrUnknownAccount
		}
		return convert(acct), nil
	}
	return wipe.Account{}, ErrSeveral
}

func (a *Agent) notEnrolled(id string) bool {
	st, err := a.State.Account(id)
	if err != nil {
		return true
	}
	_, err = baseline.Store{Dir: st.BaselineDir()}.Current()
	return errors.Is(err, baseline.ErrNone)
}

func convert(h host.Account) wipe.Account {
	return wipe.Account{Name: h.Name, ID: h.ID, UID: h.UID, GIDs: h.GIDs, Home: h.Home, Admin: h.Admin}
}

// permitted says that the process may work on the account: it is the account's own or an administrator's.
func (a *Agent) permitted(acct wipe.Account) error {
	if a.Root || a.UID == acct.UID {
		return nil
	}
	return ErrNotPermitted
}

func (a *Agent) today() string { return a.Now().Format(time.DateOnly) }
