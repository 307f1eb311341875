package media

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"ipguard/devices/host"
)

// Names of UDisks2, see its reference manual, "D-Bus API Reference".
const (
	udisks      = "org.freedesktop.UDisks2"
	udisksPath  = "/org/freedesktop/UDisks2"
	aBlock      = udisks + ".Block"
	aFilesystem = udisks + ".Filesystem"
	aDrive      = udisks + ".Drive"
)

// values are the properties of one interface of an object. Object paths are strings here.
type values map[string]any

// tree is all that UDisks2 has, by the paths of the objects and the names of their interfaces. What has the wrong type is
// as good as not there.
type tree map[string]map[string]values

// want reads a property; the zero value stands for one that is missing or of another type.
func want[T any](p values, name string) T {
	v, _ := p[name].(T)
	return v
}

// text reads a property that is a path: bytes that end with 0.
func text(b []byte) string { return string(bytes.TrimSuffix(b, []byte{0})) }

// points returns where the file system of a block device is mounted.
func (t tree) points(block string) []string {
	var all []string
	for _, p := range want[[][]byte](t[block][aFilesystem], "MountPoints") {
		all = append(all, text(p))
	}
	return all
}

// blocks returns the paths of the block devices of a drive, in order.
func (t tree) blocks(drive string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if want[string](t[name][aBlock], "Drive") == drive {
			all = append(all, name)
		}
	}
	return all
}

// brought tells whether a drive is one that a person brings, by all that is known of it and of what is on it.
func (t tree) brought(drive string, roots []string) bool {
	d := t[drive][aDrive]
	if bus := want[string](d, "ConnectionBus"); d == nil || bus != "usb" && bus != "sdio" {
		return false
	}
	// Disks on USB say "not removable": the bus counts. A card that is built in (eMMC) says so too, and stays.
	if want[bool](d, "Optical") || want[string](d, "ConnectionBus") == "sdio" && !want[bool](d, "Removable") {
		return false
	}
	for _, name := range t.blocks(drive) {
		b := t[name][aBlock]
		if t.ours(name, roots) {
			return false
		}
		// What the machine put together, of parts on this drive: LVM, RAID, a container that was unlocked.
		if want[string](b, "IdUsage") == "raid" {
			return false
		}
		for other := range t {
			if want[string](t[other][aBlock], "CryptoBackingDevice") == name && t.ours(other, roots) {
				return false
			}
		}
	}
	return true
}

// ours tells whether a block device is the machine's: UDisks2 says so, fstab or crypttab names it, or it is mounted where
// no medium is.
func (t tree) ours(block string, roots []string) bool {
	b := t[block][aBlock]
	system, ok := b["HintSystem"].(bool)
	if !ok || system || len(want[[][]any](b, "Configuration")) > 0 {
		return true
	}
	return slices.ContainsFunc(t.points(block), func(p string) bool { return !under(roots, p) })
}

// found is a medium with what is needed to do something with it.
type found struct {
	Medium
	block, drive string // paths of objects
}

// media finds the media in the tree. The mounts tell which are mounted read-only.
func (t tree) media(mounts []host.Mount, roots []string) []found {
	var all []found
	brought := map[string]bool{}
	for name, o := range t {
		b, fs := o[aBlock], o[aFilesystem]
		drive := want[string](b, "Drive")
		if b == nil || fs == nil || want[bool](b, "HintIgnore") || want[string](b, "IdUsage") != "filesystem" {
			continue
		}
		if crypto := want[string](b, "CryptoBackingDevice"); crypto != "" && crypto != "/" {
			continue
		}
		yes, ok := brought[drive]
		if !ok {
			yes = t.brought(drive, roots)
			brought[drive] = yes
		}
		if !yes {
			continue
		}
		d := t[drive][aDrive]
		kind, size := want[string](b, "IdType"), want[uint64](b, "Size")
		m := found{block: name, drive: drive, Medium: Medium{
			ID:       identity(byService, name, drive, want[uint64](d, "TimeMediaDetected"), want[string](b, "IdUUID"), kind, size),
			Label:    named(want[string](b, "IdLabel"), want[string](d, "ConnectionBus")),
			Size:     int64(min(size, 1<<62)),
			FS:       kind,
			Device:   text(want[[]byte](b, "PreferredDevice")),
			ReadOnly: want[bool](b, "ReadOnly"),
			MaxFile:  maxFile(kind),
		}}
		if m.Device == "" {
			m.Device = text(want[[]byte](b, "Device"))
		}
		if points := t.points(name); len(points) > 0 {
			m.Mount = points[0]
			m.ReadOnly = m.ReadOnly || mountedReadOnly(mounts, m.Mount, want[uint64](b, "DeviceNumber"))
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(a.block, b.block) })
	return all
}

// byService and byMount begin the ids of media that UDisks2 told of, and of those in the mount table.
const (
	byService = "u"
	byMount   = "m"
)

// mountedReadOnly asks the mount table. The number of a device is encoded as in gnu_dev_makedev(3).
func mountedReadOnly(mounts []host.Mount, point string, number uint64) bool {
	major := number>>8&0xfff | number>>32&^0xfff
	minor := number&0xff | number>>12&0xffffff00
	for _, m := range slices.Backward(mounts) {
		if m.Point == point && m.Device == fmt.Sprintf("%d:%d", major, minor) {
			return readOnly(m)
		}
	}
	return false
}

// shared tells whether turning a drive off would take another one with a medium along, as in a reader for several cards.
func (t tree) shared(drive string) bool {
	sibling := want[string](t[drive][aDrive], "SiblingId")
	if sibling == "" {
		return false
	}
	for name, o := range t {
		d := o[aDrive]
		if name != drive && d != nil && want[string](d, "SiblingId") == sibling && want[bool](d, "MediaAvailable") {
			return true
		}
	}
	return false
}
