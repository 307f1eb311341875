package ipc

import (
	"errors"
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// credentials are those with which the other end connected, or listened: unix(7), SO_PEERCRED. Nothing that a process
// does later changes them.
func credentials(c net.Conn) (cred *unix.Ucred, err error) {
	err = control(c, func(fd int) error {
		cred, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	})
	return cred, err
}

func identify(c net.Conn) (peer, error) {
	cred, err := credentials(c)
	if err != nil {
		return peer{}, err
	}
	const none = 1<<32 - 1
	if cred.Uid == none {
		return peer{}, errors.ErrUnsupported
	}
	who := Caller{Account: strconv.FormatUint(uint64(cred.Uid), 10), Admin: cred.Uid == 0, PID: int(cred.Pid)}
	return peer{purse: purse(cred.Uid), admin: who.Admin, caller: func() (Caller, error) { return who, nil }}, nil
}

// purse says whose share of connections a uid uses. Any account may have a range of subordinate ids, 65,536 from 100,000
// on (login.defs(5), SUB_UID_MIN and SUB_UID_COUNT), and can appear under each of them; a range has one share.
func purse(uid uint32) string {
	const first, size = 100_000, 65_536
	if uid < first {
		return strconv.FormatUint(uint64(uid), 10)
	}
	return "range " + strconv.FormatUint(uint64((uid-first)/size), 10)
}

// listener is the uid of the process that listens.
func listener(c net.Conn) (uint32, error) {
	cred, err := credentials(c)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
