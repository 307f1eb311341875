package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStatus(t *testing.T) {
	tests := []struct {
		name, text string
		ids        [4]uint32
		running    bool
		ok         bool
	}{
		{"plain", "Name:\tsh\nState:\tS (sleeping)\nPPid:\t7\nUid:\t1\t2\t3\t4\nThreads:\t1\n", [4]uint32{1, 2, 3, 4}, true, true},
		{"zombie", "Name:\tsh\nState:\tZ (zombie)\nUid:\t1\t1\t1\t1\nThreads:\t1\n", [4]uint32{1, 1, 1, 1}, false, true},
		{"first thread gone", "Name:\tsh\nState:\tZ (zombie)\nUid:\t1\t1\t1\t1\nThreads:\t2\n", [4]uint32{1, 1, 1, 1}, true, true},
		{"high uid", "State:\tR (running)\nUid:\t4294967294\t0\t0\t0\nThreads:\t1\n", [4]uint32{4294967294, 0, 0, 0}, true, true},
		{"a name that lies", "Name:\tUid:\\n0\nState:\tT (stopped)\nUid:\t5\t5\t5\t5\nThreads:\t1\n", [4]uint32{5, 5, 5, 5}, true, true},
		{"cut short", "Name:\tsh\nState:\tS (sleeping)\n", [4]uint32{}, true, false},
		{"empty", "", [4]uint32{}, true, false},
	}
	for _, tt := range tests {
		s, ok := parseStatus([]byte(tt.text))
		if ok != tt.ok || s.ids != tt.ids || s.running() != tt.running {
			t.Errorf("%s: %+v %v", tt.name, s, ok)
		}
	}
}

func TestParseStart(t *testing.T) {
	const rest = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 2576384 1 1"
	for _, name := range []string{"(sh)", "(a b)", "(x) R 1 2 3)", "())"} {
		if n, ok := parseStart([]byte("7 " + name + rest)); !ok || n != 987654 {
			t.Errorf("%s: %d %v", name, n, ok)
		}
	}
	for _, bad := range []string{"", "7 (sh", "7 (sh) S 1"} {
		if _, ok := parseStart([]byte(bad)); ok {
			t.Errorf("%q made sense", bad)
		}
	}
}

func TestParseSubIDs(t *testing.T) {
	const text = "other:100000:65536\nperson:165536:65536\n1001:300000:10\nperson:1000:5\nperson:x:1\n:500000:1\n"
	want := []idRange{{165536, 65536}, {300000, 10}}
	got := parseSubIDs([]byte(text), "person", "1001")
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(idRange{})); diff != "" {
		t.Error(diff)
	}
	if r := (idRange{4294967290, 100}); r.has(5) || !r.has(4294967295) {
		t.Error("a range that runs over the end took uid 5")
	}
}

func TestAdmin(t *testing.T) {
	tests := []struct {
		goos, id string
		groups   []string
		want     bool
	}{
		{"linux", "1001", []string{"person", "video"}, false},
		{"linux", "1001", []string{"person", "sudo"}, true},
		{"linux", "1001", []string{"wheel"}, true},
		{"linux", "1001", []string{"docker"}, true},
		{"linux", "1001", []string{"sudoers"}, false},
		{"linux", "0", nil, true},
		{"darwin", "501", []string{"staff", "admin"}, true},
		{"windows", "S-1-5-21-1-2-3-1001", []string{"S-1-5-32-545"}, false},
		{"windows", "S-1-5-21-1-2-3-1001", []string{"S-1-5-32-545", "S-1-5-32-544"}, true},
	}
	for _, tt := range tests {
		if got := Admin(tt.goos, tt.id, tt.groups); got != tt.want {
			t.Errorf("%v: %v", tt, got)
		}
	}
}
