package storage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree is a copy of a part of /sys: files by path below it, whose content "-> x" makes a link to x, also below it.
type tree map[string]string

func (tr tree) build(t *testing.T) sysfs {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range tr {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := cutLink(content); ok {
			err = os.Symlink(filepath.Join(top, target), path)
		} else {
			err = os.WriteFile(path, []byte(content+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sysfs(top)
}

func cutLink(s string) (string, bool) {
	if len(s) > 3 && s[:3] == "-> " {
		return s[3:], true
	}
	return "", false
}

const (
	ata    = "devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	ata2   = "devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/block/sdb"
	nvme   = "devices/pci0000:00/0000:00:1d.0/0000:03:00.0/nvme/nvme0/nvme0n1"
	stick  = "devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/block/sdc"
	card   = "devices/pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0"
	virtio = "devices/pci0000:00/0000:00:02.0/virtio1/block/vda"
	loop   = "devices/virtual/block/loop3"
	mapper = "devices/virtual/block/dm-0"
	lvm    = "devices/virtual/block/dm-1"
	raid   = "devices/virtual/block/md0"
)

// disk is a device without anything below it.
func disk(dir, number, rotational, discard string) tree {
	return tree{
		"dev/block/" + number:               "-> " + dir,
		dir + "/queue/rotational":           rotational,
		dir + "/queue/discard_max_bytes":    discard,
		dir + "/removable":                  "0",
		"class/block/" + filepath.Base(dir): "-> " + dir,
	}
}

// over is a device on top of others, with a device mapper's uuid or none.
func over(dir, number, discard, uuid string, slaves ...string) tree {
	tr := disk(dir, number, "0", discard)
	if uuid != "" {
		tr[dir+"/dm/uuid"] = uuid
	}
	for _, slave := range slaves {
		tr[dir+"/slaves/"+filepath.Base(slave)] = "-> " + slave
	}
	return tr
}

func merge(all ...tree) tree {
	sum := tree{}
	for _, tr := range all {
		for k, v := range tr {
			sum[k] = v
		}
	}
	return sum
}

const (
	luks   = "CRYPT-LUKS2-0a0b0c0d0e0f-luks"
	volume = "LVM-abcdefghij"
	most   = "2147483648"
)

func TestBlock(t *testing.T) {
	ssd := disk(nvme, "259:0", "0", most)
	for _, c := range []struct {
		name   string
		tree   tree
		number string
		want   device
	}{
		{"NVMe", ssd, "259:0", device{medium: SSD, discard: true}},
		{"partition", merge(ssd, tree{"dev/block/259:2": "-> " + nvme + "/nvme0n1p2", nvme + "/nvme0n1p2/partition": "2"}),
			"259:2", device{medium: SSD, discard: true}},
		{"SATA SSD", disk(ata, "8:0", "0", most), "8:0", device{medium: SSD, discard: true}},
		{"hard disk", disk(ata, "8:0", "1", "0"), "8:0", device{medium: HardDisk}},
		{"shingled hard disk", disk(ata, "8:0", "1", most), "8:0", device{medium: HardDisk, discard: true}},
		{"stick that says it turns", disk(stick, "8:32", "1", "0"), "8:32", device{medium: USB}},
		{"USB disk that says it does not", disk(stick, "8:32", "0", most), "8:32", device{medium: USB, discard: true}},
		{"eMMC", disk(card, "179:0", "0", most), "179:0", device{medium: Card, discard: true}},
		{"virtio", disk(virtio, "254:0", "1", most), "254:0", device{medium: Virtual, discard: true}},
		{"virtual SATA", merge(disk(ata, "8:0", "1", "0"), tree{ata + "/device/model": "VBOX HARDDISK"}), "8:0", device{medium: Virtual}},
		{"network block device", disk("devices/virtual/block/nbd0", "43:0", "0", most), "43:0", device{medium: Unknown, discard: true}},
		{"LUKS without discards", merge(ssd, over(mapper, "253:0", "0", luks, nvme)), "253:0", device{medium: SSD, encrypted: true}},
		{"LUKS with discards", merge(ssd, over(mapper, "253:0", most, luks, nvme)), "253:0", device{medium: SSD, encrypted: true, discard: true}},
		{"integrity only", merge(ssd, over(mapper, "253:0", most, "CRYPT-INTEGRITY-x", nvme)), "253:0", device{medium: SSD, discard: true}},
		{"LVM on two disks of one kind", merge(disk(ata, "8:0", "1", "0"), disk(ata2, "8:16", "1", "0"), over(lvm, "253:1", "0", volume, ata, ata2)),
			"253:1", device{medium: HardDisk}},
		{"LVM on SSD and hard disk", merge(ssd, disk(ata, "8:0", "1", "0"), over(lvm, "253:1", most, volume, nvme, ata)),
			"253:1", device{medium: Unknown}},
		{"LVM on LUKS", merge(ssd, over(mapper, "253:0", "0", luks, nvme), over(lvm, "253:1", most, volume, mapper)),
			"253:1", device{medium: SSD, encrypted: true}},
		{"LVM with one part in the clear", merge(ssd, disk(ata, "8:0", "0", most), over(mapper, "253:0", most, luks, nvme),
			over(lvm, "253:1", most, volume, mapper, ata)), "253:1", device{medium: SSD, discard: true}},
		{"raid", merge(disk(ata, "8:0", "0", most), disk(ata2, "8:16", "0", most), over(raid, "9:0", most, "", ata, ata2)),
			"9:0", device{medium: SSD, discard: true}},
		{"raid that hides a disk without discards", merge(disk(ata, "8:0", "0", most), disk(ata2, "8:16", "0", "0"), over(raid, "9:0", most, "", ata, ata2)),
			"9:0", device{medium: SSD}},
		{"loop", merge(disk(loop, "7:3", "0", most), tree{loop + "/loop/backing_file": "/srv/a b"}),
			"7:3", device{medium: Unknown, discard: true, insideFile: true, backing: []string{"/srv/a b"}}},
		{"partition of a loop", merge(disk(loop, "7:3", "0", most), tree{loop + "/loop/backing_file": "/srv/image",
			"dev/block/259:9": "-> " + loop + "/loop3p1", loop + "/loop3p1/partition": "1"}),
			"259:9", device{medium: Unknown, discard: true, insideFile: true, backing: []string{"/srv/image"}}},
		{"unknown number", ssd, "8:99", device{medium: Unknown}},
		{"slave that is gone", merge(over(mapper, "253:0", most, luks, nvme)), "253:0", device{medium: Unknown, encrypted: true}},
		{"stack without end", over(mapper, "253:0", most, "", mapper), "253:0", device{medium: Unknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.tree.build(t).block(c.number)
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(device{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBtrfsOnSeveralDevices(t *testing.T) {
	const id = "6a1e0000-0000-0000-0000-000000000000"
	tr := merge(disk(nvme, "259:0", "0", most), disk(ata, "8:0", "0", "0"), tree{
		"fs/btrfs/features/raid1c34":          "1",
		"fs/btrfs/" + id + "/devices/nvme0n1": "-> " + nvme,
		"fs/btrfs/" + id + "/devices/sda":     "-> " + ata,
	})
	s := tr.build(t)
	if got := s.btrfsOf("8:0"); got != id {
		t.Errorf("btrfs of the second device: %q", got)
	}
	want := device{medium: SSD} // one of the two takes no discards
	if d := cmp.Diff(want, s.btrfs(id), cmp.AllowUnexported(device{})); d != "" {
		t.Error(d)
	}
}

func TestSwapStays(t *testing.T) {
	const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	zram := tree{"class/block/zram0/backing_dev": "none", "class/block/zram1/backing_dev": "/dev/sda3"}
	s := merge(disk(nvme, "259:0", "0", most), over(mapper, "253:0", "0", "CRYPT-PLAIN-swap", nvme),
		over(lvm, "253:1", "0", luks, nvme), zram).build(t)
	for _, c := range []struct {
		name, entry string
		want        bool
	}{
		{"none", "", false},
		{"partition", "/dev/nvme0n1p3 partition 1 0 -2\n", true},
		{"file", "/swap\\040file file 1 0 -2\n", true},
		{"compressed memory", "/dev/zram0 partition 1 0 100\n", false},
		{"compressed memory with a disk behind it", "/dev/zram1 partition 1 0 100\n", true},
		{"plain mapping", "/dev/dm-0 partition 1 0 -2\n", false},
		{"mapping with a lasting key", "/dev/dm-1 partition 1 0 -2\n", true},
		{"one of each", "/dev/zram0 partition 1 0 100\n/dev/nvme0n1p3 partition 1 0 -2\n", true},
	} {
		if got := s.swapStays(head + c.entry); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
