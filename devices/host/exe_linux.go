package host

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// exes answers the questions about program files, each file once.
type exes struct {
	proc   string
	mounts []Mount
	safe   map[string]file
}

// file is one program file; the zero value is one that somebody other than root can change.
type file struct {
	safe     bool
	dev, ino uint64
}

func (x exes) describe(e entry) Process {
	p := Process{PID: e.pid, Parent: e.parent, Name: e.name, Started: e.started, System: e.ids == [4]uint32{}}
	link := filepath.Join(x.proc, strconv.Itoa(e.pid), "exe")
	exe, err := os.Readlink(link)
	if err != nil {
		return p
	}
	p.Exe = exe
	f, known := x.safe[exe]
	if !known {
		f = x.check(exe)
		x.safe[exe] = f
	}
	p.RootOwnedExe = f.safe && x.runs(link, f)
	return p
}

// check looks at a path: every folder and the file itself must be root's alone, and on a medium of this machine.
func (x exes) check(exe string) file {
	if !filepath.IsAbs(exe) || strings.HasSuffix(exe, " (deleted)") {
		return file{}
	}
	if m, ok := Of(x.mounts, exe); !ok || m.FUSE() || m.Network() {
		return file{}
	}
	for dir := filepath.Dir(exe); ; dir = filepath.Dir(dir) {
		if s, ok := lstat(dir); !ok || s.Mode&unix.S_IFMT != unix.S_IFDIR || !rootOnly(s) {
			return file{}
		}
		if dir == "/" {
			break
		}
	}
	s, ok := lstat(exe)
	if !ok || s.Mode&unix.S_IFMT != unix.S_IFREG || !rootOnly(s) {
		return file{}
	}
	return file{safe: true, dev: unix.Mkdev(s.Dev_major, s.Dev_minor), ino: s.Ino}
}

// runs reports whether the file behind the link is f. The text of the link is not proof: in a mount table of its own a
// process can give its program any path. The first question asks only which mount it is on, which no FUSE server hears.
func (x exes) runs(link string, f file) bool {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_TYPE|unix.STATX_MNT_ID, &s)
	if err != nil || s.Mask&unix.STATX_MNT_ID == 0 {
		return false
	}
	i := slices.IndexFunc(x.mounts, func(m Mount) bool { return uint64(m.ID) == s.Mnt_id })
	if i < 0 || x.mounts[i].FUSE() || x.mounts[i].Network() {
		return false
	}
	if err := unix.Statx(unix.AT_FDCWD, link, unix.AT_NO_AUTOMOUNT, unix.STATX_BASIC_STATS, &s); err != nil {
		return false
	}
	return unix.Mkdev(s.Dev_major, s.Dev_minor) == f.dev && s.Ino == f.ino
}

func lstat(name string) (unix.Statx_t, bool) {
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, unix.STATX_BASIC_STATS, &s)
	return s, err == nil
}

func rootOnly(s unix.Statx_t) bool { return s.Uid == 0 && s.Mode&0o022 == 0 }
