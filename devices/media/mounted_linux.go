package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/devices/host"
)

// mounted is a machine without UDisks2: media are what somebody mounted where media are mounted.
type mounted struct{ o Options }

// mountTable reads the mounts that a process sees. No mount point is touched.
func mountTable(proc, pid string) ([]host.Mount, error) {
	text, err := os.ReadFile(filepath.Join(proc, pid, "mountinfo"))
	if err != nil {
		return nil, fmt.Errorf("reading the mount table: %w", err)
	}
	return host.ParseMountinfo(text)
}

// find lists the media with all their mount points, by device.
func (p mounted) find() (media []Medium, points map[string][]string, err error) {
	mounts, err := mountTable(p.o.Proc, "self")
	if err != nil {
		return nil, nil, err
	}
	points = map[string][]string{}
	fixed := map[string]bool{} // of the home and the system, among others
	for _, m := range mounts {
		if under(p.o.Roots, m.Point) {
			points[m.Device] = append(points[m.Device], m.Point)
		} else {
			fixed[m.Device] = true
		}
	}
	seen := map[string]bool{}
	for _, m := range mounts {
		bus, ok := p.pluggable(m.Device)
		if !under(p.o.Roots, m.Point) || fixed[m.Device] || seen[m.Device] || !ok || m.Network() || m.Root != "/" {
			continue
		}
		seen[m.Device] = true
		media = append(media, Medium{
			// The kernel counts the disks that were ever plugged in (Linux 5.15).
			ID: identity(byMount, m.Device, m.Point, p.sys(m.Device, "diskseq")), Label: named(filepath.Base(m.Point), bus),
			Size: p.size(m.Device), FS: m.FSType, Device: m.Source, Mount: m.Point, ReadOnly: readOnly(m), MaxFile: maxFile(m.FSType),
		})
	}
	slices.SortFunc(media, func(a, b Medium) int { return strings.Compare(a.Device, b.Device) })
	return media, points, nil
}

// device is the folder of sysfs that tells of a block device.
func (p mounted) device(number string) string { return filepath.Join(p.o.Sys, "dev/block", number) }

// sys reads a number about a block device or, when it is a partition, about the whole disk.
func (p mounted) sys(number, name string) string {
	for _, dir := range []string{p.device(number), p.device(number) + "/.."} {
		if text, err := os.ReadFile(dir + "/" + name); err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	return ""
}

// size is that of a partition. The kernel counts in units of 512 bytes whatever the device does (Linux,
// Documentation/ABI/stable/sysfs-block).
func (p mounted) size(number string) int64 {
	n, err := strconv.ParseInt(p.sys(number, "size"), 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return 0
	}
	return n * 512
}

// pluggable tells whether a block device is on USB, or is a card in a reader, and on which of them.
func (p mounted) pluggable(number string) (bus string, ok bool) {
	folder, err := filepath.EvalSymlinks(p.device(number))
	if err != nil {
		return "", false // 0:N has no device
	}
	for part := range strings.SplitSeq(folder, "/") {
		if strings.HasPrefix(part, "usb") {
			return "usb", true
		}
	}
	if strings.HasPrefix(filepath.Base(folder), "mmcblk") {
		// eMMC is soldered in and says MMC. A card says SD (Linux, Documentation/driver-api/mmc/mmc-dev-attrs.rst).
		for _, dir := range []string{folder, filepath.Dir(folder)} {
			if kind, err := os.ReadFile(filepath.Join(dir, "device/type")); err == nil {
				return "sdio", strings.TrimSpace(string(kind)) == "SD"
			}
		}
		return "", false
	}
	return "usb", p.sys(number, "removable") == "1"
}

func (p mounted) list(context.Context) ([]Medium, error) {
	media, _, err := p.find()
	return media, err
}

func (p mounted) mount(_ context.Context, id string) (Medium, error) {
	media, _, err := p.find()
	if err != nil {
		return Medium{}, err
	}
	if i := slices.IndexFunc(media, func(m Medium) bool { return m.ID == id }); i >= 0 {
		return media[i], nil
	}
	return Medium{}, ErrGone
}

// release unmounts the medium at each of its points, which writes everything, and then wants to be alone with its device:
// another mount table may still have it.
func (p mounted) release(ctx context.Context, id string) error {
	media, points, err := p.find()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(media, func(m Medium) bool { return m.ID == id })
	if i < 0 {
		return ErrGone
	}
	if os.Geteuid() != 0 {
		return ErrDenied
	}
	m := media[i]
	var st unix.Stat_t
	if err := unix.Stat(m.Device, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ErrGone
	}
	number := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	// The kernel waits for the medium where nothing can interrupt it.
	ended := make(chan error, 1)
	go func() {
		for _, point := range slices.Backward(points[number]) {
			if err := unix.Unmount(point, unix.UMOUNT_NOFOLLOW); err != nil {
				ended <- fmt.Errorf("unmounting a medium: %w", unmountErr(err))
				return
			}
		}
		ended <- alone(m.Device, st.Rdev)
	}()
	ctx, cancel := context.WithTimeout(ctx, p.o.Writing)
	defer cancel()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// alone tells whether nobody has the device mounted, in whatever mount table, and makes it write its own cache: opening a
// block device with O_EXCL fails while it is mounted, see open(2). What is on it is not read.
func alone(device string, number uint64) error {
	var fd int
	var err error
	for range 20 { // who watches for changes, as udev does, has a look now
		fd, err = unix.Open(device, unix.O_RDONLY|unix.O_EXCL|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("flushing a medium: %w", unmountErr(err))
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Rdev != number {
		return ErrGone
	}
	if err := unix.Fsync(fd); err != nil {
		return fmt.Errorf("flushing a medium: %w", unmountErr(err))
	}
	return nil
}

func unmountErr(err error) error {
	switch {
	case errors.Is(err, unix.EBUSY):
		return ErrBusy
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ErrDenied
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO),
		errors.Is(err, unix.ENOMEDIUM):
		return ErrGone
	}
	return err
}
