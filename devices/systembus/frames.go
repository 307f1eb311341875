package systembus

import (
	"encoding/binary"
	"io"
	"sync/atomic"
)

// answerMost bounds the answers to our own questions, in bytes. A thousand disks, or all the sessions that logind allows,
// fit in.
const answerMost = 4 << 20

// frames reads D-Bus messages, and lets through whole ones only that are of use and not too large; the others are read
// over before anybody takes the trouble to decode them: any account may send signals and calls of up to 128 MiB to anybody
// on the system bus, and decoded they take up many times that. Calls are of no use: nothing here can be called.
//
// The layout of a message is in the D-Bus specification, "Message Format": 16 bytes with the order of bytes, the type, the
// length of the body and that of the fields; the fields, padded to 8 bytes; the body.
type frames struct {
	from io.Reader
	// signals bounds signals, in bytes.
	signals int64
	// on says that messages come. What comes before is the text of the handshake.
	on   atomic.Bool
	head []byte // of the message that is let through, as far as not given out
	left int64  // of the rest of it
}

// Read implements io.Reader.
func (f *frames) Read(p []byte) (int, error) {
	if !f.on.Load() {
		return f.from.Read(p)
	}
	for len(f.head) == 0 && f.left == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if len(f.head) > 0 {
		n := copy(p, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	n, err := f.from.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

// next reads the head of a message, and the rest of it too when it is not to be let through.
func (f *frames) next() error {
	head := make([]byte, 16)
	if _, err := io.ReadFull(f.from, head); err != nil {
		return err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch head[0] {
	case 'l':
	case 'B':
		order = binary.BigEndian
	default:
		return ErrMalformed
	}
	fields := (int64(order.Uint32(head[12:])) + 7) &^ 7
	rest := fields + int64(order.Uint32(head[4:]))
	if rest > 1<<27 {
		return ErrMalformed // the specification allows no more
	}
	const (
		answer  = 2
		failure = 3
		signal  = 4
	)
	kind := head[1]
	if kind == signal && rest <= f.signals || (kind == answer || kind == failure) && rest <= answerMost {
		f.head, f.left = head, rest
		return nil
	}
	_, err := io.CopyN(io.Discard, f.from, rest)
	return err
}
