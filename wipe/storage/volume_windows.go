package storage

import "golang.org/x/sys/windows"

// Volume is an open volume. Of the methods Windows offers only Sync, and that to administrators.
type Volume struct{ handle windows.Handle }

// Open opens the volume that a folder lies on. ErrDenied without the rights of an administrator.
func Open(dir string) (*Volume, error) {
	name, err := volumeOf(dir)
	if err != nil {
		return nil, wrap("opening the volume", err)
	}
	if name == "" {
		return nil, unsupported("opening the volume")
	}
	handle, err := openVolume(name, windows.GENERIC_READ|windows.GENERIC_WRITE)
	if err != nil {
		return nil, wrap("opening the volume", err)
	}
	return &Volume{handle: handle}, nil
}

// Close lets the volume go.
func (v *Volume) Close() error { return wrap("closing the volume", windows.CloseHandle(v.handle)) }

// Sync writes all that is dirty on the volume and makes the device empty its cache.
func (v *Volume) Sync() error { return wrap("syncing the volume", windows.FlushFileBuffers(v.handle)) }
