// Package rules holds the rules of this source tree as tests: who may import whom and why, how long files and functions
// may be, what must be documented, and what may lie where.
//
// It has no code of its own and no part in the program. `go test ./packaging/rules` needs no network and changes nothing.
package rules
