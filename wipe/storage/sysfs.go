package storage

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxStack bounds how deep devices are looked for below one another; a real stack has four or five.
const maxStack = 16

// sysfs reads what the kernel tells about block devices below a folder that is /sys, or a copy of it made for a test.
type sysfs string

// device is what is known of a block device and of all that lie under it.
type device struct {
	medium     Medium
	discard    bool
	step       int64 // the smallest piece that is discarded
	encrypted  bool
	insideFile bool
	backing    []string // the files that loop devices under it lie in
}

// unknownDevice is what is said of a device that cannot be found.
func unknownDevice() device { return device{medium: Unknown} }

// block describes the device with the number major:minor.
func (s sysfs) block(number string) device {
	dir, err := filepath.EvalSymlinks(filepath.Join(string(s), "dev", "block", number))
	if err != nil {
		return unknownDevice()
	}
	return s.describe(dir, maxStack)
}

// name is the kernel's name of the device with the number major:minor; "." if there is none.
func (s sysfs) name(number string) string {
	dir, err := filepath.EvalSymlinks(filepath.Join(string(s), "dev", "block", number))
	if err != nil {
		return "."
	}
	return strings.ReplaceAll(filepath.Base(dir), "!", "/") // as sysfs spells a device in a folder of its own
}

// describe describes the device of a resolved folder.
func (s sysfs) describe(dir string, depth int) device {
	shifted := number(filepath.Join(dir, "discard_alignment")) != 0
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		dir = filepath.Dir(dir) // the queue and what lies below belong to the whole disk
	}
	step := number(filepath.Join(dir, "queue", "discard_granularity"))
	if shifted {
		step *= 2 // its pieces do not begin where those of the file system do
	}
	discard := number(filepath.Join(dir, "queue", "discard_max_bytes")) > 0
	encrypted := encrypts(read(filepath.Join(dir, "dm", "uuid")))
	slaves, err := os.ReadDir(filepath.Join(dir, "slaves"))
	if err != nil || len(slaves) == 0 {
		d := device{medium: s.leaf(dir), discard: discard, step: step, encrypted: encrypted}
		if file := read(filepath.Join(dir, "loop", "backing_file")); file != "" {
			d.insideFile, d.backing = true, []string{unescapeOctal(file)}
		}
		return d
	}
	below := make([]device, 0, len(slaves))
	for _, slave := range slaves {
		target, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", slave.Name()))
		if err != nil || depth == 0 {
			below = append(below, unknownDevice())
			continue
		}
		below = append(below, s.describe(target, depth-1))
	}
	d := join(below)
	// What lies on top may itself refuse discards (dm-crypt does unless told) whatever its disks can do.
	d.discard, d.step = d.discard && discard, max(d.step, step)
	d.encrypted = d.encrypted || encrypted
	return d
}

// join says what holds for data that may lie on any of the devices.
func join(all []device) device {
	if len(all) == 0 {
		return unknownDevice()
	}
	d := all[0]
	for _, other := range all[1:] {
		if other.medium != d.medium {
			d.medium = Unknown
		}
		d.discard, d.step = d.discard && other.discard, max(d.step, other.step)
		d.encrypted = d.encrypted && other.encrypted
		d.insideFile = d.insideFile || other.insideFile
		d.backing = append(d.backing, other.backing...)
	}
	return d
}

// leaf tells the medium of a device that lies on no other one.
func (s sysfs) leaf(dir string) Medium {
	rel, err := filepath.Rel(string(s), dir)
	if err != nil {
		return Unknown
	}
	where, name := "/"+filepath.ToSlash(rel), filepath.Base(dir)
	vendor := read(filepath.Join(dir, "device", "vendor"))
	model := read(filepath.Join(dir, "device", "model"))
	switch {
	case strings.Contains(where, "/usb"):
		return USB // first: bridges pretend to be anything, and say "rotational" of flash
	case strings.Contains(where, "/mmc"):
		return Card
	case strings.HasPrefix(name, "zram"), strings.HasPrefix(name, "ram"):
		return Memory
	case strings.Contains(where, "/virtio"), strings.Contains(where, "/vbd-"), strings.HasPrefix(name, "xvd"),
		strings.Contains(where, "/VMBUS:"), virtualModel(vendor), virtualModel(model):
		return Virtual
	case strings.HasPrefix(name, "nvme"):
		return SSD
	case !strings.HasPrefix(name, "sd") && !strings.HasPrefix(name, "hd"),
		strings.Contains(where, "/session"), // iSCSI
		read(filepath.Join(dir, "removable")) == "1":
		return Unknown // loop, network block devices and the like: what "rotational" says of them is a guess of the driver
	}
	switch read(filepath.Join(dir, "queue", "rotational")) {
	case "0":
		return SSD
	case "1":
		return HardDisk
	}
	return Unknown
}

// virtualModel recognizes the names that the usual hypervisors give to their SCSI, SATA and NVMe disks.
func virtualModel(s string) bool {
	for _, prefix := range []string{"QEMU", "VBOX", "VMware", "Msft", "Virtual", "Amazon Elastic", "Google PersistentDisk", "PersistentDisk"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// encrypts tells from a device mapper's uuid whether the mapping encrypts. cryptsetup begins all its uuids alike, also
// those of mappings that only check.
func encrypts(uuid string) bool {
	kind, ok := strings.CutPrefix(uuid, "CRYPT-")
	return ok && !strings.HasPrefix(kind, "VERITY") && !strings.HasPrefix(kind, "INTEGRITY") && !strings.HasPrefix(kind, "SUBDEV")
}

// btrfs describes all the devices of the btrfs with this uuid.
func (s sysfs) btrfs(uuid string) device {
	top := filepath.Join(string(s), "fs", "btrfs", uuid, "devices")
	names, err := os.ReadDir(top)
	if err != nil {
		return unknownDevice()
	}
	var all []device
	for _, name := range names {
		target, err := filepath.EvalSymlinks(filepath.Join(top, name.Name()))
		if err != nil {
			all = append(all, unknownDevice())
			continue
		}
		all = append(all, s.describe(target, maxStack))
	}
	return join(all)
}

// swapStays tells from /proc/swaps whether what is swapped out may be read after a restart: compressed memory without a
// device behind it dies with power, and so does a plain mapping, whose key is not written next to it.
func (s sysfs) swapStays(swaps string) bool {
	for line := range strings.Lines(swaps) {
		f := strings.Fields(line)
		if len(f) < 5 || f[0] == "Filename" {
			continue
		}
		dir := filepath.Join(string(s), "class", "block", filepath.Base(unescapeOctal(f[0])))
		behind := read(filepath.Join(dir, "backing_dev"))
		switch {
		case f[1] != "partition":
			return true
		case strings.HasPrefix(filepath.Base(f[0]), "zram") && (behind == "" || behind == "none"):
		case strings.HasPrefix(read(filepath.Join(dir, "dm", "uuid")), "CRYPT-PLAIN"):
		default:
			return true
		}
	}
	return false
}

// read is the content of a small file without blanks around it; empty if it cannot be read.
func read(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// number is the content of a file with one number; 0 if there is none.
func number(path string) int64 {
	n, err := strconv.ParseInt(read(path), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
