// Package disktest is a disk for tests: a block device that a real file system is made on, whose every write, discard and
// flush is seen in order, can be replayed up to any moment as if the power had gone there, or made to fail.
//
// The disk is one file of a FUSE file system, attached to a loop device. Its server runs in a process of its own, the test
// binary started again, for three reasons: a process that waits for its own disk (in syncfs, in umount, in exit, between fork
// and exec) would wait for itself; that process can be marked as one that the kernel needs to write pages back, so that it is
// neither throttled by nor made to reclaim the pages that wait for it; and ending it ends every wait for the disk with an
// error, so that a test fails in seconds instead of hanging. When the test dies, the server notices, unmounts what was
// mounted from the disk and goes too. A package that uses it therefore calls Serve first thing in its TestMain.
//
// It does not pretend to be a particular disk: it has no cache of its own, no seek times, and discarded blocks read as zeroes
// at once. It needs root, /dev/fuse and loop devices, and exists on Linux only.
package disktest
