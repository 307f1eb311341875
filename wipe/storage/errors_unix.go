//go:build unix

package storage

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// wrap says what was being done. It drops what the system's errors may carry besides their number, which is a path.
func wrap(doing string, err error) error {
	var errno unix.Errno
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &errno):
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch errno {
	case unix.EPERM, unix.EACCES:
		return fmt.Errorf("%s: %w", doing, ErrDenied)
	case unix.EOPNOTSUPP, unix.ENOTTY, unix.ENOSYS:
		return fmt.Errorf("%s: %w", doing, ErrUnsupported)
	}
	return fmt.Errorf("%s: %w", doing, errno)
}
