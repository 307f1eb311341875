package walk

import (
	"errors"

	"ipguard/wipe"
)

// CodeOf returns the code that a report gives for an error of this package.
func CodeOf(err error) wipe.Code {
	for _, c := range []struct {
		err  error
		code wipe.Code
	}{
		{nil, wipe.CodeNone},
		{ErrMount, wipe.CodeMount},
		{ErrXDev, wipe.CodeMount},
		{ErrDenied, wipe.CodeDenied},
		{ErrInUse, wipe.CodeInUse},
		{ErrReadOnly, wipe.CodeReadOnly},
		{ErrNoSpace, wipe.CodeNoSpace},
		{ErrNotEmpty, wipe.CodeRemains},
		{ErrExist, wipe.CodeRemains},
		{ErrLink, wipe.CodeRemains},
		{ErrLinks, wipe.CodeHardLink},
		{ErrNotDir, wipe.CodeRemains},
	} {
		if err == c.err || c.err != nil && errors.Is(err, c.err) {
			return c.code
		}
	}
	return wipe.CodeIO
}

// Reason gives an error of an open file the same form as those of this package: no name, a cause of the closed set.
func Reason(op string, err error) error { return wrap(op, err) }
