package walk

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What every handle is opened with: nothing is followed, nobody else is kept out, and an administrator's backup right is
// made use of where there is one.
const (
	shareAll      = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	optionsAlways = windows.FILE_OPEN_REPARSE_POINT | windows.FILE_OPEN_FOR_BACKUP_INTENT |
		windows.FILE_SYNCHRONOUS_IO_NONALERT
	accessAlways = windows.FILE_READ_ATTRIBUTES | windows.SYNCHRONIZE
)

// The attributes that a program can set; the others say how the file system stores the file.
const settable = windows.FILE_ATTRIBUTE_READONLY | windows.FILE_ATTRIBUTE_HIDDEN | windows.FILE_ATTRIBUTE_SYSTEM |
	windows.FILE_ATTRIBUTE_ARCHIVE | windows.FILE_ATTRIBUTE_NOT_CONTENT_INDEXED

// basicInfo is FILE_BASIC_INFO. A zero leaves a field as it is.
type basicInfo struct {
	creation, access, write, change int64
	attributes                      uint32
	_                               uint32
}

// separators have a meaning in a name that NtCreateFile gets: a path, or another stream of the file.
const separators = "\\/:\x00"

// units returns name as NT spells it. Names that come from a directory survive the way there and back, halves of
// surrogate pairs included; anything else is refused, because it would be turned into another name.
func units(name string) ([]uint16, error) {
	if err := single(name, separators); err != nil {
		return nil, err
	}
	u, err := syscall.UTF16FromString(name)
	if err != nil || len(u) > 256 || syscall.UTF16ToString(u) != name {
		return nil, ErrName
	}
	return u[:len(u)-1], nil
}

// relative opens or makes the single name in a directory.
func relative(dir windows.Handle, name string, access, disposition, options uint32) (windows.Handle, error) {
	u, err := units(name)
	if err != nil {
		return windows.InvalidHandle, err
	}
	// DONT_REPARSE: even if the directory itself is turned into a link while it is open, nothing is followed.
	return create(dir, u, windows.OBJ_DONT_REPARSE, access, disposition, options)
}

// again opens what a handle stands for a second time, with another access.
func again(h windows.Handle, access uint32) (windows.Handle, error) {
	return create(h, nil, windows.OBJ_DONT_REPARSE, access, windows.FILE_OPEN, 0)
}

func create(dir windows.Handle, name []uint16, attributes, access, disposition, options uint32) (windows.Handle, error) {
	text := windows.NTUnicodeString{Length: uint16(2 * len(name)), MaximumLength: uint16(2 * len(name))}
	if len(name) > 0 {
		text.Buffer = &name[0]
	}
	oa := windows.OBJECT_ATTRIBUTES{
		RootDirectory: dir, ObjectName: &text, Attributes: windows.OBJ_CASE_INSENSITIVE | attributes,
	}
	oa.Length = uint32(unsafe.Sizeof(oa))
	var h windows.Handle
	var io windows.IO_STATUS_BLOCK
	err := windows.NtCreateFile(&h, access|accessAlways, &oa, &io, nil, windows.FILE_ATTRIBUTE_NORMAL, shareAll,
		disposition, options|optionsAlways, 0, 0)
	if err != nil {
		return windows.InvalidHandle, err
	}
	return h, nil
}

// describe reads the description of what a handle stands for.
func describe(h windows.Handle) (Info, error) {
	var by windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &by); err != nil {
		return Info{}, wrap("describing", err)
	}
	var basic basicInfo
	err := windows.GetFileInformationByHandleEx(h, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic)))
	if err != nil {
		return Info{}, wrap("describing", err)
	}
	info := Info{
		Mode: by.FileAttributes & settable, Links: uint64(by.NumberOfLinks), Mount: uint64(by.VolumeSerialNumber),
		Inode: uint64(by.FileIndexHigh)<<32 | uint64(by.FileIndexLow),
		MTime: by.LastWriteTime.Nanoseconds(), CTime: fileTime(basic.change).Nanoseconds(),
	}
	switch {
	case by.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		info.Type = Symlink
	case by.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0:
		info.Type = Directory
	case by.FileAttributes&windows.FILE_ATTRIBUTE_DEVICE != 0:
		info.Type = Other
	default:
		info.Type, info.Size = File, int64(by.FileSizeHigh)<<32|int64(by.FileSizeLow)
	}
	return info, nil
}

func fileTime(t int64) *windows.Filetime {
	return &windows.Filetime{LowDateTime: uint32(t), HighDateTime: uint32(t >> 32)}
}

// setInfo calls NtSetInformationFile, whose answers are finer than those of SetFileInformationByHandle.
func setInfo[T any](h windows.Handle, class uint32, value *T) error {
	var io windows.IO_STATUS_BLOCK
	return windows.NtSetInformationFile(h, &io, (*byte)(unsafe.Pointer(value)), uint32(unsafe.Sizeof(*value)), class)
}
