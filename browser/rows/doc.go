// Package rows counts the rows that only an ordinary window of a browser writes: visits, downloads and cookies. It is how
// a laptop learns afterwards that a window was not private, without reading where somebody has been.
//
// The files belong to an account that may be hostile, so this code is made to run in a process of its own with that
// account's rights and no others: Serve is that process, Ask is the other end. It writes nothing anywhere, copies nothing to
// a disk, and never tells a value of a row, a name or a path. It does not start the process, does not find the profiles and
// does not judge what a count means.
package rows
