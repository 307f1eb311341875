// Package verify is the second reading: it looks at the disk afresh and says what is still there, what is missing and
// what is not as it was. A wipe is complete only if this package finds nothing; the same reading answers `status`.
//
// It shares no code with package erase and decides nothing from what the eraser said. It changes nothing on the disk.
package verify
