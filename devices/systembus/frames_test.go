package systembus

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

// message makes a D-Bus message, as far as its size matters.
func message(kind byte, fields, body int) string {
	head := make([]byte, 16)
	head[0], head[1] = 'l', kind
	binary.LittleEndian.PutUint32(head[4:], uint32(body))
	binary.LittleEndian.PutUint32(head[12:], uint32(fields))
	return string(head) + strings.Repeat("f", (fields+7)/8*8) + strings.Repeat("b", body)
}

func TestFrames(t *testing.T) {
	answer, small := message(2, 13, 70_000), message(4, 20, 70)
	in := message(1, 8, 8) + answer + message(4, 9, 100) + small + message(2, 8, answerMost) + message(9, 8, 8)
	f := &frames{signals: 100, from: strings.NewReader("OK\r\n" + in)}
	text := make([]byte, 4)
	if _, err := io.ReadFull(f, text); err != nil || string(text) != "OK\r\n" {
		t.Fatalf("handshake: %q, %v", text, err)
	}
	f.on.Store(true)
	if got, err := io.ReadAll(f); err != nil || string(got) != answer+small {
		t.Errorf("%d bytes came through, want %d: %v", len(got), len(answer+small), err)
	}
	for _, bad := range []string{"x" + strings.Repeat("0", 15), message(2, 0, 0)[:4] + "\xff\xff\xff\xff" + strings.Repeat("\xff", 8)} {
		f := &frames{signals: 100, from: strings.NewReader(bad)}
		f.on.Store(true)
		if _, err := io.ReadAll(f); !errors.Is(err, ErrMalformed) {
			t.Errorf("a bad message: %v", err)
		}
	}
}
