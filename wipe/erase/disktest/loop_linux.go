package disktest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flags of a loop device: it goes when its last user goes, and it bypasses the page cache of the file below.
const (
	loopAutoclear = 4
	loopDirect    = 16
)

// loop is a loop device that we attached.
type loop struct {
	device string
	file   string   // what is attached to it
	held   *os.File // as long as it is open the device stays
	direct bool     // whether it bypasses the page cache of the file below
}

// attachLoop attaches a file to a free loop device. Others may take the free one first; then the next is tried.
func attachLoop(name string, direct bool) (*loop, error) {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	ctl, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, bare(err)
	}
	defer ctl.Close()
	for range 100 {
		n, err := unix.IoctlRetInt(int(ctl.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, err
		}
		l, err := configure("/dev/loop"+strconv.Itoa(n), file, direct)
		if err == nil {
			l.file, err = l.backing()
			return l, err
		}
		if !errors.Is(err, unix.EBUSY) {
			return nil, err
		}
	}
	return nil, unix.EBUSY
}

func configure(device string, file *os.File, direct bool) (*loop, error) {
	held, err := openNode(device)
	if err != nil {
		return nil, err
	}
	c := unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: loopAutoclear}}
	if direct {
		c.Info.Flags |= loopDirect
	}
	copy(c.Info.File_name[:63], file.Name())
	if err := unix.IoctlLoopConfigure(int(held.Fd()), &c); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	l := &loop{device: device, held: held}
	if info, err := unix.IoctlLoopGetStatus64(int(held.Fd())); err == nil {
		l.direct = info.Flags&loopDirect != 0
	}
	return l, nil
}

// openNode opens a device whose node may still be on its way.
func openNode(device string) (f *os.File, err error) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f, err = os.OpenFile(device, os.O_RDWR, 0); !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return f, bare(err)
}

// setting is the name of a file that holds a setting of the device's queue.
func (l *loop) setting(name string) string {
	return filepath.Join("/sys/block", filepath.Base(l.device), "queue", name)
}

func (l *loop) get(name string) (string, error) {
	b, err := os.ReadFile(l.setting(name))
	return strings.TrimSpace(string(b)), bare(err)
}

func (l *loop) set(name, value string) error {
	return bare(os.WriteFile(l.setting(name), []byte(value), 0))
}

// allowDiscard undoes a limit that an earlier user set on the same device number, where it stays.
func (l *loop) allowDiscard() error {
	hw, err := l.get("discard_max_hw_bytes")
	if err != nil {
		return err
	}
	now, err := l.get("discard_max_bytes")
	if err != nil || now == hw {
		return err
	}
	return l.set("discard_max_bytes", hw)
}

// refuseDiscard tries one discard, which the server refuses: the kernel then takes the ability off the device until it is
// attached anew, which a limit in sysfs would take off for ever.
func (l *loop) refuseDiscard() error {
	if now, err := l.get("discard_max_bytes"); err != nil || now == "0" {
		return err
	}
	r := [2]uint64{0, 4096}
	// The kernel calls a refused discard done; the limit alone tells.
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, l.held.Fd(), unix.BLKDISCARD, uintptr(unsafe.Pointer(&r)))
	if now, err := l.get("discard_max_bytes"); err != nil || now != "0" {
		return errors.Join(errors.New("refusing discards in vain"), err)
	}
	return nil
}

// backing is the file that the device is attached to now, as the kernel names it.
func (l *loop) backing() (string, error) {
	b, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(l.device), "loop", "backing_file"))
	return strings.TrimSuffix(strings.TrimSpace(string(b)), " (deleted)"), bare(err)
}

// ours tells whether the device is still attached to our file.
func (l *loop) ours() bool {
	b, err := l.backing()
	return err == nil && b == l.file
}

// detach gives the device back and waits until it is.
func (l *loop) detach() error {
	if l.held != nil {
		_ = l.set("nomerges", "0")                                  // the next user of the number has no part in our faults
		_ = unix.IoctlSetInt(int(l.held.Fd()), unix.LOOP_CLR_FD, 0) // it goes with its last user in any case
		held := l.held
		l.held = nil
		if err := within(leaveTime, held.Close); err != nil {
			return fmt.Errorf("closing the loop device: %w", bare(err))
		}
	}
	for end := time.Now().Add(leaveTime); l.ours(); time.Sleep(20 * time.Millisecond) {
		_ = unmountElsewhere(l.device) // a namespace may have been made meanwhile
		if time.Now().After(end) {
			return fmt.Errorf("detaching the loop device: %w", ErrSlow)
		}
	}
	return nil
}
