package baseline

import (
	"crypto/sha256"

	"ipguard/wipe/walk"
)

// Digest is the SHA-256 of a file's content.
type Digest [sha256.Size]byte

// Entry is one name of the baseline.
type Entry struct {
	Name     string // any bytes but NUL and the separator
	Type     walk.Type
	Mode     uint32
	UID, GID uint32
	Size     int64
	MTime    int64  // nanoseconds since 1970
	CTime    int64  // with Inode and Size the stamp that says "unchanged" without reading the content
	Inode    uint64 //
	Digest   Digest // of a regular file
	Target   string // of a symbolic link
	Xattrs   []walk.Xattr
}

// Stamped reports whether nobody changed the entry since its stamp was taken. An ordinary account can set neither inode
// nor change time of a file.
func (e *Entry) Stamped(info walk.Info) bool {
	return e.Type == info.Type && e.Inode == info.Inode && e.CTime == info.CTime && e.Size == info.Size
}

// Attr returns what restoring sets besides the content.
func (e *Entry) Attr() walk.Attr {
	return walk.Attr{Mode: e.Mode, UID: e.UID, GID: e.GID, MTime: e.MTime, Xattrs: e.Xattrs}
}

func entryOf(name string, info walk.Info) Entry {
	return Entry{
		Name: name, Type: info.Type, Mode: info.Mode, UID: info.UID, GID: info.GID, Size: info.Size,
		MTime: info.MTime, CTime: info.CTime, Inode: info.Inode,
	}
}

// Group is one directory of the manifest with its entries. Groups stand in depth-first order, children by name.
type Group struct {
	Depth    int   // 0 for the root itself
	Self     Entry // Name is empty for the root
	Children []Entry
}

// find returns the index of name in the group.
func (g *Group) find(name string) (int, bool) {
	lo, hi := 0, len(g.Children)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if g.Children[mid].Name < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(g.Children) && g.Children[lo].Name == name
}

// Find returns the index of the child name, or -1.
func (g *Group) Find(name string) int {
	if i, ok := g.find(name); ok {
		return i
	}
	return -1
}
