package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What a name leaves on ext4 is first in the folder's block and in the journal, then in the journal only, then nowhere.
func TestJournalForgets(t *testing.T) {
	privateMounts(t)
	disk, dir := image(t, "ext4", false)
	v := opened(t, dir)
	marker := "MARK-NAME-7c1f"
	places := func() (journal, rest int) {
		t.Helper()
		dump := filepath.Join(t.TempDir(), "journal")
		tool(t, "debugfs", "-R", "dump <8> "+dump, disk.Path())
		journal = count(t, dump, []byte(marker))
		return journal, count(t, disk.Path(), []byte(marker)) - journal
	}
	for i := range 20 {
		must(t, os.WriteFile(fmt.Sprintf("%s/%s-%d", dir, marker, i), nil, 0o600))
	}
	must(t, v.Sync())
	must(t, v.Checkpoint())
	if journal, rest := places(); journal == 0 || rest == 0 {
		t.Fatalf("the names are %d times in the journal and %d times elsewhere: nothing to forget", journal, rest)
	}
	for i := range 20 {
		must(t, os.Remove(fmt.Sprintf("%s/%s-%d", dir, marker, i)))
	}
	must(t, v.Sync())
	must(t, v.Checkpoint())
	if journal, rest := places(); journal == 0 || rest != 0 {
		t.Errorf("after a checkpoint: %d in the journal, %d elsewhere", journal, rest)
	}
	must(t, v.ClearJournal())
	if journal, rest := places(); journal != 0 || rest != 0 {
		t.Errorf("after clearing the journal: %d in it, %d elsewhere", journal, rest)
	}
}

func TestNoJournalIsNothingToClear(t *testing.T) {
	privateMounts(t)
	_, dir := image(t, "ext4", false, "-O", "^has_journal")
	v := opened(t, dir)
	if err := errors.Join(v.Checkpoint(), v.ClearJournal()); err != nil {
		t.Error(err)
	}
}

func TestUnsupported(t *testing.T) {
	privateMounts(t)
	_, ext := image(t, "ext4", false)
	_, xfs := image(t, "xfs", false)
	memory := mounted(t, "none", "tmpfs", 0, "size=1m")
	trim := func(v *Volume) error { _, err := v.Trim(context.Background(), nil); return err }
	for _, c := range []struct {
		name, dir string
		do        func(*Volume) error
	}{
		{"trim without discards", ext, trim},
		{"trim without discards on xfs", xfs, trim},
		{"trim in memory", memory, trim},
		{"journal of xfs", xfs, (*Volume).ClearJournal},
		{"checkpoint in memory", memory, (*Volume).Checkpoint},
		{"blocks behind the end on ext4", ext, (*Volume).FreeEOFBlocks},
	} {
		if err := c.do(opened(t, c.dir)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, dir := range []string{ext, xfs, memory} {
		v := opened(t, dir)
		must(t, v.Sync())
		if n, err := v.Snapshots(); n != 0 || err != nil {
			t.Errorf("%d snapshots, %v", n, err)
		}
	}
}

// allocated is how many bytes of a file lie on the disk.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	return st.Blocks * 512
}

// At the moment when Trim returns, nothing of removed files is on the device. XFS answers its request long before: without
// the wait, nearly every round fails.
func TestTrimIsDoneWhenItReturns(t *testing.T) {
	privateMounts(t)
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		disk, dir := image(t, kind, true)
		v := opened(t, dir)
		if len(v.devices()) != 1 {
			t.Errorf("%s: %d devices to wait for", kind, len(v.devices()))
		}
		for round := range 4 {
			marker := fmt.Appendf(nil, "MARK-CONTENT-%s-%d.", kind, round)
			content := bytes.Repeat(append(bytes.Clone(marker), make([]byte, 512-len(marker))...), 64)
			for i := range 800 {
				must(t, os.WriteFile(fmt.Sprintf("%s/f%d", dir, i), content, 0o600))
			}
			must(t, v.Sync())
			for i := range 800 {
				must(t, os.Remove(fmt.Sprintf("%s/f%d", dir, i)))
			}
			must(t, v.Sync())
			if kind == "xfs" {
				must(t, v.FreeEOFBlocks())
				must(t, v.Sync())
			}
			if count(t, disk.Path(), marker) == 0 {
				t.Fatalf("%s: nothing to discard", kind)
			}
			before := allocated(t, disk.Path())
			var done, total int64
			_, err := v.Trim(t.Context(), func(d, all int64) {
				if d < done || d > all {
					t.Errorf("%s: progress from %d to %d of %d", kind, done, d, all)
				}
				done, total = d, all
			})
			freed := before - allocated(t, disk.Path()) // at once: reading the image takes long enough to hide a wait that is missing
			left := count(t, disk.Path(), marker)
			must(t, err)
			if freed < int64(700*len(content)) {
				t.Errorf("%s, round %d: only %d bytes were discarded by then", kind, round, freed)
			}
			if left != 0 || done != total || total == 0 {
				t.Errorf("%s, round %d: %d marks left, %d of %d told", kind, round, left, done, total)
			}
		}
	}
}

func TestTrimStops(t *testing.T) {
	privateMounts(t)
	_, dir := image(t, "xfs", true) // of several allocation groups
	v := opened(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	_, err := v.Trim(ctx, func(int64, int64) { steps++; cancel() })
	if !errors.Is(err, context.Canceled) || steps != 1 {
		t.Errorf("stopped after %d steps: %v", steps, err)
	}
}

func TestSnapshots(t *testing.T) {
	privateMounts(t)
	_, dir := image(t, "btrfs", true)
	at := func(name string) string { return filepath.Join(dir, name) }
	snapshots := func(name string, want int) {
		t.Helper()
		if n, err := opened(t, at(name)).Snapshots(); n != want || err != nil {
			t.Errorf("%q: %d snapshots, want %d, %v", name, n, want, err)
		}
	}
	tool(t, "btrfs", "subvolume", "create", at("home"))
	tool(t, "btrfs", "subvolume", "create", at("other"))
	must(t, os.Mkdir(at("home/a"), 0o700))
	snapshots("home/a", 0)
	snapshots("", 0)
	tool(t, "btrfs", "subvolume", "snapshot", "-r", at("home"), at("before"))
	tool(t, "btrfs", "subvolume", "snapshot", at("before"), at("again"))
	for i := range 40 { // more than one answer of the kernel holds
		tool(t, "btrfs", "subvolume", "snapshot", at("other"), at(fmt.Sprintf("other-%d", i)))
	}
	snapshots("home", 2)
	snapshots("again", 2)
	snapshots("other", 40)
	snapshots("", 0)
	tool(t, "btrfs", "subvolume", "snapshot", dir, at("all"))
	snapshots("", 1)
}
