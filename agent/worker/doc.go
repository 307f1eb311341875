// Package worker is the part of a wipe that runs with the account's own rights, in a process of its own, and what the
// service needs to lead it: phase by phase over its standard input, with what it did as JSON lines on its output.
//
// The worker decides nothing and certifies nothing. The account may kill it, stop it or put words into its mouth: then the
// service ends it and does everything itself. What it says that it erased is for the person who reads the report; the
// service's own pass and the second reading come after it in any case.
package worker
