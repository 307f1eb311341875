//go:build unix

package policy

import (
	"io/fs"
	"os"
	"syscall"
)

// openPlain opens a file for reading. It follows no link, and waits for nobody who has to write into a FIFO first.
func openPlain(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// guarded tells whether only root can change a file or what is in a folder. What belongs to the account that the
// program itself runs as is as good: such an account can do no more through the file than it can do anyway.
func guarded(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().Perm()&0o022 == 0 && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
