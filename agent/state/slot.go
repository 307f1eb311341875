package state

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// The file has two slots, each a block of its own, so that a write that breaks off can harm only one. A slot is a head
// of magic, checksum, sequence number and length, the record as JSON, and zeros; the checksum covers all that follows it.
const (
	slotSize  = 4096
	slotCount = 2
	fileSize  = slotSize * slotCount
	headSize  = 24
	magic     = "ipg1"
)

// slot is the content of a slot that is whole.
type slot struct {
	sequence uint64
	text     []byte
}

func (s slot) marshal() []byte {
	b := make([]byte, slotSize)
	copy(b, magic)
	binary.LittleEndian.PutUint64(b[8:], s.sequence)
	binary.LittleEndian.PutUint64(b[16:], uint64(len(s.text)))
	copy(b[headSize:], s.text)
	binary.LittleEndian.PutUint32(b[4:], checksum(b))
	return b
}

// parseSlot is not ok unless every byte of the slot is as it was written.
func parseSlot(b []byte) (slot, bool) {
	if len(b) != slotSize || !bytes.HasPrefix(b, []byte(magic)) || binary.LittleEndian.Uint32(b[4:]) != checksum(b) {
		return slot{}, false
	}
	n := binary.LittleEndian.Uint64(b[16:])
	if n > slotSize-headSize {
		return slot{}, false
	}
	return slot{sequence: binary.LittleEndian.Uint64(b[8:]), text: b[headSize : headSize+n]}, true
}

func checksum(b []byte) uint32 { return crc32.Checksum(b[8:], crc32.MakeTable(crc32.Castagnoli)) }

// newest picks the slot that was written last out of a file's content. Not ok when none is whole; damaged when the other
// one is not, be it that its writing broke off or that the medium lost it.
func newest(content []byte) (s slot, index int, damaged, ok bool) {
	if len(content) != fileSize {
		return slot{}, 0, true, false
	}
	for i := range slotCount {
		got, whole := parseSlot(content[i*slotSize : (i+1)*slotSize])
		if !whole {
			damaged = true
			continue
		}
		if !ok || got.sequence > s.sequence {
			s, index, ok = got, i, true
		}
	}
	return s, index, damaged, ok
}
