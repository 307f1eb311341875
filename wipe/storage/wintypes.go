package storage

import "strings"

// Kinds of bus: STORAGE_BUS_TYPE of the documentation of Windows.
const (
	busUSB               = 0x07
	busSD                = 0x0C
	busMMC               = 0x0D
	busVirtual           = 0x0E
	busFileBackedVirtual = 0x0F
	busNVMe              = 0x11
)

// windowsMedium judges by the bus first, since bridges lie about the rest. seeks is nil if the device does not tell
// whether seeking costs it time.
func windowsMedium(bus byte, seeks *byte) Medium {
	switch bus {
	case busUSB:
		return USB
	case busSD, busMMC:
		return Card
	case busVirtual, busFileBackedVirtual:
		return Virtual
	case busNVMe:
		return SSD
	}
	switch {
	case seeks == nil:
		return Unknown
	case *seeks == 0:
		return SSD
	}
	return HardDisk
}

// windowsFamily is the FileSystem of a name that Windows gives.
func windowsFamily(name string) FileSystem {
	switch strings.ToUpper(name) {
	case "NTFS":
		return NTFS
	case "REFS":
		return ReFS
	case "FAT", "FAT32", "EXFAT":
		return FAT
	}
	return Other
}
