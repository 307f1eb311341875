//go:build linux || darwin

package walk

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// wrap says what was being done and why it did not work, without a name.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var e unix.Errno
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", op, nameless(err))
	}
	switch e {
	case unix.EXDEV:
		return fmt.Errorf("%s: %w", op, ErrMount)
	case unix.ELOOP:
		return fmt.Errorf("%s: %w", op, ErrLink)
	case unix.ENOTDIR:
		return fmt.Errorf("%s: %w", op, ErrNotDir)
	case unix.ENXIO, unix.EISDIR:
		return fmt.Errorf("%s: %w", op, ErrSpecial)
	case unix.EACCES, unix.EPERM:
		return fmt.Errorf("%s: %w", op, ErrDenied)
	case unix.EBUSY, unix.ETXTBSY:
		return fmt.Errorf("%s: %w", op, ErrInUse)
	case unix.EROFS:
		return fmt.Errorf("%s: %w", op, ErrReadOnly)
	case unix.ENOSPC, unix.EDQUOT:
		return fmt.Errorf("%s: %w", op, ErrNoSpace)
	case unix.ENOTEMPTY:
		return fmt.Errorf("%s: %w", op, ErrNotEmpty)
	case unix.ENOENT:
		return fmt.Errorf("%s: %w", op, ErrNotExist)
	case unix.EEXIST:
		return fmt.Errorf("%s: %w", op, ErrExist)
	case unix.ENAMETOOLONG:
		return fmt.Errorf("%s: %w", op, ErrName)
	}
	return fmt.Errorf("%s: %w", op, e)
}

// nameless takes the name out of an os error.
func nameless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
