package ipc

import (
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// listener is the uid of the process at the other end when it connected, or listened: <sys/un.h>, LOCAL_PEERCRED.
func listener(c net.Conn) (uid uint32, err error) {
	err = control(c, func(fd int) error {
		cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
		if err == nil {
			uid = cred.Uid
		}
		return err
	})
	return uid, err
}

func identify(c net.Conn) (peer, error) {
	uid, err := listener(c)
	if err != nil {
		return peer{}, err
	}
	who := Caller{Account: strconv.FormatUint(uint64(uid), 10), Admin: uid == 0}
	// The process may be gone already; who it was is known all the same.
	_ = control(c, func(fd int) (err error) {
		who.PID, err = unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
		return err
	})
	return peer{purse: who.Account, admin: who.Admin, caller: func() (Caller, error) { return who, nil }}, nil
}
