package watch

import (
	"hash/maphash"
	"slices"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/walk"
)

// known are the documents that were there at the beginning of a session. No name is kept: only numbers that nobody can
// turn back into one, since the seed is random and of this process.
type known struct {
	seed    maphash.Seed
	limit   int
	keys    []uint64 // sorted, once the beginning has been read
	reading bool
	crowded bool               // more than limit: only totals count
	totals  map[wipe.Class]int // then
}

func newKnown(limit int) known { return known{seed: maphash.MakeSeed(), limit: limit} }

// root is the key of a folder itself. It goes by what the folder is, so that it may be renamed with all that is in it.
func (k *known) root(info walk.Info) uint64 {
	return maphash.Comparable(k.seed, [2]uint64{info.Device, info.Inode})
}

// key is the key of a name in a folder.
func (k *known) key(parent uint64, name string) uint64 {
	return maphash.Comparable(k.seed, struct {
		parent uint64
		name   string
	}{parent, name})
}

// print is a number that differs when the entry does.
func (k *known) print(key uint64, info walk.Info) uint64 {
	return maphash.Comparable(k.seed, [4]uint64{key, info.Inode, uint64(info.CTime), uint64(info.Size)})
}

// begin starts a session: what is asked for until end is known.
func (k *known) begin() { k.keys, k.reading, k.crowded, k.totals = nil, true, false, nil }

// end takes the numbers of documents that were read since begin. Without begin it does nothing.
func (k *known) end(totals map[wipe.Class]int) {
	if !k.reading {
		return
	}
	k.reading, k.totals = false, totals
	slices.Sort(k.keys)
}

// has reports whether a document is known.
func (k *known) has(key uint64) bool {
	switch {
	case k.crowded:
		return true // the totals say what is new
	case !k.reading:
		_, found := slices.BinarySearch(k.keys, key)
		return found
	case len(k.keys) >= k.limit:
		k.keys, k.crowded = nil, true
	default:
		k.keys = append(k.keys, key)
	}
	return true
}

// hidden reports whether a name is out of people's sight.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// document reports whether a file of this name is one for people, and whole: browsers give what they still load a name
// of their own.
func document(name string) bool {
	if hidden(name) {
		return false
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return true
	}
	switch strings.ToLower(name[dot:]) {
	case ".part", ".partial", ".crdownload", ".download", ".tmp":
		return false
	}
	return true
}
