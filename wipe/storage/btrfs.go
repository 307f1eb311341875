package storage

import (
	"encoding/binary"
	"math"
	"path/filepath"
)

// Where things are in the items of the tree of roots that btrfs keeps, little-endian.
const (
	btrfsRootItem     = 132
	btrfsItemHeader   = 32 // transid, objectid and offset of 8 bytes, type and length of 4
	btrfsUUIDAt       = 247
	btrfsParentUUIDAt = 263
	btrfsRootItemSize = 279 // up to the end of what is used here; old file systems have shorter items without uuids
)

type uuid [16]byte

// subvolume is a subvolume of btrfs; a snapshot is one too.
type subvolume struct {
	id     uint64
	made   uint64 // the transaction of a snapshot; 0 for what was made empty
	self   uuid
	parent uuid // of which it was a snapshot; zero if none
}

// btrfsKey is the place of an item in a tree; id counts most and offset least.
type btrfsKey struct {
	id     uint64
	kind   uint32 // of 8 bits
	offset uint64
}

// next is the key right behind; false behind the last one.
func (k btrfsKey) next() (btrfsKey, bool) {
	switch {
	case k.offset < math.MaxUint64:
		k.offset++
	case k.kind < math.MaxUint8:
		k.kind, k.offset = k.kind+1, 0
	case k.id < math.MaxUint64:
		k = btrfsKey{id: k.id + 1}
	default:
		return k, false
	}
	return k, true
}

// parseSubvolumes reads n items of an answer to a search of the tree of roots, and the key of the last one.
func parseSubvolumes(b []byte, n int) (all []subvolume, last btrfsKey) {
	le := binary.LittleEndian
	for range n {
		if len(b) < btrfsItemHeader {
			break
		}
		id, offset, kind, size := le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint32(b[24:]), int(le.Uint32(b[28:]))
		b = b[btrfsItemHeader:]
		if size > len(b) {
			break
		}
		item := b[:size]
		b, last = b[size:], btrfsKey{id, kind, offset}
		// 5 is the top of the file system, and those that people make are from 256 up to -256.
		if kind != btrfsRootItem || id != 5 && (id < 256 || id > 1<<64-256) {
			continue
		}
		v := subvolume{id: id, made: offset}
		if size >= btrfsRootItemSize {
			copy(v.self[:], item[btrfsUUIDAt:])
			copy(v.parent[:], item[btrfsParentUUIDAt:])
		}
		all = append(all, v)
	}
	return all, last
}

// relatives counts the other subvolumes that may share blocks with the one of this id: what it was made from, what was
// made from it, and so on from each. A snapshot of which the middle one is gone still shares.
func relatives(all []subvolume, id uint64) int {
	var self uuid
	for _, v := range all {
		if v.id == id {
			self = v.self
		}
	}
	n := 0
	if self == (uuid{}) {
		// An old file system whose top has no uuid: its snapshots can only be told by having been made of something.
		for _, v := range all {
			if v.id != id && v.made != 0 {
				n++
			}
		}
		return n
	}
	family := map[uuid]bool{self: true}
	for grown := true; grown; {
		grown = false
		for _, v := range all {
			if v.parent == (uuid{}) || family[v.self] == family[v.parent] {
				continue
			}
			family[v.self], family[v.parent], grown = true, true, true
		}
	}
	for _, v := range all {
		if v.id != id && family[v.self] {
			n++
		}
	}
	return n
}

// btrfsOf finds the uuid of the btrfs that a device is part of; empty if there is none.
func (s sysfs) btrfsOf(number string) string {
	if number == "" {
		return ""
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(string(s), "dev", "block", number))
	if err != nil {
		return ""
	}
	links, err := filepath.Glob(filepath.Join(string(s), "fs", "btrfs", "*", "devices", "*"))
	if err != nil {
		return ""
	}
	for _, link := range links {
		if target, err := filepath.EvalSymlinks(link); err == nil && target == dir {
			return filepath.Base(filepath.Dir(filepath.Dir(link)))
		}
	}
	return ""
}
