package storage

import (
	"slices"
	"strings"
)

// mount is one line of /proc/thread-self/mountinfo.
type mount struct {
	id, parent string
	device     string // major:minor of the file system; one for all its mounts
	point      string
	readOnly   bool
	kind       string // the kernel's name of the file system's type
	source     string
	options    []string // of the file system; still escaped as its type does, apart from the kernel's octal
}

// parseMounts reads mountinfo as proc_pid_mountinfo(5) describes it. A line that it does not understand is left out.
func parseMounts(text string) []mount {
	var all []mount
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		// A variable number of tags stands before the lone dash.
		dash := slices.Index(f, "-")
		if dash < 6 || len(f) < dash+4 {
			continue
		}
		options := splitOptions(f[dash+3])
		all = append(all, mount{
			id: f[0], parent: f[1], device: f[2], point: unescapeOctal(f[4]),
			readOnly: slices.Contains(strings.Split(f[5], ","), "ro") || slices.Contains(options, "ro"),
			kind:     f[dash+1], source: unescapeOctal(f[dash+2]), options: options,
		})
	}
	return all
}

// splitOptions splits at the commas that no backslash guards, then undoes the kernel's octal. It is done in this order
// because the kernel writes a backslash of a value itself in octal.
func splitOptions(s string) []string {
	s = unescapeOctal(s)
	var all []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			all = append(all, s[start:i])
			start = i + 1
		}
	}
	return append(all, s[start:])
}

// option is the value of the option name, and whether it is there.
func (m mount) option(name string) (string, bool) {
	for _, o := range m.options {
		if key, value, _ := strings.Cut(o, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// upper is the folder of an overlay that takes what is written; empty for an overlay that takes nothing. A backslash
// guards commas and colons in it.
func (m mount) upper() string {
	value, _ := m.option("upperdir")
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// unescapeOctal undoes the kernel's \ooo for blanks and the like.
func unescapeOctal(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	octal := func(c byte) bool { return '0' <= c && c <= '7' }
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] <= '3' && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// mountAt finds the mount that an absolute, clean path without links lies on, without touching the path: a mount whose
// server is away may make whoever touches it wait forever. It goes from mount to mount as a lookup would, so that a
// mount hidden under another one is not taken.
func mountAt(all []mount, path string) (mount, bool) {
	var here mount
	found := false
	for _, m := range all {
		// The root's parent is not in the list, or is itself.
		if m.point == "/" && (m.parent == m.id || !slices.ContainsFunc(all, func(p mount) bool { return p.id == m.parent })) {
			here, found = m, true
		}
	}
	for range all {
		best := -1
		for i, m := range all {
			if m.parent != here.id || m.id == here.id || !within(m.point, path) || !within(here.point, m.point) {
				continue
			}
			if best < 0 || len(m.point) < len(all[best].point) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		here = all[best]
	}
	return here, found
}

// within tells whether a clean path is top or below it.
func within(top, path string) bool {
	return top == "/" || path == top || strings.HasPrefix(path, top+"/")
}

// family is the FileSystem of a kernel type name.
func family(kind string) FileSystem {
	switch kind {
	case "ext2", "ext3", "ext4":
		return Ext
	case "xfs":
		return XFS
	case "btrfs":
		return Btrfs
	case "f2fs":
		return F2FS
	case "zfs":
		return ZFS
	case "tmpfs", "devtmpfs", "ramfs":
		return Tmpfs
	case "overlay":
		return Overlay
	case "vfat", "msdos", "exfat":
		return FAT
	case "ntfs", "ntfs3":
		return NTFS
	case "apfs":
		return APFS
	case "hfs", "hfsplus":
		return HFS
	case "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "coda", "ncpfs", "lustre", "vboxsf", "vmhgfs", "prl_fs":
		return Network
	case "fuse", "fuseblk", "fusectl", "virtiofs":
		return FUSE
	}
	switch {
	case strings.HasPrefix(kind, "fuseblk.ntfs"):
		return NTFS
	case strings.HasPrefix(kind, "fuse"):
		return FUSE
	}
	return Other
}

// mountIDOf reads the mount from what the kernel tells about a descriptor.
func mountIDOf(fdinfo string) string {
	for line := range strings.Lines(fdinfo) {
		if id, ok := strings.CutPrefix(line, "mnt_id:"); ok {
			return strings.TrimSpace(id)
		}
	}
	return ""
}
