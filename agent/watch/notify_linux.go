package watch

import (
	"os"
	"strconv"
	"syscall"

	"ipguard/wipe/walk"
)

// spot is the name by which fsnotify knows a folder: that of a descriptor, so that what is watched is the folder that was
// entered safely and not what has its path meanwhile (inotify_add_watch follows /proc/self/fd to the inode itself).
type spot struct {
	name string
	f    *os.File
}

func newSpot(d *walk.Dir, _ string) (*spot, error) {
	f, err := d.Duplicate()
	if err != nil {
		return nil, err
	}
	return &spot{name: "/proc/self/fd/" + strconv.Itoa(int(f.Fd())), f: f}, nil
}

// settle is called once the watch is set. An open folder would keep its file system from being unmounted, as homes on
// volumes of their own are after sign-out, and itself from being reported as removed. So the number, which fsnotify goes
// on using as a name, comes to stand for nothing.
func (s *spot) settle() error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	return syscall.Dup3(int(null.Fd()), int(s.f.Fd()), syscall.O_CLOEXEC)
}

func (s *spot) close() { s.f.Close() }
