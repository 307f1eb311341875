package browser

import "os"

const openFlags = 0

// lazy has nothing to do where a listing tells everything at once.
func lazy(f *os.File) (*os.File, error) { return f, nil }
