package host

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// as says how to start this program as an account: with the token of a session of the account, which only a service of the
// system may ask for. An account that is not signed in has none.
func as(acct Account) (exe string, attr *syscall.SysProcAttr, release func(), err error) {
	if exe, err = os.Executable(); err != nil {
		return "", nil, nil, plain(err)
	}
	token, err := sessionToken(acct.ID)
	if err != nil {
		return "", nil, nil, err
	}
	attr = &syscall.SysProcAttr{
		Token: syscall.Token(token), HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP,
	}
	return exe, attr, func() { _ = token.Close() }, nil
}

// sessionToken returns the token of a session of the account: WTSEnumerateSessions, WTSQueryUserToken.
func sessionToken(id string) (windows.Token, error) {
	var first *windows.WTS_SESSION_INFO
	var count uint32
	if err := windows.WTSEnumerateSessions(0, 0, 1, &first, &count); err != nil {
		return 0, plain(err)
	}
	defer windows.WTSFreeMemory(uintptr(unsafe.Pointer(first)))
	for _, s := range unsafe.Slice(first, count) {
		var token windows.Token
		if windows.WTSQueryUserToken(s.SessionID, &token) != nil {
			continue // nobody is signed in there
		}
		if user, err := token.GetTokenUser(); err == nil && user.User.Sid.String() == id {
			return token, nil
		}
		_ = token.Close()
	}
	return 0, errors.ErrUnsupported
}

// root is the folder in which a peer works: the top of the volume with the program.
func root(exe string) string { return filepath.VolumeName(exe) + `\` }

// Conceal does nothing: another process of the same account may always look, and learns nothing that the account does not
// know.
func Conceal() error { return nil }
