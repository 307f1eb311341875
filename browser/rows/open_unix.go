//go:build unix

package rows

import (
	"errors"
	"syscall"
)

// openFlags keep an open from following a link and from waiting for the other end of a FIFO.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY

// isLink tells whether an open was refused because of a link.
func isLink(err error) bool { return errors.Is(err, syscall.ELOOP) }
