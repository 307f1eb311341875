package host

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Mount is one line of the kernel's mount table.
type Mount struct {
	ID      int
	Parent  int
	Device  string // "major:minor"
	Root    string // which folder of the file system is mounted: "/" save for bind mounts and subvolumes
	Point   string // where
	FSType  string
	Source  string
	Options []string // of this mount point
	Super   []string // of the file system
}

// ParseMountinfo reads the text of /proc/PID/mountinfo. Order is kept: a later mount covers an earlier one at the same
// point. Lines that make no sense are an error, because a mount that is not known would be entered.
func ParseMountinfo(text []byte) ([]Mount, error) {
	var all []Mount
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) == 0 {
			continue
		}
		dash := slices.Index(f, "-")
		// A source may be empty, which leaves two fields of the three after the dash.
		if dash < 6 || len(f) < dash+3 {
			return nil, fmt.Errorf("reading the mount table: %w", ErrPartial)
		}
		id, err1 := strconv.Atoi(f[0])
		parent, err2 := strconv.Atoi(f[1])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("reading the mount table: %w", ErrPartial)
		}
		m := Mount{
			ID: id, Parent: parent, Device: f[2], Root: unescape(f[3]), Point: unescape(f[4]),
			Options: strings.Split(f[5], ","), FSType: unescape(f[dash+1]), Super: strings.Split(f[len(f)-1], ","),
		}
		if len(f) > dash+3 {
			m.Source = unescape(f[dash+2])
		}
		all = append(all, m)
	}
	return all, nil
}

// unescape undoes the octal escapes of the mount table: blanks, backslash and '#'.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// FUSE reports whether a process answers for the file system.
func (m Mount) FUSE() bool {
	return m.FSType == "fuse" || m.FSType == "fuseblk" || strings.HasPrefix(m.FSType, "fuse.")
}

// FUSEOwner returns the account that mounted a FUSE file system.
func (m Mount) FUSEOwner() (uid uint32, ok bool) {
	if !m.FUSE() {
		return 0, false
	}
	for _, o := range m.Super {
		if v, found := strings.CutPrefix(o, "user_id="); found {
			n, err := strconv.ParseUint(v, 10, 32)
			return uint32(n), err == nil
		}
	}
	return 0, false
}

// Network reports whether another machine answers for the file system, or may once it is touched.
func (m Mount) Network() bool {
	switch m.FSType {
	case "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "virtiofs", "afs", "coda", "ceph", "gfs2", "ocfs2",
		"lustre", "beegfs", "glusterfs", "davfs", "vboxsf", "vmhgfs", "prl_fs", "autofs", "afpfs", "webdav", "nbd":
		return true
	}
	return false
}

// Local reports whether the file system keeps files on a fixed medium or in the memory of this machine.
func (m Mount) Local() bool {
	switch m.FSType {
	case "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "jfs", "reiserfs", "nilfs2", "zfs", "tmpfs",
		"ramfs", "overlay", "apfs", "hfs":
		return true
	}
	return false
}

// Below returns the mounts whose point is dir or lies below it, in the order given.
func Below(mounts []Mount, dir string) []Mount {
	var found []Mount
	for _, m := range mounts {
		if inside(m.Point, dir) {
			found = append(found, m)
		}
	}
	return found
}

// Of returns the mount that an absolute path without links lies on: the longest point that leads to it, the last one
// mounted when several share the point.
func Of(mounts []Mount, name string) (Mount, bool) {
	var best Mount
	ok := false
	for _, m := range mounts {
		if inside(name, m.Point) && (!ok || len(m.Point) >= len(best.Point)) {
			best, ok = m, true
		}
	}
	return best, ok
}

// inside reports whether name is dir or below it; both absolute and clean.
func inside(name, dir string) bool {
	if dir == "/" {
		return strings.HasPrefix(name, "/")
	}
	rest, ok := strings.CutPrefix(name, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// within maps an absolute path to its place inside the file system of m.
func (m Mount) within(name string) string {
	return path.Join(m.Root, strings.TrimPrefix(name, m.Point))
}
