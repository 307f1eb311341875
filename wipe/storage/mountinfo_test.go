package storage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro
40 27 0:40 /@home /home rw,relatime shared:7 master:2 - btrfs /dev/mapper/my\040disk rw,subvolid=257
41 40 0:55 / /home/a/net rw - nfs4 server:/x rw,vers=4.2
42 27 0:56 / /srv ro,nosuid - tmpfs none rw,size=1k,noswap
43 42 0:57 / /srv/x rw - nfs server:/y rw
44 42 0:58 / /srv rw - ext4 /dev/sdb1 ro
45 27 0:59 / /merged rw - overlay overlay rw,lowerdir=/l\0541:/l2,upperdir=/up\134\054per\134\134\040x,workdir=/w
46 27 8:17 / /stick rw - fuseblk.ntfs-3g /dev/sdc1 rw
47 27 8:18 / /stick2 rw - fuseblk /dev/sdc2 rw
not a line
48 27 0:60 / /odd rw -
`

func TestParseMounts(t *testing.T) {
	all := parseMounts(mountinfo)
	if len(all) != 10 {
		t.Fatalf("%d mounts", len(all))
	}
	byID := map[string]mount{}
	for _, m := range all {
		byID[m.id] = m
	}
	if m := byID["40"]; m.source != "/dev/mapper/my disk" || m.device != "0:40" || m.kind != "btrfs" || m.readOnly {
		t.Errorf("btrfs: %+v", m)
	}
	if m := byID["42"]; !m.readOnly {
		t.Error("a mount that is read-only was taken for writable")
	}
	if _, noswap := byID["42"].option("noswap"); !noswap {
		t.Error("noswap was not seen")
	}
	if m := byID["44"]; !m.readOnly {
		t.Error("a file system that is read-only was taken for writable")
	}
	if got, want := byID["45"].upper(), `/up,per\ x`; got != want {
		t.Errorf("upper folder %q, want %q", got, want)
	}
	if got := family(byID["46"].kind); got != NTFS {
		t.Errorf("ntfs-3g with its name: %s", got)
	}
	if got := family(byID["47"].kind); got != FUSE {
		t.Errorf("fuseblk without a name: %s", got)
	}
}

func TestMountAt(t *testing.T) {
	all := parseMounts(mountinfo)
	for path, want := range map[string]string{
		"/":                 "27",
		"/etc":              "27",
		"/home":             "40",
		"/homes":            "27",
		"/home/a/net":       "41",
		"/home/a/net/x/y":   "41",
		"/home/a/network":   "40",
		"/srv":              "44", // the later mount hides the earlier one
		"/srv/x/y":          "44", // and what is mounted below that
		"/merged/upper/lot": "45",
	} {
		if m, ok := mountAt(all, path); !ok || m.id != want {
			t.Errorf("%s lies on mount %q, want %q", path, m.id, want)
		}
	}
	if _, ok := mountAt(nil, "/"); ok {
		t.Error("a mount was found in an empty list")
	}
}

func TestUnescapeOctal(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", `a\040b`: "a b", `a\134b`: `a\b`, `a\04`: `a\04`, `\777`: `\777`, `\303\251`: "é", `x\`: `x\`,
	} {
		if got := unescapeOctal(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDistant(t *testing.T) {
	for kind, want := range map[string]FileSystem{
		"nfs4": Network, "cifs": Network, "9p": Network, "ceph": Network, "fuse": FUSE, "fuse.sshfs": FUSE, "virtiofs": FUSE,
		"ext3": Ext, "vfat": FAT, "exfat": FAT, "ntfs3": NTFS, "bcachefs": Other,
	} {
		if got := family(kind); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}

func TestMountIDOf(t *testing.T) {
	if d := cmp.Diff("27", mountIDOf("pos:\t0\nflags:\t012000000\nmnt_id:\t27\nino:\t2")); d != "" {
		t.Error(d)
	}
}
