package storage

import (
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	// reservedFiles is how many files of reservedBlocks are filled a processor: twice as much as ext4 sets apart for one.
	reservedFiles  = 64
	reservedBlocks = 16 // ext4 counts a file of more blocks as large, and gives it blocks from elsewhere
)

// FreeReserved makes ext4 give back the free blocks that it has set apart, a run of them for each processor, so that small
// files lie together: a discard passes over them with whatever was in them, and they stay so until the file system is
// unmounted. Files without a name take them, one block after the other, and are gone when it returns. Call Sync after it.
// Nothing to do elsewhere. The runs (mb_group_prealloc blocks, 512 by default) are described in kernel.org's ext4
// documentation, "Multiblock allocator".
func (v *Volume) FreeReserved() error {
	if v.kind != Ext {
		return nil
	}
	var here unix.CPUSet
	if err := unix.SchedGetaffinity(0, &here); err != nil {
		return wrap("finding the processors", err)
	}
	done := make(chan error, 1)
	var failed error
	for cpu := range len(here) * 64 {
		if !here.IsSet(cpu) {
			continue
		}
		go func() {
			// Never unlocked: the thread, which may run on one processor only, ends with the goroutine.
			runtime.LockOSThread()
			done <- v.takeReserved(cpu)
		}()
		if err := <-done; err != nil {
			failed = err
		}
	}
	return failed
}

// takeReserved takes what is set apart for one processor, and lets it go.
func (v *Volume) takeReserved(cpu int) error {
	var one unix.CPUSet
	one.Set(cpu)
	if unix.SchedSetaffinity(0, &one) != nil {
		return nil // not running any more
	}
	var stat unix.Statfs_t
	if err := unix.Fstatfs(v.fd, &stat); err != nil {
		return wrap("reading the block size", err)
	}
	for range reservedFiles {
		fd, err := unix.Openat(v.fd, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return wrap("taking free blocks", err)
		}
		defer unix.Close(fd)
		for block := range int64(reservedBlocks) {
			// With the size kept as it is no more is taken than asked for.
			err := unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, block*stat.Bsize, stat.Bsize)
			if err == unix.ENOSPC {
				return nil // a full disk has nothing set apart
			} else if err != nil {
				return wrap("taking free blocks", err)
			}
		}
	}
	return nil
}
