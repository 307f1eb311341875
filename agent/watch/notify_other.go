//go:build !linux

package watch

import "ipguard/wipe/walk"

// spot is the name by which fsnotify knows a folder. These systems take a path only: between the reading that found the
// folder and the watch somebody may put another in its place, and then events are about that one; what is counted is not.
type spot struct{ name string }

func newSpot(_ *walk.Dir, path string) (*spot, error) { return &spot{name: path}, nil }

func (s *spot) settle() error { return nil }

func (s *spot) close() {}
