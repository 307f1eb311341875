package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const deletedMark = " (deleted)"

// HeldOpen counts the files without a name left that lay below dirs and that a live process still has open or mapped:
// their content lives on until that process ends. Each file counts once, however many hold it. Processes that ignore
// says yes to are left out; a nil ignore leaves out none. dirs are absolute, without links.
//
// A file that waits inside a socket, and a folder that is only somebody's working folder, are not seen. ErrPartial comes
// with the count of what could be seen, for instance without root.
func (h *Host) HeldOpen(ctx context.Context, dirs []string, ignore func(Process) bool) (int, error) {
	own, err := h.Mounts()
	if err != nil {
		return 0, err
	}
	all, err := h.allMounts()
	if err != nil {
		return 0, err
	}
	pids, err := h.pids(ctx)
	if err != nil {
		return 0, err
	}
	s := heldScan{h: h, own: own, tables: map[string][]Mount{}, found: map[heldFile]bool{}}
	if space, err := os.Readlink(filepath.Join(h.proc, "self", "ns", "mnt")); err == nil {
		s.tables[space] = own
	}
	for _, dir := range dirs {
		if m, ok := Of(own, dir); ok {
			s.dirs = append(s.dirs, place{m.Device, m.within(dir)})
		}
	}
	x := exes{proc: h.proc, mounts: all, safe: map[string]file{}}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return len(s.found), err
		}
		files := s.process(pid)
		if len(files) == 0 {
			continue
		}
		if e, ok := h.read(pid); !ok || ignore != nil && ignore(x.describe(e)) {
			continue
		}
		for _, f := range files {
			s.found[f] = true
		}
	}
	if s.blind {
		return len(s.found), ErrPartial
	}
	return len(s.found), nil
}

// place is a path inside a file system: the same for every mount table that shows it.
type place struct{ device, path string }

type heldFile struct {
	place
	inode string
}

type heldScan struct {
	h      *Host
	own    []Mount
	dirs   []place
	tables map[string][]Mount // by mount name space
	found  map[heldFile]bool
	blind  bool
}

// process returns the deleted files below the folders that the process holds.
func (s *heldScan) process(pid int) []heldFile {
	dir := s.h.dir(pid)
	names, err := readNames(filepath.Join(dir, "fd"))
	s.note(err)
	var all []heldFile
	for _, n := range names {
		text, err := os.Readlink(filepath.Join(dir, "fd", n))
		name, deleted := strings.CutSuffix(text, deletedMark)
		if err != nil || !deleted {
			continue
		}
		if p, ok := s.place(dir, name); ok && unnamed(filepath.Join(dir, "fd", n)) {
			all = append(all, heldFile{p, inodeOf(filepath.Join(dir, "fdinfo", n))})
		}
	}
	return append(all, s.mapped(dir)...)
}

// mapped returns the deleted files below the folders that are mapped into the process's memory.
func (s *heldScan) mapped(dir string) []heldFile {
	text, err := os.ReadFile(filepath.Join(dir, "maps"))
	if filepath.Base(dir) != "1" { // some machines hide it even from root, and process 1 maps no file of an account
		s.note(err)
	}
	var all []heldFile
	for line := range strings.Lines(string(text)) {
		line, deleted := strings.CutSuffix(strings.TrimSuffix(line, "\n"), deletedMark)
		slash := strings.IndexByte(line, '/')
		if !deleted || slash < 0 {
			continue
		}
		f := strings.Fields(line[:slash])
		// The name has its line ends escaped, nothing else.
		p, ok := s.place(dir, strings.ReplaceAll(line[slash:], `\012`, "\n"))
		if ok && len(f) == 5 && unnamed(filepath.Join(dir, "map_files", shortRange(f[0]))) {
			all = append(all, heldFile{p, f[4]})
		}
	}
	return all
}

// place maps a name, as the process's own mount table shows it, into its file system. Not ok when it is not below the
// folders, or on a file system that we must not ask.
func (s *heldScan) place(dir, name string) (place, bool) {
	if !strings.HasPrefix(name, "/") || strings.HasPrefix(name, "/memfd:") {
		return place{}, false
	}
	m, ok := Of(s.table(dir), name)
	if !ok || m.FUSE() || m.Network() {
		return place{}, false
	}
	p := place{m.Device, m.within(name)}
	for _, d := range s.dirs {
		if d.device == p.device && inside(p.path, d.path) {
			return p, true
		}
	}
	return place{}, false
}

// table returns the mounts by which the kernel spells the names that dir's process has open. A process shows only the
// mounts below its own root, so that the table of one that lives in a sandbox folder stands for nobody.
func (s *heldScan) table(dir string) []Mount {
	space, err := os.Readlink(filepath.Join(dir, "ns", "mnt"))
	if err != nil {
		return s.own
	}
	if t, ok := s.tables[space]; ok {
		return t
	}
	if root, err := os.Readlink(filepath.Join(dir, "root")); err != nil || root != "/" {
		return s.own
	}
	t, err := s.h.mountsOf(filepath.Base(dir))
	if err != nil {
		return s.own
	}
	s.tables[space] = t
	return t
}

// note remembers that something could not be read, unless it is only because the process has gone.
func (s *heldScan) note(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		s.blind = true
	}
}

// unnamed reports whether no name is left to the file behind the link: a file may really be called "x (deleted)", and
// one with a second name is not lost from sight. When that cannot be read, the kernel's mark stands.
func unnamed(link string) bool {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_NLINK|unix.STATX_TYPE, &st)
	return err != nil || st.Nlink == 0 && st.Mode&unix.S_IFMT != unix.S_IFDIR
}

// inodeOf reads the inode from a descriptor's fdinfo; empty when the kernel does not say.
func inodeOf(fdinfo string) string {
	text, err := os.ReadFile(fdinfo)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "ino:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// shortRange turns the address range of a maps line into the name in map_files, which has no leading zeros.
func shortRange(r string) string {
	from, to, _ := strings.Cut(r, "-")
	a, err1 := strconv.ParseUint(from, 16, 64)
	b, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil {
		return r
	}
	return strconv.FormatUint(a, 16) + "-" + strconv.FormatUint(b, 16)
}

func readNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
