package storage

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What IOCTL_STORAGE_QUERY_PROPERTY is asked, and where its answers have what is used.
const (
	ioctlStorageQuery   = 0x2D1400
	propertyDevice      = 0 // STORAGE_DEVICE_DESCRIPTOR
	propertySeekPenalty = 7 // DEVICE_SEEK_PENALTY_DESCRIPTOR
	propertyTrim        = 8 // DEVICE_TRIM_DESCRIPTOR
	flagAt              = 8 // of the two latter, after version and size
	busTypeAt           = 28

	nameByNumber, nameByLetter = 1, 0 // VOLUME_NAME_GUID and VOLUME_NAME_DOS of GetFinalPathNameByHandle
)

// Detect says what lies under a folder. Whether BitLocker encrypts it is not told by a documented call of the system
// itself: Encrypted stays false.
func Detect(dir string) (Storage, error) {
	volume, err := volumeOf(dir)
	if err != nil {
		return Storage{}, wrap("finding the volume", err)
	}
	if volume == "" {
		return Storage{FileSystem: Network, Medium: Unknown, Volume: "network", Base: dir}, nil
	}
	root, err := windows.UTF16PtrFromString(volume)
	if err != nil {
		return Storage{}, wrap("finding the volume", err)
	}
	var flags uint32
	name := make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumeInformation(root, nil, 0, nil, nil, &flags, &name[0], uint32(len(name))); err != nil {
		return Storage{}, wrap("asking about the volume", err)
	}
	st := Storage{
		FileSystem: windowsFamily(windows.UTF16ToString(name)), Medium: Unknown, Volume: volume,
		ReadOnly: flags&windows.FILE_READ_ONLY_VOLUME != 0, Base: dir,
	}
	kind := windows.GetDriveType(root)
	switch kind {
	case windows.DRIVE_REMOTE:
		st.FileSystem = Network
		return st, nil
	case windows.DRIVE_RAMDISK:
		st.Medium = Memory
		return st, nil
	}
	device, err := openVolume(volume, 0)
	if err != nil {
		return st, nil // what lies under it is not told
	}
	defer windows.CloseHandle(device)
	bus, seeks, discards := byte(0), query(device, propertySeekPenalty, flagAt), query(device, propertyTrim, flagAt)
	if b := query(device, propertyDevice, busTypeAt); b != nil {
		bus = *b
	}
	st.Medium = windowsMedium(bus, seeks)
	st.Discard = discards != nil && *discards != 0
	st.InsideFile = bus == busFileBackedVirtual
	return st, nil
}

// volumeOf is the name of the volume that a folder lies on, by its number and not by a letter; empty on the network.
func volumeOf(dir string) (string, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return "", err
	}
	folder, err := windows.CreateFile(path, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(folder)
	for _, form := range []uint32{nameByNumber, nameByLetter} {
		name := make([]uint16, windows.MAX_LONG_PATH)
		n, err := windows.GetFinalPathNameByHandle(folder, &name[0], uint32(len(name)), form)
		if err != nil || n == 0 || int(n) >= len(name) {
			continue
		}
		full := windows.UTF16ToString(name)
		if strings.HasPrefix(full, `\\?\UNC\`) {
			return "", nil
		}
		if rest, ok := strings.CutPrefix(full, `\\?\`); ok {
			if volume, _, ok := strings.Cut(rest, `\`); ok {
				return `\\?\` + volume + `\`, nil
			}
		}
	}
	return "", windows.ERROR_NOT_SUPPORTED
}

// openVolume opens the volume itself, which is its name without the backslash at the end.
func openVolume(volume string, access uint32) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(strings.TrimSuffix(volume, `\`))
	if err != nil {
		return windows.InvalidHandle, err
	}
	return windows.CreateFile(path, access, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
}

// query asks for a property and gives the byte at this place of the answer; nil if the device does not tell.
func query(device windows.Handle, property uint32, at int) *byte {
	// STORAGE_PROPERTY_QUERY: the property, the type of the query (0: the standard one), and a byte for parameters.
	ask := [3]uint32{property, 0, 0}
	answer := make([]byte, 1024)
	var n uint32
	err := windows.DeviceIoControl(device, ioctlStorageQuery, (*byte)(unsafe.Pointer(&ask)), uint32(unsafe.Sizeof(ask)),
		&answer[0], uint32(len(answer)), &n, nil)
	if err != nil || int(n) <= at {
		return nil
	}
	return &answer[at]
}
