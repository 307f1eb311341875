package media

import (
	"context"
	"errors"

	"golang.org/x/sys/windows"
)

// builtFor is the GOOS value that this file is for.
const builtFor = "windows"

// drives are those of Windows that say of themselves that they are removable: sticks and cards. Windows mounts them itself.
//
// To be done: disks on USB call themselves fixed, and are known by IOCTL_STORAGE_QUERY_PROPERTY, whose
// STORAGE_DEVICE_DESCRIPTOR has BusTypeUsb; Release is CM_Request_Device_Eject on the device's parent, which writes
// everything and is refused while a program uses it.
type drives struct{}

func newSystem(Options) system { return drives{} }

// list asks in the background: a drive that is failing can take its time.
func (drives) list(ctx context.Context) ([]Medium, error) {
	type answer struct {
		media []Medium
		err   error
	}
	got := make(chan answer, 1)
	go func() {
		media, err := removable()
		got <- answer{media, err}
	}()
	select {
	case a := <-got:
		return a.media, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// removable lists the drives in which there is a medium.
func removable() ([]Medium, error) {
	letters, err := windows.GetLogicalDrives()
	if err != nil {
		return nil, err
	}
	media := []Medium{}
	for i := range 26 {
		if letters&(1<<i) == 0 {
			continue
		}
		device := string(rune('A'+i)) + ":"
		root, err := windows.UTF16PtrFromString(device + `\`)
		if err != nil || windows.GetDriveType(root) != windows.DRIVE_REMOVABLE {
			continue
		}
		var label, kind [windows.MAX_PATH + 1]uint16
		var serial, longest, flags uint32
		err = windows.GetVolumeInformation(root, &label[0], uint32(len(label)), &serial, &longest, &flags, &kind[0], uint32(len(kind)))
		if err != nil {
			continue // a reader without a card, or one that is locked by BitLocker
		}
		var free, size, all uint64
		_ = windows.GetDiskFreeSpaceEx(root, &free, &size, &all) // 0: not known
		fs := windows.UTF16ToString(kind[:])
		media = append(media, Medium{
			ID: identity(byMount, device, serial, size), Label: named(windows.UTF16ToString(label[:]), "usb"), Size: int64(min(size, 1<<62)),
			FS: fs, Device: device, Mount: device + `\`, ReadOnly: flags&windows.FILE_READ_ONLY_VOLUME != 0, MaxFile: maxFile(fs),
		})
	}
	return media, nil
}

func (d drives) mount(ctx context.Context, id string) (Medium, error) {
	if !known(id, byMount) {
		return Medium{}, ErrNoMedium
	}
	media, err := d.list(ctx)
	if err != nil {
		return Medium{}, err
	}
	for _, m := range media {
		if m.ID == id {
			return m, nil
		}
	}
	return Medium{}, ErrGone
}

func (drives) remount(context.Context, string) (Medium, error) {
	return Medium{}, errors.ErrUnsupported
}

func (drives) release(context.Context, string) error { return errors.ErrUnsupported }
