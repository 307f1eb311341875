package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMountinfo(t *testing.T) {
	const text = `21 27 0:20 / /proc rw,nosuid shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 propagate_from:3 - ext4 /dev/vda rw,errors=remount-ro
30 27 0:40 /@home /home rw - btrfs /dev/sda2 rw,subvol=/@home
31 30 0:41 / /home/a/My\040Stick\011\012\134\043 rw,nosuid shared:1 - fuse.sshfs me@there:/x\040y rw,user_id=1001,group_id=1001
32 30 0:42 / /home/a/caf` + "\xe9" + ` rw - fuse  rw,user_id=0
33 30 8:1 / /home/a/\04 rw - vfat /dev/sdb1 rw
`
	want := []Mount{
		{ID: 21, Parent: 27, Device: "0:20", Root: "/", Point: "/proc", FSType: "proc", Source: "proc", Options: []string{"rw", "nosuid"}, Super: []string{"rw"}},
		{ID: 27, Parent: 1, Device: "254:0", Root: "/", Point: "/", FSType: "ext4", Source: "/dev/vda", Options: []string{"rw", "relatime"}, Super: []string{"rw", "errors=remount-ro"}},
		{ID: 30, Parent: 27, Device: "0:40", Root: "/@home", Point: "/home", FSType: "btrfs", Source: "/dev/sda2", Options: []string{"rw"}, Super: []string{"rw", "subvol=/@home"}},
		{ID: 31, Parent: 30, Device: "0:41", Root: "/", Point: "/home/a/My Stick\t\n\\#", FSType: "fuse.sshfs", Source: "me@there:/x y", Options: []string{"rw", "nosuid"}, Super: []string{"rw", "user_id=1001", "group_id=1001"}},
		{ID: 32, Parent: 30, Device: "0:42", Root: "/", Point: "/home/a/caf\xe9", FSType: "fuse", Options: []string{"rw"}, Super: []string{"rw", "user_id=0"}},
		{ID: 33, Parent: 30, Device: "8:1", Root: "/", Point: `/home/a/\04`, FSType: "vfat", Source: "/dev/sdb1", Options: []string{"rw"}, Super: []string{"rw"}},
	}
	got, err := ParseMountinfo([]byte(text))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	for _, bad := range []string{"x", "1 2 0:1 / /a rw", "1 2 0:1 / /a rw - ext4", "a 2 0:1 / /a rw - ext4 s rw", "1 2 0:1 - ext4 s rw"} {
		if _, err := ParseMountinfo([]byte(text + bad + "\n")); err == nil {
			t.Errorf("a mount was lost without a word: %q", bad)
		}
	}
}

func TestMountKinds(t *testing.T) {
	tests := []struct {
		kind                 string
		super                []string
		fuse, network, local bool
		owner                uint32
		owned                bool
	}{
		{kind: "ext4", local: true},
		{kind: "overlay", local: true},
		{kind: "vfat"},
		{kind: "nfs4", network: true},
		{kind: "cifs", network: true},
		{kind: "autofs", network: true},
		{kind: "fuse", super: []string{"rw", "user_id=1001"}, fuse: true, owner: 1001, owned: true},
		{kind: "fuse.rclone", super: []string{"user_id=0"}, fuse: true, owned: true},
		{kind: "fuseblk", super: []string{"user_id=-1"}, fuse: true},
		{kind: "fusectl"},
		{kind: "ext4", super: []string{"user_id=1001"}, local: true},
	}
	for _, tt := range tests {
		m := Mount{FSType: tt.kind, Super: tt.super}
		owner, owned := m.FUSEOwner()
		if m.FUSE() != tt.fuse || m.Network() != tt.network || m.Local() != tt.local || owner != tt.owner || owned != tt.owned {
			t.Errorf("%v: %v %v %v %v %v", tt, m.FUSE(), m.Network(), m.Local(), owner, owned)
		}
	}
}

func TestOfAndBelow(t *testing.T) {
	mounts := []Mount{
		{ID: 1, Point: "/"}, {ID: 2, Point: "/home"}, {ID: 3, Point: "/home/a/x"}, {ID: 4, Point: "/home/a/x"},
		{ID: 5, Point: "/home/ab"}, {ID: 6, Point: "/home/a/x/y"},
	}
	for path, want := range map[string]int{
		"/": 1, "/homes": 1, "/home": 2, "/home/a": 2, "/home/a/x": 4, "/home/a/xy": 2, "/home/a/x/z": 4, "/home/a/x/y/z": 6,
	} {
		if m, ok := Of(mounts, path); !ok || m.ID != want {
			t.Errorf("%s is on %d, want %d", path, m.ID, want)
		}
	}
	var ids []int
	for _, m := range Below(mounts, "/home/a") {
		ids = append(ids, m.ID)
	}
	if diff := cmp.Diff([]int{3, 4, 6}, ids); diff != "" {
		t.Error(diff)
	}
	if _, ok := Of(nil, "/"); ok {
		t.Error("a mount out of nothing")
	}
}
