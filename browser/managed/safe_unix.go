//go:build unix

package managed

import (
	"io/fs"
	"os"
	"syscall"
)

// carefully opens nothing but what the name itself is, and waits for nobody.
const carefully = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// trusted tells whether something belongs to root or to the account that runs the program.
func trusted(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}

// loose tells whether somebody else may write to it. A group of administrators may, unless the bits of the group stand for
// a list of rights.
func loose(path string, info fs.FileInfo) bool {
	if info.Mode().Perm()&0o002 != 0 {
		return true
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return info.Mode().Perm()&0o020 != 0 && (!ok || !administrators(st.Gid) || listed(path))
}

// everybody tells whether every account has those rights.
func everybody(info fs.FileInfo, bits fs.FileMode) bool { return info.Mode().Perm()&bits == bits }

// ordinary tells whether a file has the mode that ours have, and one name.
func ordinary(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 1 && info.Mode() == 0o644
}

// settle writes a folder's entries to the disk.
func settle(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
