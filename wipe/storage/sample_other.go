//go:build !linux

package storage

import "os"

// Sample says that there is nothing to be looked up: nothing is discarded here.
func (v *Volume) Sample(*os.File) (Sample, bool) { return Sample{}, false }

// Remaining counts none.
func (v *Volume) Remaining([]Sample) (int, error) { return 0, nil }
