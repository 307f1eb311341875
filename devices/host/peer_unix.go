//go:build linux || darwin

package host

import "syscall"

// credential are the rights of an account, with its groups.
func credential(acct Account) (*syscall.Credential, error) {
	if acct.UID == 0 {
		return nil, ErrRefused
	}
	return &syscall.Credential{Uid: acct.UID, Gid: acct.GID, Groups: acct.GIDs}, nil
}

// root is the folder in which a peer works.
func root(string) string { return "/" }
