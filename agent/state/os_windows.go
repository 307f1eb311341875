package state

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// openFlags: the state directory's access list keeps others from planting links in it.
const openFlags = 0

// private is settled by the access list that the installer sets.
func private(fs.FileInfo) bool { return true }

func flush(f *os.File) error { return f.Sync() }

func inPlace(*os.File) {}

// syncDir is not needed: NTFS logs a rename.
func syncDir(string) error { return nil }

func tryLock(f *os.File) error {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errBusy
	}
	return err
}
