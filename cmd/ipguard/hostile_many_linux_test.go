package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Numbers do not stop a wipe, and its memory does not grow with them; what it may use is the benchmark's affair.
func TestHostileNumbers(t *testing.T) {
	l := newLaptop(t)
	// Inodes enough, and an index of names, without which making them takes minutes.
	l.ownDisk("1G", "ext4", "-N", "350000", "-O", "dir_index")
	tr := enrolled(l)
	for _, tt := range []struct {
		name           string
		folders, files int
	}{
		{"100,000 files", 100, 1000},
		{"300,000 names in one folder", 1, 300_000},
	} {
		for i := range tt.folders {
			dir := tr.dir(fmt.Sprintf("many/%d", i))
			for j := range tt.files {
				f, err := os.Create(dir + "/a name of ordinary length " + strconv.Itoa(j))
				tr.must(err)
				f.Close()
			}
		}
		r, peak := tr.measured(exitDone)
		if want := tt.folders * tt.files; r.answer.Result != "complete" || r.answer.Totals.Erased < want {
			t.Errorf("%s: %s, %d erased, want %d", tt.name, r.answer.Result, r.answer.Totals.Erased, want)
		}
		same(t, tr.user.Home, tr.home)
		t.Logf("%s: %.1f s, peak memory %d KiB", tt.name, r.answer.Seconds, peak)
	}
	same(t, tr.outside, tr.world)
}

// highWater is the largest resident memory of a process in KiB, 0 when it has gone.
func highWater(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(line, "kB")))
	return n
}
