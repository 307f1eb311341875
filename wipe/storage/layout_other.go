//go:build !linux

package storage

import "os"

// Shared says no: the file systems here that can share blocks are never overwritten.
func Shared(*os.File) bool { return false }

// Data takes a file as one part.
func Data(_ *os.File, off, size int64) (start, stop int64, err error) { return off, size, nil }

// StartWriting waits until a file is on the medium: there is no sync for a whole volume that everybody may ask for.
func StartWriting(f *os.File) error { return f.Sync() }
