// Package printjob tells whose a job file in a CUPS spool is. It reads control files, as the scheduler wrote them, and
// changes nothing.
package printjob

import (
	"encoding/binary"
	"strings"
)

// MaxControl is how much of a control file is worth reading: the attributes that matter stand at its beginning.
const MaxControl = 64 << 10

// Control returns the name of the control file of a job file ("d00012-001" belongs to "c00012"), and false for a name
// that is no job file. Names: cupsd(8), RequestRoot.
func Control(name string) (string, bool) {
	if len(name) < 2 || name[0] != 'c' && name[0] != 'd' {
		return "", false
	}
	number, _, _ := strings.Cut(name[1:], "-")
	if number == "" || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	return "c" + number, true
}

// By reports whether a control file says that the account named name sent the job. A control file is an IPP message
// (RFC 8010, section 3.1): a head of eight bytes, then tags; a tag from 0x10 on comes with the length and text of an
// attribute's name and the length and bytes of its value. It is read tag by tag, because a title can hold any bytes.
func By(control []byte, name string) bool {
	const head, firstValueTag = 8, 0x10
	if len(control) < head || name == "" {
		return false
	}
	for rest := control[head:]; len(rest) > 0; {
		tag := rest[0]
		rest = rest[1:]
		if tag < firstValueTag {
			continue // the beginning of a group, or the end
		}
		var attr, value []byte
		var ok bool
		if attr, rest, ok = text(rest); !ok {
			return false
		}
		if value, rest, ok = text(rest); !ok {
			return false
		}
		if string(attr) == "job-originating-user-name" {
			return string(value) == name
		}
	}
	return false
}

// text takes a length of two bytes, and that many bytes, from the beginning of b.
func text(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; len(b) < n {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
