package disktest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// handmade makes a log without a kernel: a disk of four blocks and what is asked of it.
func handmade(t *testing.T, ask func(*image)) (d *Disk, base string) {
	t.Helper()
	d = &Disk{dir: t.TempDir()}
	back, err := os.Create(d.Image())
	must(t, err)
	t.Cleanup(func() { _ = back.Close() })
	m := &image{size: 4 * block, discard: true, back: back}
	must(t, back.Truncate(m.size))
	base = filepath.Join(t.TempDir(), "base")
	must(t, m.start(base, opsName(d.dir), dataName(d.dir)))
	ask(m)
	must(t, m.end())
	return d, base
}

// letters shows each block of an image by its first byte and says when a block is not of one letter.
func letters(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	var s []byte
	for c := range slices.Chunk(b, block) {
		if !bytes.Equal(c, bytes.Repeat(c[:1], len(c))) {
			t.Error("a block is torn")
		}
		s = append(s, max(c[0], '.'))
	}
	return string(s)
}

func fill(t *testing.T, m *image, letter string, at, blocks int64) {
	t.Helper()
	must(t, m.write(bytes.Repeat([]byte(letter), int(blocks*block)), at*block))
}

// In order, a cut shows each prefix of the log.
func TestReplayInOrder(t *testing.T) {
	d, base := handmade(t, func(m *image) {
		fill(t, m, "a", 0, 3)
		must(t, m.flush())
		fill(t, m, "b", 1, 3)
		must(t, m.zero(Range{0, block}))
		must(t, m.flush())
	})
	var got []string
	for upto := range d.Cuts() + 1 {
		dst := filepath.Join(t.TempDir(), "cut")
		must(t, d.Replay(base, upto, 0, dst))
		got = append(got, letters(t, dst))
	}
	if diff := cmp.Diff([]string{"....", "aaa.", "aaa.", "abbb", ".bbb", ".bbb"}, got); diff != "" {
		t.Error(diff)
	}
}

// Torn, a cut shows what was flushed, any part of the rest, and an older write to a block never over a newer one.
func TestReplayTorn(t *testing.T) {
	d, base := handmade(t, func(m *image) {
		fill(t, m, "a", 0, 2)
		must(t, m.flush())
		fill(t, m, "b", 1, 3)
		fill(t, m, "c", 3, 1)
	})
	seen := map[string]bool{}
	for seed := range uint64(200) {
		dst := filepath.Join(t.TempDir(), "cut")
		must(t, d.Replay(base, d.Cuts(), seed+1, dst))
		got := letters(t, dst)
		seen[got] = true
		if got[0] != 'a' || !bytes.ContainsAny([]byte("ab"), got[1:2]) || !bytes.ContainsAny([]byte(".b"), got[2:3]) || !bytes.ContainsAny([]byte(".bc"), got[3:]) {
			t.Fatalf("seed %d made %q", seed+1, got)
		}
	}
	if len(seen) != 2*2*3 {
		t.Errorf("200 seeds made %d of the 12 possible disks", len(seen))
	}
	for _, bad := range []int{-1, d.Cuts() + 1} {
		if d.Replay(base, bad, 0, filepath.Join(t.TempDir(), "cut")) == nil {
			t.Errorf("a cut after %d of %d operations was made", bad, d.Cuts())
		}
	}
}

// A write into a bad range reaches the rest of its blocks, and so does its log.
func TestBadRange(t *testing.T) {
	d, base := handmade(t, func(m *image) {
		m.faults.writes = []Range{outward(Range{block + 1, 2*block - 1})}
		if err := m.write(bytes.Repeat([]byte("x"), 4*block), 0); err == nil {
			t.Error("the write succeeded")
		}
		if m.count.Failed != 1 || m.count.BytesWritten != 3*block {
			t.Errorf("counted %+v", m.count)
		}
	})
	dst := filepath.Join(t.TempDir(), "cut")
	must(t, d.Replay(base, d.Cuts(), 0, dst))
	if got := letters(t, dst) + letters(t, d.Image()); got != "x.xxx.xx" {
		t.Errorf("disk and log hold %q", got)
	}
}
