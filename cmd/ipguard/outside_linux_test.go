package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What a session leaves outside the home goes, as far as it is the account's; what others have there stays.
func TestWipeOutsideTheHome(t *testing.T) {
	l := newLaptop(t)
	uid := l.user.UID
	o := outside{l}
	wifi := "/etc/NetworkManager/system-connections/"
	own := o.file(wifi+l.user.Name+"-library.nmconnection", "[wifi]\nssid=library\n")
	icon := o.file("/var/lib/AccountsService/icons/"+l.user.Name, "icon of the account")
	l.enroll()

	gone := []string{
		o.file(wifi+l.user.Name+"-hotspot.nmconnection", "[wifi-security]\npsk=visitor\n"),
		o.file(fmt.Sprintf("/var/lib/systemd/coredump/core.soffice.%d.%s.4711.1700000000000000.zst", uid, "0123456789abcdef0123456789abcdef"), "memory"),
		o.file(fmt.Sprintf("/var/crash/_usr_bin_soffice.%d.crash", uid), "memory"),
		o.file("/var/spool/cups/c00901", controlFile(l.user.Name)),
		o.file("/var/spool/cups/d00901-001", "printed page"),
		o.owned("/dev/shm/ipgt-"+l.user.Name, "x"),
		o.owned("/var/tmp/ipgt-"+l.user.Name, "x"),
		o.owned(fmt.Sprintf("/run/user/%d/document", uid), "x"),
		o.owned("/tmp/ipgt-"+l.user.Name+"/deep/er/file", "x"),
	}
	stays := []string{
		own, icon,
		o.file("/var/lib/systemd/coredump/core.soffice.1.0123456789abcdef0123456789abcdef."+fmt.Sprint(uid)+".1700000000000000.zst", "another account's"),
		o.file("/var/spool/cups/c00902", controlFile("somebody")),
		o.file("/var/spool/cups/d00902-001", "another account's page"),
		o.file("/var/tmp/ipgt-foreign-"+l.user.Name, "another account's"),
	}
	if err := os.WriteFile(own, []byte("[wifi]\nssid=changed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.wipe(exitDone)
	for _, path := range gone {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("still there: %s", filepath.Dir(path))
		}
	}
	for _, path := range stays {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("gone: %s", path)
		}
	}
	if content, err := os.ReadFile(own); err != nil || string(content) != "[wifi]\nssid=library\n" {
		t.Errorf("the laptop's own network is %q, %v", content, err)
	}
	l.status(exitDone)
}

// outside makes files in system folders for a test and takes them away again.
type outside struct{ *laptop }

// file makes a file of root's, with the folders above it.
func (o outside) file(path, content string) string {
	o.Helper()
	o.dirs(filepath.Dir(path))
	if _, err := os.Lstat(path); err == nil {
		o.Fatalf("%s is there already", path)
	}
	o.Cleanup(func() { os.Remove(path) })
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

// owned makes a file of the account's, and gives it the folders that did not exist.
func (o outside) owned(path, content string) string {
	o.Helper()
	made := o.dirs(filepath.Dir(path))
	o.file(path, content)
	for _, p := range append(made, path) {
		if err := os.Lchown(p, int(o.user.UID), int(o.user.GID)); err != nil {
			o.Fatal(err)
		}
	}
	return path
}

func (o outside) dirs(dir string) (made []string) {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); err == nil {
			break
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		o.Fatal(err)
	}
	for _, d := range made {
		o.Cleanup(func() { os.Remove(d) })
	}
	return made
}

// controlFile is as much of a CUPS control file as says whose the job is.
func controlFile(user string) string {
	b := []byte{2, 0, 0, 2, 0, 0, 0, 1, 2}
	for _, attr := range [][2]string{{"job-name", "certificate"}, {"job-originating-user-name", user}} {
		b = append(b, 0x42)
		b = binary.BigEndian.AppendUint16(b, uint16(len(attr[0])))
		b = append(b, attr[0]...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(attr[1])))
		b = append(b, attr[1]...)
	}
	return string(append(b, 3))
}
