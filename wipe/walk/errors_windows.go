package walk

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// wrap says what was being done, without the name that os errors carry.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if meant := meaning(err); meant != nil {
		err = meant
	}
	return fmt.Errorf("%s: %w", op, err)
}

// meaning returns the sentinel that an answer of the system stands for, or nil.
func meaning(err error) error {
	var status windows.NTStatus
	if errors.As(err, &status) {
		return statusMeaning(status)
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		return codeMeaning(e)
	}
	return nil
}

func statusMeaning(s windows.NTStatus) error {
	switch s {
	case windows.STATUS_REPARSE_POINT_ENCOUNTERED, windows.STATUS_STOPPED_ON_SYMLINK:
		return ErrLink
	case windows.STATUS_NOT_A_DIRECTORY:
		return ErrNotDir
	case windows.STATUS_FILE_IS_A_DIRECTORY:
		return ErrSpecial
	case windows.STATUS_ACCESS_DENIED, windows.STATUS_PRIVILEGE_NOT_HELD:
		return ErrDenied
	case windows.STATUS_SHARING_VIOLATION, windows.STATUS_FILE_LOCK_CONFLICT, windows.STATUS_DELETE_PENDING,
		windows.STATUS_USER_MAPPED_FILE, windows.STATUS_CANNOT_DELETE:
		// "Cannot delete" is a program that runs from the file; a read-only file is dealt with before.
		return ErrInUse
	case windows.STATUS_MEDIA_WRITE_PROTECTED:
		return ErrReadOnly
	case windows.STATUS_DISK_FULL, windows.STATUS_QUOTA_EXCEEDED:
		return ErrNoSpace
	case windows.STATUS_DIRECTORY_NOT_EMPTY:
		return ErrNotEmpty
	case windows.STATUS_OBJECT_NAME_NOT_FOUND, windows.STATUS_OBJECT_PATH_NOT_FOUND, windows.STATUS_NO_SUCH_FILE:
		return ErrNotExist
	case windows.STATUS_OBJECT_NAME_COLLISION:
		return ErrExist
	case windows.STATUS_NOT_SAME_DEVICE:
		return ErrXDev
	case windows.STATUS_OBJECT_NAME_INVALID, windows.STATUS_OBJECT_PATH_SYNTAX_BAD, windows.STATUS_NAME_TOO_LONG:
		return ErrName
	}
	return nil
}

func codeMeaning(e syscall.Errno) error {
	switch e {
	case windows.ERROR_ACCESS_DENIED, windows.ERROR_PRIVILEGE_NOT_HELD:
		return ErrDenied
	case windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_DELETE_PENDING,
		windows.ERROR_USER_MAPPED_FILE:
		return ErrInUse
	case windows.ERROR_WRITE_PROTECT:
		return ErrReadOnly
	case windows.ERROR_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED:
		return ErrNoSpace
	case windows.ERROR_DIR_NOT_EMPTY:
		return ErrNotEmpty
	case windows.ERROR_FILE_NOT_FOUND, windows.ERROR_PATH_NOT_FOUND:
		return ErrNotExist
	case windows.ERROR_FILE_EXISTS, windows.ERROR_ALREADY_EXISTS:
		return ErrExist
	case windows.ERROR_NOT_A_REPARSE_POINT:
		return ErrSpecial
	}
	return nil
}

// unsupported reports whether the file system or this version of the system does not know what was asked: FAT, old
// network servers and wine lack the newer operations.
func unsupported(err error) bool {
	switch err {
	case windows.STATUS_INVALID_INFO_CLASS, windows.STATUS_INVALID_PARAMETER, windows.STATUS_NOT_SUPPORTED,
		windows.STATUS_INVALID_DEVICE_REQUEST, windows.STATUS_NOT_IMPLEMENTED:
		return true
	}
	return false
}
