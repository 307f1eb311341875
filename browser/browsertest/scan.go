package browsertest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
)

// The ways in which a marker is looked for.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
)

// longest is the number of letters that is read after a marker to learn which trace it is.
const longest = 16

// needle is the marker in one encoding.
type needle struct {
	encoding string
	bytes    []byte
	unit     int // bytes of a letter
}

func needles(marker string) []needle {
	return []needle{{UTF8, []byte(marker), 1}, {UTF16LE, wide(marker), 2}}
}

// wide returns s in UTF-16LE.
func wide(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// trace says which trace the text after a marker names, or "".
func (n needle) trace(after []byte) string {
	var text []byte
	for i := 0; i+n.unit <= len(after) && len(text) <= longest; i += n.unit {
		text = append(text, after[i])
	}
	for _, known := range Traces() {
		if strings.HasPrefix(string(text), "-"+known) {
			return known
		}
	}
	return ""
}

// scan reads r to its end through buf and calls found for each marker in it, also when reads cut it in two. It holds no
// more than buf, which must be several times as long as the longest needle with its trace.
func scan(r io.Reader, buf []byte, needles []needle, found func(n needle, trace string)) error {
	reach := 0 // bytes that a decision about a match may need
	for _, n := range needles {
		reach = max(reach, len(n.bytes)+(longest+1)*n.unit)
	}
	for kept := 0; ; {
		read, err := io.ReadFull(r, buf[kept:])
		window := buf[:kept+read]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return err
		}
		// A match that begins in the last bytes is looked at with the next read, when all of it is there.
		limit := len(window) - reach
		if end {
			limit = len(window)
		}
		for _, n := range needles {
			for at := 0; ; {
				i := bytes.Index(window[at:], n.bytes)
				if i < 0 || at+i >= limit {
					break
				}
				at += i + len(n.bytes)
				found(n, n.trace(window[at:]))
			}
		}
		if end {
			return nil
		}
		kept = copy(buf, window[limit:])
	}
}
