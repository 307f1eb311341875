package host

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// as says how to start this program as an account. The link leads to the program that runs, also when its file was replaced
// or lies in a folder that the account cannot enter.
func as(acct Account) (exe string, attr *syscall.SysProcAttr, release func(), err error) {
	cred, err := credential(acct)
	if err != nil {
		return "", nil, nil, err
	}
	return "/proc/self/exe", &syscall.SysProcAttr{Credential: cred, Setsid: true, Pdeathsig: syscall.SIGKILL}, func() {}, nil
}

// Conceal keeps other processes of the same account from reading this one's memory or steering it: prctl(2),
// PR_SET_DUMPABLE. It also keeps the memory out of dumps.
//
// First it gives up what protects the service from being ended when memory is short: proc(5), oom_score_adj.
func Conceal() error {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("0"), 0) // not having to is as good
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("concealing the process: %w", plain(err))
	}
	return nil
}
