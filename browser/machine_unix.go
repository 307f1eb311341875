//go:build unix

package browser

import (
	"os"
	"syscall"
)

// openFlags: a FIFO is not waited for, a terminal is not adopted.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW | syscall.O_NOCTTY

// lazy opens a folder once more by its descriptor. Of a folder that was opened in an os.Root the library looks at each entry
// when it lists them, which takes ten times as long as the listing.
func lazy(f *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "folder"), nil
}
