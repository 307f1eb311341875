package ipc

import (
	"errors"
	"net"
	"runtime"

	"golang.org/x/sys/windows"
)

// identify takes the account of the process that connected for its share of connections. That process may have ended
// and its number be another's, so what a caller may do is decided by caller, once a request was read: before that,
// ImpersonateNamedPipeClient fails with ERROR_CANNOT_IMPERSONATE.
func identify(c net.Conn) (peer, error) {
	h, ok := handle(c)
	if !ok {
		return peer{}, errors.ErrUnsupported
	}
	var pid uint32
	if err := windows.GetNamedPipeClientProcessId(h, &pid); err != nil {
		return peer{}, err
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return peer{}, err
	}
	defer windows.CloseHandle(process)
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return peer{}, err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return peer{}, err
	}
	return peer{purse: user.User.Sid.String(), admin: token.IsElevated(), caller: func() (Caller, error) {
		who, err := impersonate(h)
		who.PID = int(pid)
		return who, err
	}}, nil
}

// impersonate asks who wrote to the pipe, on a thread of its own: a thread that could not be turned back into ours ends
// with its goroutine.
func impersonate(h windows.Handle) (Caller, error) {
	type answer struct {
		who Caller
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		runtime.LockOSThread()
		procedure := windows.NewLazySystemDLL("advapi32.dll").NewProc("ImpersonateNamedPipeClient")
		if ok, _, err := procedure.Call(uintptr(h)); ok == 0 {
			runtime.UnlockOSThread() // still ours
			answers <- answer{err: err}
			return
		}
		who, err := ofThread()
		if back := windows.RevertToSelf(); back != nil {
			answers <- answer{err: back}
			return
		}
		runtime.UnlockOSThread()
		answers <- answer{who, err}
	}()
	a := <-answers
	return a.who, a.err
}

// ofThread says in whose name the thread acts. Only somebody elevated is a member of the administrators in a token: in
// that of an administrator who is not, the group can only deny.
func ofThread() (Caller, error) {
	var token windows.Token
	if err := windows.OpenThreadToken(windows.CurrentThread(), windows.TOKEN_QUERY, true, &token); err != nil {
		return Caller{}, err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return Caller{}, err
	}
	admins, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return Caller{}, err
	}
	admin, err := token.IsMember(admins)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Account: user.User.Sid.String(), Admin: admin}, nil
}
