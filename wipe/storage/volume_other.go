//go:build !linux

package storage

import (
	"context"
	"fmt"
)

// Checkpoint is ErrUnsupported here.
func (v *Volume) Checkpoint() error { return unsupported("writing back the journal") }

// ClearJournal is ErrUnsupported here.
func (v *Volume) ClearJournal() error { return unsupported("clearing the journal") }

// FreeEOFBlocks is ErrUnsupported here.
func (v *Volume) FreeEOFBlocks() error { return unsupported("freeing blocks") }

// Trim is ErrUnsupported here.
func (v *Volume) Trim(context.Context, func(done, total int64)) (int64, error) {
	return 0, unsupported("discarding")
}

// Snapshots is 0 here, where only btrfs is looked at.
func (v *Volume) Snapshots() (int, error) { return 0, nil }

func unsupported(doing string) error { return fmt.Errorf("%s: %w", doing, ErrUnsupported) }
