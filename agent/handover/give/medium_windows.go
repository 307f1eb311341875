package give

import (
	"os"

	"golang.org/x/sys/windows"

	"ipguard/wipe/walk"
)

// syncEach: flushing a volume takes an administrator, FlushFileBuffers on a file does not.
const syncEach = true

// look asks Windows about the volume that a directory is on.
func look(_ *walk.Dir, path string) (medium, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return medium{}, reason("measuring the medium", walk.ErrName)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return medium{}, reason("measuring the medium", err)
	}
	var flags uint32
	if err := windows.GetVolumeInformation(name, nil, 0, nil, nil, &flags, nil, 0); err != nil {
		flags = 0 // a folder, not a root: writing will tell
	}
	const cluster = 32 << 10 // of FAT32 above 16 GB; more than most have
	// NTFS keeps small files in its table, which only a dismount takes out of memory.
	return medium{
		free: int64(min(free, 1<<62)), cluster: cluster, files: -1,
		locked: flags&windows.FILE_READ_ONLY_VOLUME != 0, device: true, inline: true,
	}, nil
}

func settle(*os.File, int64, int64) error { return nil }

// fresh opens a file again, past the cache: FILE_FLAG_NO_BUFFERING, which a handle has from its opening or never. The file
// returned takes the place of the one given. ReOpenFile is not in x/sys.
func fresh(f *os.File, _ way) (*os.File, bool) {
	const access, share = windows.GENERIC_READ, windows.FILE_SHARE_READ
	h, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("ReOpenFile").Call(
		f.Fd(), access, share, windows.FILE_FLAG_NO_BUFFERING)
	if windows.Handle(h) == windows.InvalidHandle || h == 0 {
		return f, false
	}
	_ = f.Close() // open for reading only
	return os.NewFile(h, "file"), true
}

// newBuffer returns memory for whole sectors. The Go runtime puts pieces of this size on page boundaries; if it did not,
// reading would fail, never succeed wrongly.
func newBuffer(n int) ([]byte, func(), error) { return make([]byte, n), func() {}, nil }

func lost() []error {
	return []error{windows.ERROR_NOT_READY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_NO_SUCH_DEVICE,
		windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_NO_MEDIA_IN_DRIVE, windows.STATUS_DEVICE_REMOVED,
		windows.STATUS_NO_SUCH_DEVICE, windows.STATUS_VOLUME_DISMOUNTED, windows.STATUS_NO_MEDIA_IN_DEVICE}
}

func refusedName() []error { return []error{walk.ErrName, windows.ERROR_INVALID_NAME} }
