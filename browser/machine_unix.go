//go:build unix

package browser

import "syscall"

// openFlags: a FIFO is not waited for, a terminal is not adopted.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW | syscall.O_NOCTTY
