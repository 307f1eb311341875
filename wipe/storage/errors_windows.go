package storage

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// wrap says what was being done. It drops what the system's errors may carry besides their number, which is a path.
func wrap(doing string, err error) error {
	var errno windows.Errno
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &errno):
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch errno {
	case windows.ERROR_ACCESS_DENIED, windows.ERROR_PRIVILEGE_NOT_HELD:
		return fmt.Errorf("%s: %w", doing, ErrDenied)
	case windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED:
		return fmt.Errorf("%s: %w", doing, ErrUnsupported)
	}
	return fmt.Errorf("%s: %w", doing, errno)
}
