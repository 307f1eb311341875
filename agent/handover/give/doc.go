// Package give copies documents onto a medium of the person and believes no copy that it has not read back from the medium.
//
// All copies go into one new folder. What else is on the medium is never listed, opened or followed: every step goes from an
// open directory to a name that is made new there. A copy counts as given only when the bytes that came back past the
// caches of this computer are those that were read from the document; whatever else happens, the document has a code instead
// and its copy is taken off the medium again.
//
// The package does not find, mount or release media, does not choose or change documents, and keeps nothing: names are in the
// result only, for the person's own screen, and never in an error.
package give

import (
	"crypto/sha256"
	"errors"
	"io"
)

// Item is one document to copy.
type Item struct {
	Name string // as people know it; any bytes
	Size int64  // bytes, as the person was told
	// Open opens the document for reading from its beginning. An error that wraps ErrChanged says that it is another one by
	// now. If the reader has a method Stat, as files have, size and time are compared before and after copying.
	Open func() (io.ReadCloser, error)
}

// ErrChanged is what Item.Open wraps when the document is no longer the one that was chosen.
var ErrChanged = errors.New("the document has changed")

// Target is a mounted medium.
type Target struct {
	Dir     string // where it is mounted; no part of it may be a link
	MaxFile int64  // bytes of the largest file that fits its file system (4 GiB - 1 on FAT32); 0: no limit
}

// Progress says how far a copy is. Each byte counts twice, when it is written and when it is read back.
type Progress struct {
	Bytes, BytesTotal int64
	Items, ItemsTotal int // items that are settled, one way or the other
}

// Code says why an item was not given.
type Code string

// The codes. The set is closed.
const (
	NoSpace    Code = "no_space"   // the medium has no room for it, or for all together
	TooLarge   Code = "too_large"  // larger than the medium's file system allows for one file
	ReadOnly   Code = "read_only"  // the medium cannot be written to, or not by this account
	Gone       Code = "gone"       // the medium is not there any more, or does not answer
	IOError    Code = "io_error"   // the medium failed to write or to read
	Differs    Code = "differs"    // what came back from the medium is not what was written: it is defective or a fake
	Unreadable Code = "unreadable" // the document could not be read
	Changed    Code = "changed"    // the document changed while it was copied
	Name       Code = "name"       // the medium takes no name for it
	Cached     Code = "cached"     // it reads back equal, but perhaps from memory; see Again
	Stopped    Code = "stopped"    // the copy was ended before this one was verified
)

// Outcome is what became of one item: verified, or a code.
type Outcome struct {
	Name     string // its name on the medium; empty if it has no copy there
	Verified bool
	Code     Code // empty exactly when Verified

	sum  [sha256.Size]byte
	size int64
}

// Result is what became of all items.
type Result struct {
	Folder string    // the name of the new folder on the medium; empty if there is none
	Items  []Outcome // one for each item, in their order
}

// Complete reports whether every item was verified. Nothing to copy is nothing given.
func (r Result) Complete() bool {
	for _, o := range r.Items {
		if !o.Verified {
			return false
		}
	}
	return len(r.Items) > 0
}
