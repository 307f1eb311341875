package give

import (
	"io/fs"
	"strings"

	"ipguard/wipe/walk"
)

// medium is what is known of a mounted medium before and while it is written to.
type medium struct {
	free    int64 // bytes that this account may write
	cluster int64 // bytes of the least piece that a file takes
	files   int64 // how many files and folders more it takes; -1: nobody counts
	locked  bool  // mounted read-only

	memory bool // there is no medium below, only memory
	// device: this kernel itself reads the files from a device, so that what it does not hold in its cache comes from there.
	// Not so for FUSE, whose server may have a cache of its own, for overlays and for servers in the network.
	device bool
	// inline: small files lie among the file system's own data, whose cache nobody but root can drop.
	inline bool
	node   string // what is there as long as the device is; empty: cannot be told
	host   fs.FS  // where node is looked for
}

// proves reports whether reading a file of size bytes past the cache of files is reading the medium.
func (m medium) proves(size int64) bool {
	const page = 4096 // what lies inline is shorter on every file system
	return m.device && !m.memory && (!m.inline || size >= page)
}

// way is how a file is read back. Tests try each alone.
type way int

const (
	wayAny     way = iota
	wayDropped     // only with its pages dropped from the cache
	wayDirect      // only past the cache
)

// gone reports whether the device was taken away.
func (m medium) gone() bool {
	if m.node == "" {
		return false
	}
	_, err := fs.Stat(m.host, m.node)
	return err != nil
}

// room is what the items take on the medium, with their names and the folder.
func (m medium) room(sizes []int64, names []string) int64 {
	cluster := max(m.cluster, 1)
	up := func(n int64) int64 { return (n + cluster - 1) / cluster * cluster }
	const entry, perEntry = 32, 13 // FAT keeps 13 units of a long name in each entry of 32 bytes
	total, entries := int64(0), int64(0)
	for i, size := range sizes {
		total += up(size)
		entries += entry * int64(2+(units(names[i])+perEntry-1)/perEntry)
	}
	return total + up(entries) + 2*cluster // the folder itself, and its entry where that needs a new piece
}

// reason takes the name out of an error of an open file.
func reason(op string, err error) error {
	if err == nil {
		return nil
	}
	return walk.Reason(op, err)
}

// inRoot makes an absolute path one of fs.FS.
func inRoot(path string) string { return strings.TrimPrefix(path, "/") }
