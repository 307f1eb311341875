package log

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"syscall"

	"ipguard/agent/state"
	"ipguard/wipe/walk"
)

// causes are the words for errors, the particular ones first.
func causes() []Cause {
	return []Cause{
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "deadline"},
		{state.ErrCorrupt, "state_corrupt"},
		{state.ErrUnwritable, "state_unwritable"},
		{state.ErrUnreadable, "state_unreadable"},
		{state.ErrUnsafe, "state_unsafe"},
		{state.ErrLocked, "state_locked"},
		{state.ErrInvalid, "state_invalid"},
		{state.ErrNone, "state_none"},
		{walk.ErrMount, "mount"},
		{walk.ErrXDev, "mount"},
		{walk.ErrDenied, "denied"},
		{walk.ErrInUse, "in_use"},
		{walk.ErrReadOnly, "read_only"},
		{walk.ErrNoSpace, "no_space"},
		{walk.ErrNotEmpty, "not_empty"},
		{walk.ErrExist, "exists"},
		{walk.ErrLinks, "hard_link"},
		{walk.ErrLink, "link"},
		{walk.ErrNotDir, "no_folder"},
		{walk.ErrNotExist, "not_found"},
		{syscall.ENOSPC, "no_space"},
		{syscall.EDQUOT, "no_space"},
		{syscall.EROFS, "read_only"},
		{syscall.EIO, "io_error"},
		{syscall.EMFILE, "too_many_open"},
		{syscall.EBUSY, "in_use"},
		{net.ErrClosed, "closed"},
		{fs.ErrClosed, "closed"},
		{io.ErrUnexpectedEOF, "ended_early"},
		{io.EOF, "ended_early"},
		{errors.ErrUnsupported, "unsupported"},
		{fs.ErrNotExist, "not_found"},
		{fs.ErrExist, "exists"},
		{fs.ErrPermission, "denied"},
		{fs.ErrInvalid, "invalid"},
	}
}

// cause is the word for an error, "other" when nothing is known of it. Its text is never looked at.
func cause(err error, more []Cause) string {
	for _, list := range [][]Cause{more, causes()} {
		for _, c := range list {
			if errors.Is(err, c.Err) && isWord(string(c.Word)) {
				return string(c.Word)
			}
		}
	}
	return "other"
}
