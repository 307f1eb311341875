package storage

import "crypto/sha256"

// Sample remembers where the beginning of a file lay on the device, and what it was, without keeping it: so that it can be
// looked up, after the file was removed and its blocks discarded, whether the device still has it.
type Sample struct {
	at   int64 // bytes from the beginning of the device
	size int
	sum  [sha256.Size]byte
}

// sampleSize is how much of a file a sample is about, at most.
const sampleSize = 4096

// uniform reports whether all bytes are the same: then finding them again would say nothing.
func uniform(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}
