//go:build !linux

package storage

import "os"

// Extent is a part of a file that lies in one piece on the volume. All figures are bytes.
type Extent struct {
	Logical, Physical, Length int64
	Placed, Unwritten         bool
	Shared                    bool
}

// Extents is asked on Linux only.
func Extents(*os.File, func(Extent) bool) error { return ErrUnsupported }

// Shared says no: the file systems here that can share blocks are never overwritten.
func Shared(*os.File) bool { return false }

// Data takes a file as one part.
func Data(_ *os.File, off, size int64) (start, stop int64, err error) { return off, size, nil }

// StartWriting waits until a file is on the medium: there is no sync for a whole volume that everybody may ask for.
func StartWriting(f *os.File) error { return f.Sync() }
