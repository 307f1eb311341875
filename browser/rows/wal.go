package rows

import (
	"encoding/binary"
	"math/bits"
)

// The write-ahead log of SQLite, https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a header, then frames, each a
// header and a page. A frame counts when its salts are the header's and its checksum, which goes on from frame to frame, is
// right; a frame with a size of the database ends a transaction.
const (
	walHeader   = 32
	frameHeader = 24
	walMagic    = 0x377f0682 // the lowest bit says that checksums are over big-endian words
	dbHeader    = 100
)

// merge returns the database as it is with all transactions of the log that are complete, in a form that needs no log. It
// may change image. Broken when the two do not belong together, TooBig when the result would be above limit.
func merge(image, log []byte, limit int64) ([]byte, Code) {
	pages, size := committed(log)
	if size > 0 {
		page := len(pages[0].data)
		if int64(size) > limit/int64(page) {
			return nil, TooBig
		}
		if len(image) >= dbHeader && pageSize(image) != page {
			return nil, Broken
		}
		switch length := size * page; {
		case length <= len(image):
			image = image[:length]
		default:
			image = append(image, make([]byte, length-len(image))...)
		}
		for _, p := range pages {
			if p.number <= size {
				copy(image[(p.number-1)*page:], p.data)
			}
		}
	}
	if len(image) == 0 {
		return nil, ""
	}
	if len(image) < dbHeader {
		return nil, Broken
	}
	// A database in memory has no log: 2 stands for "with a log", 1 for "without".
	for _, at := range []int{18, 19} {
		if image[at] == 2 {
			image[at] = 1
		}
	}
	return image, ""
}

// pageSize reads the size of a page from the header of a database; 1 stands for 65536.
func pageSize(image []byte) int {
	if n := int(binary.BigEndian.Uint16(image[16:])); n != 1 {
		return n
	}
	return 1 << 16
}

// frame is a page as the log has it.
type frame struct {
	number int // from 1
	data   []byte
}

// committed returns the frames of all complete transactions, in their order, and how many pages the database has after
// them; 0 when there is none.
func committed(log []byte) (done []frame, size int) {
	if len(log) < walHeader {
		return nil, 0
	}
	magic, page := binary.BigEndian.Uint32(log), int(binary.BigEndian.Uint32(log[8:]))
	if magic&^1 != walMagic || page < 512 || page > 1<<16 || bits.OnesCount(uint(page)) != 1 {
		return nil, 0
	}
	s := sum{big: magic&1 == 1}
	s.add(log[:24])
	if !s.is(log[24:]) {
		return nil, 0
	}
	salts := [8]byte(log[16:24])
	var all []frame
	for rest := log[walHeader:]; len(rest) >= frameHeader+page; rest = rest[frameHeader+page:] {
		head, data := rest[:frameHeader], rest[frameHeader:frameHeader+page]
		s.add(head[:8])
		s.add(data)
		number := binary.BigEndian.Uint32(head)
		if [8]byte(head[8:16]) != salts || !s.is(head[16:]) || number == 0 {
			break
		}
		all = append(all, frame{int(number), data})
		if n := binary.BigEndian.Uint32(head[4:]); n > 0 {
			done, size = all, int(n)
		}
	}
	return done, size
}

// sum is the log's checksum.
type sum struct {
	big  bool
	a, b uint32
}

// add takes text of a whole number of eight bytes along.
func (s *sum) add(text []byte) {
	if s.big {
		for ; len(text) >= 8; text = text[8:] {
			s.a += binary.BigEndian.Uint32(text) + s.b
			s.b += binary.BigEndian.Uint32(text[4:]) + s.a
		}
		return
	}
	for ; len(text) >= 8; text = text[8:] {
		s.a += binary.LittleEndian.Uint32(text) + s.b
		s.b += binary.LittleEndian.Uint32(text[4:]) + s.a
	}
}

// is tells whether the sum is the one that stands at the beginning of text.
func (s *sum) is(text []byte) bool {
	return s.a == binary.BigEndian.Uint32(text) && s.b == binary.BigEndian.Uint32(text[4:])
}
