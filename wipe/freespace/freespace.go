// Package freespace overwrites what is free on a volume, and churns the small structures that no file's data reaches, so
// that what was deleted earlier is gone from a medium that cannot discard.
//
// It takes the free space with files that have no name: they vanish with the process that holds them, or at the next
// mount after a power cut, so there is never filler to clean up. It does not discard, does not touch any file that it did
// not make, does not decide when it may run, and keeps nothing between two runs: the caller keeps the position.
//
// What it cannot reach: blocks that the drive has put aside, copies that flash keeps, free inodes, and what lies behind
// the end of other files in their last block.
package freespace

import (
	"errors"
	"time"
)

// ErrUnsupported says that the file system cannot make a file without a name, allocate without writing, or tell where a
// file lies; or that this is not Linux.
var ErrUnsupported = errors.New("not supported here")

// Options are the limits of one run of Clean.
type Options struct {
	// Position is where to go on: the last Progress.Position of the run before, 0 for the beginning.
	Position int64
	// Time ends the run after that long; 0 leaves it to the context's deadline.
	Time time.Duration
	// MaxBytes ends the run after that many bytes were written; 0 is without limit.
	MaxBytes int64
	// Reserve is how many bytes other programs always find free; 0 is the larger of 256 MiB and 2 % of the volume, and
	// 16 MiB is the least.
	Reserve int64
}

// Progress says how far a run has come. All bytes up to Position have reached the medium.
type Progress struct {
	// Position is the place on the volume, in bytes, below which free space was overwritten in this round. It is what the
	// next run needs; it means nothing for another volume.
	Position int64
	// Written is the number of bytes overwritten in this run.
	Written int64
	// Total is the number of bytes that this run would overwrite without limits of time and bytes. It grows a little when
	// the reserve's turn comes.
	Total int64
}

// Reason is why a run ended before all was overwritten.
type Reason string

// The reasons. The zero value says that the round was completed.
const (
	Completed  Reason = ""
	TimeUp     Reason = "time_up"
	BytesDone  Reason = "bytes_done"
	NeedsSpace Reason = "space_needed_by_others"
	Canceled   Reason = "canceled"
)

// Result is what a run did.
type Result struct {
	// Reason is why the run ended.
	Reason Reason
	// Position is where the next run goes on; 0 after a completed round.
	Position int64
	// Free is the number of bytes that were free when the run began, with what the file system keeps for itself where that
	// can be known.
	Free int64
	// Written is the number of bytes overwritten and flushed to the medium.
	Written int64
	// Skipped is the number of free bytes below the position at which the run began: the runs before overwrote them, unless
	// they were freed since.
	Skipped int64
	// Failed is the number of bytes that the medium, or a file system without room for its own records, refused to take.
	Failed int64
	// Left is the number of free bytes that neither this run nor those before it reached. After a completed round on ext4
	// and xfs, run by an administrator, it is the file system's own account of what is free, less what was overwritten.
	Left int64
	// Limited says that a quota refused the run a part of the free space.
	Limited bool
}

// ChurnOptions are the limits of one run of Churn.
type ChurnOptions struct {
	// Time ends the run after that long; 0 leaves it to the context's deadline.
	Time time.Duration
	// MaxBytes ends the run after about that many bytes of structure were written; 0 is what the volume's own figures call
	// for.
	MaxBytes int64
}

// ChurnResult is what a run of Churn did.
type ChurnResult struct {
	// Wanted is the number of bytes of structure that the volume's own figures call for.
	Wanted int64
	// Bytes is the number of bytes of structure written.
	Bytes int64
	// Reason is why the run ended; Completed if Bytes reached Wanted.
	Reason Reason
}
