package erasetest

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// CloneFile copies an image that is not attached anywhere: by sharing its blocks where the file system can, else only
// what is no hole. The copy is on the disk when it returns.
func CloneFile(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("opening an image to copy: %w", err)
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("making a copy: %w", err)
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())) == nil {
		return dst.Sync()
	}
	if err := dst.Truncate(info.Size()); err != nil {
		return fmt.Errorf("sizing a copy: %w", err)
	}
	var failed error
	err = eachExtent(src, func(e extent) {
		if failed == nil {
			failed = copyExtent(dst, src, e)
		}
	})
	return errors.Join(err, failed, dst.Sync())
}

func copyExtent(dst, src *os.File, e extent) error {
	in, out := e.start, e.start
	for left := e.size; left > 0; {
		n, err := unix.CopyFileRange(int(src.Fd()), &in, int(dst.Fd()), &out, int(min(left, 1<<30)), 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("copying an image: %w", err)
		case n == 0:
			return errors.New("an image became shorter while it was copied")
		}
		left -= int64(n)
	}
	return nil
}
