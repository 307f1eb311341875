// Package erasetest gives tests and benchmarks of erasing what they need to see the medium itself: images with a file
// system on a loop device of their own, the tree of a session in which everything carries markers, a scanner that counts
// the markers in the raw bytes of an image, and the tools that people use to erase, to be run side by side.
//
// It is made for tests and benchmarks only, on Linux and as root, and everything returns errors, so that a program that
// is no test can use it too. It erases nothing by itself, knows nothing of how ipguard erases, and says nothing about a
// real disk: a loop device discards perfectly and keeps no old copies, which a flash drive may do.
package erasetest
