package storage

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtJournal(t *testing.T) {
	make64 := func(change func(b []byte)) []byte {
		b := make([]byte, extSuperSize)
		binary.LittleEndian.PutUint16(b[0x38:], 0xEF53)
		binary.LittleEndian.PutUint32(b[0x5C:], 0x3C)
		binary.LittleEndian.PutUint32(b[0xE0:], 8)
		b[0xFD] = 1
		binary.LittleEndian.PutUint32(b[0x10C+64:], 32<<20)
		change(b)
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		want int64
	}{
		{"32 MiB", make64(func([]byte) {}), 32 << 20},
		{"5 GiB", make64(func(b []byte) {
			binary.LittleEndian.PutUint32(b[0x10C+60:], 1)
			binary.LittleEndian.PutUint32(b[0x10C+64:], 1<<30)
		}), 5 << 30},
		{"no journal", make64(func(b []byte) { b[0x5C] = 0x38 }), 0},
		{"journal elsewhere", make64(func(b []byte) { b[0xE0] = 0 }), 0},
		{"no copy of its inode", make64(func(b []byte) { b[0xFD] = 0 }), 0},
		{"not ext", make64(func(b []byte) { b[0x38] = 0 }), 0},
		{"short", make([]byte, 100), 0},
	} {
		if got := extJournal(c.b); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// rootItem is an item of the tree of roots as the kernel answers it.
func rootItem(id uint64, kind uint32, made uint64, self, parent byte) []byte {
	b := make([]byte, btrfsItemHeader+439)
	le := binary.LittleEndian
	le.PutUint64(b[8:], id)
	le.PutUint64(b[16:], made)
	le.PutUint32(b[24:], kind)
	le.PutUint32(b[28:], 439)
	b[btrfsItemHeader+247], b[btrfsItemHeader+263] = self, parent
	return b
}

func TestSubvolumes(t *testing.T) {
	var answer []byte
	for _, item := range [][]byte{
		rootItem(2, 132, 0, 9, 0), // the kernel's own
		rootItem(5, 132, 0, 1, 0), rootItem(5, 156, 256, 0, 0),
		rootItem(256, 132, 0, 2, 0), rootItem(257, 132, 70, 3, 2), rootItem(258, 132, 71, 4, 3), // a snapshot of a snapshot
		rootItem(259, 132, 80, 6, 5), rootItem(260, 132, 81, 7, 5), // what they were made of is gone
		rootItem(math.MaxUint64-8, 132, 0, 8, 0),
	} {
		answer = append(answer, item...)
	}
	all, last := parseSubvolumes(append(answer, make([]byte, 500)...), 9)
	if d := cmp.Diff(btrfsKey{math.MaxUint64 - 8, 132, 0}, last, cmp.AllowUnexported(btrfsKey{})); d != "" {
		t.Error(d)
	}
	for id, want := range map[uint64]int{5: 0, 256: 2, 257: 2, 258: 2, 259: 1, 260: 1} {
		if got := relatives(all, id); got != want {
			t.Errorf("relatives of %d: %d, want %d", id, got, want)
		}
	}
	// A top without a uuid: every snapshot may be its.
	old := []subvolume{{id: 5}, {id: 256}, {id: 257, made: 70, self: uuid{3}}}
	if got := relatives(old, 5); got != 1 {
		t.Errorf("relatives of a top without a uuid: %d", got)
	}
	if all, _ := parseSubvolumes(answer[:40], 9); len(all) != 0 {
		t.Error("a cut item was read")
	}
}

func TestBtrfsKeyGoesForward(t *testing.T) {
	for _, c := range []struct {
		from, to btrfsKey
		more     bool
	}{
		{btrfsKey{5, 132, 0}, btrfsKey{5, 132, 1}, true},
		{btrfsKey{5, 156, math.MaxUint64}, btrfsKey{5, 157, 0}, true},
		{btrfsKey{5, 255, math.MaxUint64}, btrfsKey{6, 0, 0}, true},
		{btrfsKey{math.MaxUint64, 255, math.MaxUint64}, btrfsKey{math.MaxUint64, 255, math.MaxUint64}, false},
	} {
		if to, more := c.from.next(); to != c.to || more != c.more {
			t.Errorf("after %v: %v %v", c.from, to, more)
		}
	}
}

func TestWindowsMedium(t *testing.T) {
	yes, no := byte(1), byte(0)
	for _, c := range []struct {
		bus   byte
		seeks *byte
		want  Medium
	}{
		{0x0B, &yes, HardDisk}, {0x0B, &no, SSD}, {0x0B, nil, Unknown}, {0x11, nil, SSD}, {0x07, &no, USB}, {0x07, &yes, USB},
		{0x0C, nil, Card}, {0x0D, &no, Card}, {0x0E, &no, Virtual}, {0x0F, nil, Virtual}, {0, nil, Unknown},
	} {
		if got := windowsMedium(c.bus, c.seeks); got != c.want {
			t.Errorf("bus %#x: %s, want %s", c.bus, got, c.want)
		}
	}
	for name, want := range map[string]FileSystem{"NTFS": NTFS, "ReFS": ReFS, "exFAT": FAT, "FAT32": FAT, "UDF": Other} {
		if got := windowsFamily(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
