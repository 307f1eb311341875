// Package browser knows the browsers: where each keeps its data and where its programs are on each operating system and in
// each kind of package, where each reads an administrator's settings, which files mark such folders, and which process names
// it runs under.
//
// Discovery reads a home, or a whole machine, through a small interface and changes nothing; no program is started. The
// package does not decide what is kept or removed (the catalogue has one set of rules a family, which the tokens found here
// put in place), nor what settings say.
package browser
