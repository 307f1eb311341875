package disktest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Attach attaches the disk to a loop device and returns its name, for example /dev/loop3.
func (d *Disk) Attach() (string, error) {
	if d.loop != nil {
		return d.loop.device, nil
	}
	var l *loop
	err := within(leaveTime, func() (err error) {
		l, err = attachLoop(filepath.Join(mountDir(d.dir), diskName), true)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("attaching the disk: %w", err)
	}
	d.loop = l
	discards := l.allowDiscard
	if d.opts.NoDiscard {
		discards = l.refuseDiscard
	}
	if err := within(leaveTime, discards); err != nil {
		return "", errors.Join(fmt.Errorf("attaching the disk: %w", err), d.Detach())
	}
	if _, err := d.order(order{Do: "device", Path: l.device}); err != nil {
		return "", errors.Join(err, d.Detach())
	}
	return l.device, nil
}

// Device returns the loop device, or nothing while the disk is not attached.
func (d *Disk) Device() string {
	if d.loop == nil {
		return ""
	}
	return d.loop.device
}

// Mount mounts the attached disk's file system at an existing folder; data are options of that file system ("discard",
// "nouuid").
func (d *Disk) Mount(dir, fstype, data string) error {
	return mount(d.Device(), dir, fstype, data)
}

func mount(device, dir, fstype, data string) error {
	err := within(mountTime, func() error { return unix.Mount(device, dir, fstype, unix.MS_NOSUID|unix.MS_NODEV, data) })
	if err != nil {
		return fmt.Errorf("mounting the disk: %w", err)
	}
	return nil
}

// mountTime bounds mounting and unmounting, where journals are replayed and everything unwritten is written.
const mountTime = 30 * time.Second

// Unmount unmounts what is mounted at a folder. After the last one the disk holds all that was written.
func (d *Disk) Unmount(dir string) error {
	err := within(mountTime, func() error {
		if err := unmountPatiently(dir, 0); err != nil {
			return err
		}
		if left, err := mountsOf(d.Device()); err != nil || len(left) > 0 {
			return err
		}
		return unmountElsewhere(d.Device())
	})
	if err != nil {
		return fmt.Errorf("unmounting the disk: %w", err)
	}
	return nil
}

// Detach unmounts all that is mounted from the disk and gives the loop device back. A new Attach finds the same bytes.
func (d *Disk) Detach() error {
	if d.loop == nil {
		return nil
	}
	if err := within(mountTime, func() error { return d.loop.unmount(0) }); err != nil {
		return fmt.Errorf("unmounting the disk: %w", err)
	}
	if err := d.loop.detach(); err != nil {
		return err
	}
	d.loop = nil
	return nil
}

// AttachImage attaches a plain image, such as one that Replay made, to a loop device with neither log nor faults. The function
// returned unmounts it and gives the device back.
func AttachImage(name string) (device string, detach func() error, err error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", nil, fmt.Errorf("attaching an image: %w", bare(err))
	}
	l, err := attachLoop(abs, false)
	if err != nil {
		return "", nil, fmt.Errorf("attaching an image: %w", err)
	}
	d := &Disk{loop: l}
	if err := l.allowDiscard(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("attaching an image: %w", err), d.Detach())
	}
	return l.device, d.Detach, nil
}

// MountImage mounts a device that AttachImage returned.
func MountImage(device, dir, fstype, data string) error { return mount(device, dir, fstype, data) }

// unmount unmounts all mounts of the device as long as it is ours: its number may be somebody else's the moment it is free.
func (l *loop) unmount(flags int) error {
	if !l.ours() {
		return nil
	}
	return unmountAll(l.device, flags)
}

// unmountAll unmounts all mounts of a device, the last one first, in all namespaces.
func unmountAll(device string, flags int) error {
	dirs, err := mountsOf(device)
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range slices.Backward(dirs) {
		errs = append(errs, unmountPatiently(dir, flags))
	}
	return errors.Join(append(errs, unmountElsewhere(device))...)
}

// unmountPatiently tries again for a moment what somebody who looks in has made busy.
func unmountPatiently(dir string, flags int) error {
	end := time.Now().Add(2 * time.Second)
	for {
		err := unix.Unmount(dir, flags|unix.UMOUNT_NOFOLLOW)
		if !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// mountsOf returns the folders where a device is mounted, in the order of mounting.
func mountsOf(device string) ([]string, error) { return mountsIn("/proc/self/mountinfo", device) }

func mountsIn(mountinfo, device string) ([]string, error) {
	f, err := os.Open(mountinfo)
	if err != nil {
		return nil, fmt.Errorf("reading the mounts: %w", bare(err))
	}
	defer f.Close()
	var dirs []string
	for s := bufio.NewScanner(f); s.Scan(); {
		left, right, ok := strings.Cut(s.Text(), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if ok && len(l) > 4 && len(r) > 1 && r[1] == device {
			dirs = append(dirs, unescape(l[4]))
		}
	}
	return dirs, nil
}

// unescape undoes the escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// dropMount takes a mount away that its server may have left, and is content when there is none.
func dropMount(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err == nil || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}
