// Package demo plants the throwaway home that `ipguard demo` wipes: a laptop's clean account, and then the traces that an
// invented person leaves in it during one session, with real SQLite databases where browsers keep such.
//
// It writes only below a folder that was empty, and adds a session only to a home that it planted itself. It does not
// wipe, verify or report, knows nothing of the catalogue, and says nothing about anybody who exists: the names, numbers
// and addresses are impossible ones.
package demo
