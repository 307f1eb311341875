package disktest

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// unmountElsewhere unmounts the copies of a device's mounts that other mount namespaces hold: whoever makes a namespace while
// the disk is mounted takes a copy along, and as long as it is there the file system is not really unmounted, nothing says
// that it was written, and the loop device stays.
func unmountElsewhere(device string) error {
	own, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return bare(err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	seen := map[string]bool{own: true}
	var errs []error
	for _, p := range processes {
		// A process that ended meanwhile holds nothing.
		ns, err := os.Readlink(filepath.Join(p, "ns/mnt"))
		if err != nil || seen[ns] {
			continue
		}
		seen[ns] = true
		dirs, err := mountsIn(filepath.Join(p, "mountinfo"), device)
		if err != nil || len(dirs) == 0 {
			continue
		}
		f, err := os.Open(filepath.Join(p, "ns/mnt"))
		if err != nil {
			continue
		}
		errs = append(errs, unmountIn(f, dirs), f.Close())
	}
	return errors.Join(errs...)
}

// unmountIn unmounts folders of another mount namespace, from a thread that enters it and ends there.
func unmountIn(ns *os.File, dirs []string) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The first thread never ends, and its namespace is the process's: held here, it cannot be the one next time.
			defer runtime.UnlockOSThread()
			done <- unmountIn(ns, dirs)
			return
		}
		// Any other is not unlocked: it goes with the goroutine.
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			done <- err
			return
		}
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS); err != nil {
			done <- err
			return
		}
		var errs []error
		for _, dir := range slices.Backward(dirs) {
			err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
			if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
				continue // whoever lives there was quicker
			}
			errs = append(errs, err)
		}
		done <- errors.Join(errs...)
	}()
	return <-done
}
