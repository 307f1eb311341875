package walk

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// The tags of reparse points that name another place; [MS-FSCC] 2.1.2.1.
const (
	tagMountPoint = 0xA0000003
	tagSymlink    = 0xA000000C
)

// reparseTarget reads the target out of a reparse point of Windows as FSCTL_GET_REPARSE_POINT returns it ([MS-FSCC]
// 2.1.2.4 and 2.1.2.5). The owner of a tree can write what they like there: every length is checked. ErrSpecial: it is a
// reparse point that names no other place, such as a cloud file.
func reparseTarget(b []byte) (string, error) {
	const header = 8 // tag, length of what follows, reserved
	if len(b) < header {
		return "", ErrSpecial
	}
	names := header + 8 // offset and length of the two names
	switch binary.LittleEndian.Uint32(b) {
	case tagMountPoint:
	case tagSymlink:
		names += 4 // flags
	default:
		return "", ErrSpecial
	}
	if end := header + int(binary.LittleEndian.Uint16(b[4:])); end < names || end > len(b) {
		return "", ErrSpecial
	} else {
		b = b[:end]
	}
	from := names + int(binary.LittleEndian.Uint16(b[header:]))
	to := from + int(binary.LittleEndian.Uint16(b[header+2:]))
	if to > len(b) || (to-from)%2 != 0 {
		return "", ErrSpecial
	}
	units := make([]uint16, 0, (to-from)/2)
	for ; from < to; from += 2 {
		units = append(units, binary.LittleEndian.Uint16(b[from:]))
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), `\??\`), nil
}
