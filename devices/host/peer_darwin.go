package host

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// as says how to start this program as an account.
func as(acct Account) (exe string, attr *syscall.SysProcAttr, release func(), err error) {
	cred, err := credential(acct)
	if err != nil {
		return "", nil, nil, err
	}
	if exe, err = os.Executable(); err != nil {
		return "", nil, nil, plain(err)
	}
	return exe, &syscall.SysProcAttr{Credential: cred, Setsid: true}, func() {}, nil
}

// Conceal keeps debuggers from attaching to this process: ptrace(2), PT_DENY_ATTACH.
func Conceal() error { return unix.PtraceDenyAttach() }
