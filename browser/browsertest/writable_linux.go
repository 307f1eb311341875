package browsertest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Writable lists what the account can write to outside its home, on file systems of this machine: the topmost folders
// and the files that its own id, its own group or everybody may write to and that it can reach; and the places where
// the system's services write for it (spools, crash folders, logs, its runtime folder). Access lists (ACLs) are not
// read, and the accounts of NewUser have no other group. A file system that is read-only is not left out.
func Writable(u User) ([]string, error) {
	foreign, err := foreignMounts()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, path := range []string{
		"/var/spool", "/var/mail", "/var/crash", "/var/log", "/run/log", "/var/lib/systemd/coredump",
		"/var/lib/AccountsService", "/run/user/" + strconv.FormatUint(uint64(u.UID), 10),
	} {
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	err = filepath.WalkDir("/", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if gone(err) || d == nil {
				return nil
			}
			return fmt.Errorf("listing a folder: %w", err)
		}
		if path == u.Home || foreign[path] {
			return fs.SkipDir
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if gone(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a file's owner: %w", err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.New("reading a file's owner: not available")
		}
		switch may := u.may(st); {
		case may&2 != 0:
			out = append(out, path)
			if d.IsDir() {
				return fs.SkipDir // all that is in it belongs to it
			}
		case d.IsDir() && may&1 == 0:
			return fs.SkipDir // the account cannot reach what is in it
		}
		return nil
	})
	return outermost(out), err
}

// may returns the account's permission bits: 4 read, 2 write, 1 execute. An owner may always give itself all of them.
func (u User) may(st *syscall.Stat_t) uint32 {
	switch {
	case st.Uid == u.UID:
		return 7
	case st.Gid == u.GID:
		return st.Mode >> 3 & 7
	default:
		return st.Mode & 7
	}
}

// foreignMounts returns the mount points of file systems that are no place on this machine's disks or memory where an
// account could leave a file. They are known from the mount table, so that a server that hangs is never asked.
func foreignMounts() (map[string]bool, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mounts: %w", err)
	}
	defer file.Close()
	foreign := map[string]bool{"/proc": true, "/sys": true}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		mount, fsType, ok := parseMount(lines.Text())
		if !ok {
			return nil, errors.New("reading the mounts: unknown form")
		}
		// A later mount on the same place hides the earlier one.
		foreign[mount] = isForeign(fsType) || strings.HasPrefix(mount, "/proc") || strings.HasPrefix(mount, "/sys")
	}
	return foreign, lines.Err()
}

// parseMount reads a line of mountinfo: "36 35 98:0 /root /mount options optional... - type source options".
func parseMount(line string) (mount, fsType string, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields, kind := strings.Fields(before), strings.Fields(after)
	if !ok || len(fields) < 5 || len(kind) == 0 {
		return "", "", false
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4]), kind[0], true
}

func isForeign(fsType string) bool {
	base, _, _ := strings.Cut(fsType, ".")
	switch base {
	case "fuse", "fuseblk", "nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "autofs", "sshfs", "proc", "sysfs", "cgroup",
		"cgroup2", "devpts", "securityfs", "debugfs", "tracefs", "configfs", "pstore", "bpf", "efivarfs", "binfmt_misc",
		"fusectl", "rpc_pipefs", "nsfs", "selinuxfs":
		return true
	}
	return false
}
