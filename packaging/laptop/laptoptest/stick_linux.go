package laptoptest

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// StickStart is where the only partition of a Stick begins, in bytes.
const StickStart = 1 << 20

// Stick is a USB stick with one partition, as they are sold. Its content is the file Image, which can be read while the
// stick is not plugged in.
type Stick struct {
	Image  string
	Locked bool // its switch says that it is read-only; looked at when it is plugged in
	l      *Laptop
	name   string // its serial number
}

// Plug makes a stick and plugs it into a laptop that has USB. The file system is "vfat", "exfat" or "ext4"; size is that of
// the partition in bytes.
func (l *Laptop) Plug(label, fs string, size int64) *Stick {
	l.t.Helper()
	mkfs, kind := []string{"mkfs.vfat", "-h", "2048", "-n", label}, byte(0x0c)
	switch fs {
	case "vfat":
	case "exfat":
		mkfs, kind = []string{"mkfs.exfat", "-L", label}, 0x07
	case "ext4":
		mkfs, kind = []string{"mkfs.ext4", "-q", "-F", "-L", label}, 0x83
	default:
		l.t.Fatalf("laptoptest: no sticks with %s", fs)
	}
	dir := l.t.TempDir()
	part := filepath.Join(dir, "part")
	s := &Stick{Image: filepath.Join(dir, "stick"), l: l, name: fmt.Sprintf("s%x", uint32(os.Getpid())) + filepath.Base(dir)}
	err := os.WriteFile(part, nil, 0o600)
	if err == nil {
		err = os.Truncate(part, size)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	if out, err := exec.Command(mkfs[0], append(mkfs[1:], part)...).CombinedOutput(); err != nil {
		l.t.Fatalf("laptoptest: a stick needs dosfstools, exfatprogs or e2fsprogs: %v: %s", err, out)
	}
	content, err := os.ReadFile(part)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(s.Image, append(table(kind, size), content...), 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Remove(part); err != nil {
		l.t.Fatal(err)
	}
	s.Plug()
	return s
}

// table is what stands before the partition: the partition table of a PC, with the sectors of 512 bytes counted from 0.
func table(kind byte, size int64) []byte {
	b := make([]byte, StickStart)
	entry := b[446:]
	entry[4] = kind
	binary.LittleEndian.PutUint32(entry[8:], StickStart/512)
	binary.LittleEndian.PutUint32(entry[12:], uint32(size/512))
	b[510], b[511] = 0x55, 0xaa
	return b
}

// Plug plugs a stick that was pulled into its laptop again, and waits until the laptop has looked at it.
func (s *Stick) Plug() {
	s.l.t.Helper()
	order := []string{"plug", s.name, s.Image}
	if s.Locked {
		order = append(order, "ro")
	}
	s.l.order(order...)
	s.l.Must(fmt.Sprintf(`for i in $(seq 300); do [ ! -e %s ] || break; sleep 0.1; done; udevadm settle; test -e %[1]s`, s.link()))
}

func (s *Stick) link() string {
	return "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_" + s.name + "-0:0-part1"
}

// Device is what the laptop calls its partition, as "/dev/sda1"; empty when the laptop does not see it, because it was turned
// off for instance.
func (s *Stick) Device() string {
	s.l.t.Helper()
	return strings.TrimSpace(s.l.Must("readlink -e " + s.link() + " || true"))
}

// Pull pulls the stick out, whatever the laptop is doing with it. What was not written to it is lost.
func (s *Stick) Pull() { s.l.t.Helper(); s.l.order("pull", s.name) }
