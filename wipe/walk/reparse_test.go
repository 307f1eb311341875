package walk

import (
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf16"
)

// reparse builds a reparse point: a substitute name at offset from, of length n, in a buffer of extra bytes before the text.
func reparse(tag uint32, from, n int, text string) []byte {
	fixed := 8
	if tag == tagSymlink {
		fixed = 12
	}
	b := make([]byte, 8+fixed)
	binary.LittleEndian.PutUint32(b, tag)
	binary.LittleEndian.PutUint16(b[8:], uint16(from))
	binary.LittleEndian.PutUint16(b[10:], uint16(n))
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	binary.LittleEndian.PutUint16(b[4:], uint16(len(b)-8))
	return b
}

func TestReparseTarget(t *testing.T) {
	long := reparse(tagSymlink, 0, 4, "ab")
	binary.LittleEndian.PutUint16(long[4:], 60000)
	for name, c := range map[string]struct {
		data []byte
		want string // "" is an error
	}{
		"junction":               {reparse(tagMountPoint, 0, 12, `\??\C:`), "C:"},
		"link":                   {reparse(tagSymlink, 4, 6, `xxé:\`), `é:\`},
		"cloud file":             {reparse(0x9000001a, 0, 4, "ab"), ""},
		"nothing":                {nil, ""},
		"short":                  {[]byte{3, 0, 0, 0xA0, 9}, ""},
		"header only":            {reparse(tagMountPoint, 0, 0, "")[:10], ""},
		"name after the end":     {reparse(tagSymlink, 2, 4, "ab"), ""},
		"offset after the end":   {reparse(tagMountPoint, 65534, 65534, "ab"), ""},
		"half a character":       {reparse(tagMountPoint, 0, 3, "ab"), ""},
		"length after the end":   {long, ""},
		"only half a surrogate ": {append(reparse(tagMountPoint, 0, 4, "ab")[:16], 0, 0xd8, 0, 0xd8), "\ufffd\ufffd"},
	} {
		got, err := reparseTarget(c.data)
		if got != c.want || (c.want == "") != errors.Is(err, ErrSpecial) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}
