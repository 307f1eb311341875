package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxNesting bounds how many file systems are looked for below one another: overlays, and loop devices in files.
const maxNesting = 8

// Detect says what lies under a folder. The path may lead through no link. A folder on a network file system or on one
// that a program serves is named from the list of mounts alone, because asking its server may take forever. What the
// system does not tell is Unknown, false or 0: the size of the journal, for instance, is told only to root.
//
// Of an overlay it describes what lies under the folder that takes what is written. What was there before lies on others,
// and is hidden there, not removed, when it is removed from the overlay.
func Detect(dir string) (Storage, error) {
	return host{proc: "/proc", sys: "/sys"}.detect(dir, maxNesting)
}

// host is where the kernel tells about itself.
type host struct {
	proc string
	sys  sysfs
}

func (h host) mounts() []mount {
	b, err := os.ReadFile(filepath.Join(h.proc, "thread-self", "mountinfo"))
	if err != nil {
		return nil
	}
	return parseMounts(string(b))
}

func (h host) detect(dir string, depth int) (Storage, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Storage{}, wrap("finding the folder", err)
	}
	mounts := h.mounts()
	if m, ok := mountAt(mounts, abs); ok && distant(m) {
		return h.describe(m, dir), nil
	}
	fd, err := openDir(abs, unix.O_PATH)
	if err != nil {
		return Storage{}, wrap("opening the folder", err)
	}
	defer unix.Close(fd)
	m, err := mountOf(fd, h.mounts())
	if err != nil {
		return Storage{}, err
	}
	if family(m.kind) == Overlay && depth > 0 {
		if st, ok := h.upper(fd, m, depth); ok {
			return st, nil
		}
	}
	st := h.describe(m, dir)
	var fs unix.Statfs_t
	if !distant(m) && unix.Fstatfs(fd, &fs) == nil {
		st.BlockSize = fs.Bsize
	}
	return st, nil
}

// distant tells whether whoever asks the file system may have to wait for a server or a program.
func distant(m mount) bool {
	switch family(m.kind) {
	case Network, FUSE:
		return true
	}
	return strings.HasPrefix(m.kind, "fuse")
}

// describe says what is known of a mount without asking its file system.
func (h host) describe(m mount, base string) Storage {
	st := Storage{FileSystem: family(m.kind), Medium: Unknown, Volume: m.device, ReadOnly: m.readOnly, Base: base}
	switch st.FileSystem {
	case Tmpfs:
		st.Medium = Memory
		_, noswap := m.option("noswap")
		st.Swap = m.kind != "ramfs" && !noswap && h.sys.swapStays(read(filepath.Join(h.proc, "swaps")))
		return st
	case Overlay:
		st.Base = ""
		return st
	case Network:
		return st
	}
	d := h.device(m, maxNesting)
	st.Medium, st.Discard, st.DiscardStep, st.Encrypted, st.InsideFile = d.medium, d.discard, d.step, d.encrypted, d.insideFile
	if st.FileSystem == Ext {
		super := h.super(m)
		// Who cannot look must reckon with it.
		mode, _ := m.option("data")
		st.DataJournal = mode == "journal"
		st.JournalBytes, st.Inline = extJournal(super), super == nil || extInline(super)
	}
	return st
}

// device finds what is under a mount, and under the file systems of the files that its devices lie in.
func (h host) device(m mount, depth int) device {
	d := h.top(m)
	if !d.insideFile || depth == 0 {
		return d
	}
	var below []device
	mounts := h.mounts()
	for _, file := range d.backing {
		under, ok := mountAt(mounts, filepath.Clean(file))
		if !ok {
			return d
		}
		if family(under.kind) == Tmpfs {
			below = append(below, device{medium: Memory})
			continue
		}
		below = append(below, h.device(under, depth-1))
	}
	b := join(below)
	d.medium, d.encrypted = b.medium, d.encrypted || b.encrypted
	return d
}

// top finds the device that a mount names. A file system over several devices has a number that belongs to none.
func (h host) top(m mount) device {
	if !strings.HasPrefix(m.device, "0:") {
		return h.sys.block(m.device)
	}
	if !strings.HasPrefix(m.source, "/dev/") {
		return unknownDevice()
	}
	number := nodeNumber(m.source)
	if family(m.kind) == Btrfs {
		if uuid := h.sys.btrfsOf(number); uuid != "" {
			return h.sys.btrfs(uuid)
		}
	}
	return h.sys.block(number)
}

// upper describes the folder that takes what is written to an overlay. The folder is believed only if it lies on a file
// system as large as the overlay says its own is: in another mount name space the same path may be something else.
func (h host) upper(fd int, m mount, depth int) (Storage, bool) {
	dir := m.upper()
	if !filepath.IsAbs(dir) {
		return Storage{}, false
	}
	st, err := h.detect(dir, depth-1)
	if err != nil || st.FileSystem == Network || st.FileSystem == FUSE {
		return Storage{}, false
	}
	at, err := openDir(dir, unix.O_PATH)
	if err != nil {
		return Storage{}, false
	}
	defer unix.Close(at)
	var over, under unix.Statfs_t
	if unix.Fstatfs(fd, &over) != nil || unix.Fstatfs(at, &under) != nil ||
		over.Blocks != under.Blocks || over.Bsize != under.Bsize || over.Files != under.Files {
		return Storage{}, false
	}
	st.ReadOnly = m.readOnly
	return st, true
}

// super reads the superblock of ext4 from the device itself, which only root may; nil if it cannot be read.
func (h host) super(m mount) []byte {
	fd, err := h.sys.open(m, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	super := make([]byte, extSuperSize)
	if n, err := unix.Pread(fd, super, extSuperOffset); err != nil || n < len(super) {
		return nil
	}
	return super
}

// open opens for reading the block device that a file system lies on, if it is a single one.
func (s sysfs) open(m mount, flags int) (int, error) {
	err := error(unix.ENODEV)
	for _, node := range []string{m.source, "/dev/" + s.name(m.device)} { // the source may be a name of old, as /dev/root
		if nodeNumber(node) != m.device {
			continue
		}
		var fd int
		if fd, err = unix.Open(node, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0); err == nil {
			return fd, nil
		}
	}
	return -1, err
}

// nodeNumber is the major:minor of a block device's node; empty for anything else.
func nodeNumber(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return ""
	}
	return fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

func openDir(path string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	for {
		fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

// mountOf finds the mount of an open folder. Nothing else is asked of the file system, which a stuck server would not
// answer, and which one that belongs to a single account would refuse.
func mountOf(fd int, mounts []mount) (mount, error) {
	var st unix.Statx_t
	const flags = unix.AT_EMPTY_PATH | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	if err := unix.Statx(fd, "", flags, 0, &st); err != nil {
		return mount{}, wrap("finding the mount", err)
	}
	id := ""
	if st.Mask&unix.STATX_MNT_ID != 0 {
		id = strconv.FormatUint(st.Mnt_id, 10)
	} else { // Linux before 5.8
		id = mountIDOf(read("/proc/thread-self/fdinfo/" + strconv.Itoa(fd)))
	}
	for _, m := range mounts {
		if m.id == id {
			return m, nil
		}
	}
	return mount{}, fmt.Errorf("finding the mount: %w", ErrUnsupported)
}
