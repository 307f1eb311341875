//go:build !linux

package storage

// FreeReserved does nothing: only ext4 sets free blocks apart like that.
func (v *Volume) FreeReserved() error { return nil }
