package erasetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The numbers of loop devices that this package makes: far above those that anybody gets without asking for them.
const (
	firstLoop = 4096
	lastLoop  = 32767
	loopTries = 50
	patience  = time.Minute // for a device or a file system to let go
)

// loop is a loop device that was made for one image and is removed with it.
//
// A loop device whose discard limit was set to 0 never gets it back, not even with another file: so none is used that was
// there before, and none is left. LOOP_CTL_ADD fails for a number that exists, which makes it safe among processes. The
// device is told to detach with its last user, so that a killed process leaves at most an empty one, which the next
// attach clears away.
type loop struct {
	number int
	file   *os.File // keeps it attached while nothing is mounted
	node   bool     // its node in /dev was made here
}

func (l loop) device() string { return "/dev/loop" + strconv.Itoa(l.number) }

func (l loop) sys(name string) string {
	return filepath.Join("/sys/block", "loop"+strconv.Itoa(l.number), name)
}

// attach puts an image file on a new loop device, with direct I/O where the file's own file system can do that.
func attach(image string, discard bool) (*loop, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the control of loop devices (run as root): %w", err)
	}
	defer control.Close()
	backing, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening an image: %w", err)
	}
	defer backing.Close()
	removeEmpty(control)
	var last error
	for range loopTries {
		l := &loop{number: firstLoop + rand.IntN(lastLoop-firstLoop)}
		if last = l.open(control, backing); last != nil {
			continue // its number exists, or somebody was quicker
		}
		if last = l.limitDiscard(discard); last != nil {
			return nil, errors.Join(last, l.remove())
		}
		return l, nil
	}
	return nil, fmt.Errorf("making a loop device: %w", last)
}

// open makes the device and gives it the image.
func (l *loop) open(control, backing *os.File) error {
	if err := unix.IoctlSetInt(int(control.Fd()), unix.LOOP_CTL_ADD, l.number); err != nil {
		return err
	}
	err := l.makeNode()
	if err == nil {
		l.file, err = os.OpenFile(l.device(), os.O_RDWR, 0)
	}
	if err != nil {
		return errors.Join(err, l.giveBack(control))
	}
	config := &unix.LoopConfig{Fd: uint32(backing.Fd())}
	config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR | unix.LO_FLAGS_DIRECT_IO
	if err := unix.IoctlLoopConfigure(int(l.file.Fd()), config); err != nil {
		return errors.Join(err, l.file.Close(), l.giveBack(control))
	}
	return nil
}

// makeNode makes the device's node where the kernel does not do it.
func (l *loop) makeNode() error {
	text, err := os.ReadFile(l.sys("dev"))
	if err != nil {
		return err
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(string(text), "%d:%d", &major, &minor); err != nil {
		return err
	}
	err = unix.Mknod(l.device(), unix.S_IFBLK|0o600, int(unix.Mkdev(major, minor)))
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	l.node = err == nil
	return err
}

// limitDiscard makes the device take no discards, or sees to it that it does.
func (l *loop) limitDiscard(discard bool) error {
	limit := l.sys("queue/discard_max_bytes")
	if !discard {
		if err := os.WriteFile(limit, []byte("0"), 0); err != nil {
			return fmt.Errorf("forbidding discards: %w", err)
		}
	}
	text, err := os.ReadFile(limit)
	if err != nil {
		return fmt.Errorf("reading the limit of discards: %w", err)
	}
	if takes := strings.TrimSpace(string(text)) != "0"; takes != discard {
		return fmt.Errorf("a loop device takes discards: %v, wanted: %v (the image's own file system must be able to punch holes)", takes, discard)
	}
	return nil
}

// remove detaches the image and removes the device.
func (l *loop) remove() error {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer control.Close()
	return errors.Join(l.file.Close(), l.giveBack(control)) // closing detaches
}

// giveBack removes the device as soon as nobody has it open.
func (l *loop) giveBack(control *os.File) error {
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		err = unix.IoctlSetInt(int(control.Fd()), unix.LOOP_CTL_REMOVE, l.number)
		if err == nil || errors.Is(err, unix.ENODEV) {
			if l.node {
				return os.Remove(l.device())
			}
			return nil
		}
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return fmt.Errorf("removing a loop device: %w", err)
}

// removeEmpty removes devices that a killed process left. One that another process is about to use has it open or is
// asked for again.
func removeEmpty(control *os.File) {
	devices, _ := filepath.Glob("/sys/block/loop*")
	for _, device := range devices {
		n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(device), "loop"))
		if err != nil || n < firstLoop || n > lastLoop {
			continue
		}
		if _, err := os.Stat(filepath.Join(device, "loop")); err == nil {
			continue // it has an image
		}
		_ = unix.IoctlSetInt(int(control.Fd()), unix.LOOP_CTL_REMOVE, n) // in use by now: not empty
	}
}
