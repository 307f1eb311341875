// Package browser knows the browsers: where each keeps its data on each operating system and in each kind of package, which
// files mark such a folder, and which process names it runs under.
//
// Discovery reads a tree through a small interface and changes nothing. The package does not decide what is kept or
// removed: the catalogue has one set of rules a family, which the tokens found here put in place.
package browser
