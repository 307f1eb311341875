package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	baselineFiles = 300
	changedFiles  = 5
)

// reference compares a wipe of the reference session with removing and with writing the same bytes.
func (b *bench) reference(ctx context.Context, r *report) error {
	w := b.writer()
	w.many(ctx, b.home, ".local/share/laptop", baselineFiles, 2000)
	if w.err != nil {
		return w.err
	}
	if err := b.enroll(ctx, "state", baselineFiles); err != nil {
		return err
	}
	s := b.writer()
	original := s.dir(b.beside, "session")
	if s.session(ctx, original); s.err != nil {
		return s.err
	}
	r.Session.Files, r.Session.Bytes = s.files, s.bytes
	var whole, verify, remove, write []time.Duration
	for round := range b.rounds {
		other := filepath.Join(b.beside, "copy")
		if err := b.copies(ctx, original, other); err != nil {
			return err
		}
		steps := []func() error{
			func() error {
				t, err := b.wipe(ctx, "state", s.files)
				whole, verify = append(whole, t.wall), append(verify, t.verify)
				return err
			},
			func() error {
				d, err := timed(func() error {
					if err := b.tool(ctx, "rm", "-rf", other); err != nil {
						return err
					}
					return b.tool(ctx, "sync", "-f", b.beside)
				})
				remove = append(remove, d)
				return err
			},
			func() error {
				file := filepath.Join(b.beside, "zeros")
				d, err := timed(func() error {
					return b.tool(ctx, "dd", "if=/dev/zero", "of="+file, "bs=1000000", fmt.Sprintf("count=%d", s.bytes/mb), "conv=fsync")
				})
				write = append(write, d)
				if err != nil {
					return err
				}
				return os.Remove(file)
			},
		}
		for i := range steps { // nobody is always the first
			if err := b.settle(ctx); err != nil {
				return err
			}
			if err := steps[(i+round)%len(steps)](); err != nil {
				return err
			}
		}
	}
	r.ratio("wipe / rm -rf + sync", whole, remove, 3)
	r.share("verify / dd conv=fsync", verify, write, 20)
	return os.RemoveAll(original)
}

// copies puts the session into the home and beside it, and changes some files of the laptop.
func (b *bench) copies(ctx context.Context, original, other string) error {
	if err := b.tool(ctx, "cp", "-a", original+"/.", b.home); err != nil {
		return err
	}
	w := b.writer()
	for i := range changedFiles {
		w.file(filepath.Join(b.home, ".local/share/laptop/0000", fmt.Sprintf("entry-%06d.dat", i)), 3000)
	}
	if w.err != nil {
		return w.err
	}
	return b.tool(ctx, "cp", "-a", original, other)
}

// growing shows that the cost of a file does not grow with the number of files, and what memory that takes.
func (b *bench) growing(ctx context.Context, r *report) error {
	sizes := []int{10_000, 30_000, 100_000}
	perFile := make([][]time.Duration, len(sizes))
	var status, wipe float64
	for range (b.rounds + 1) / 2 {
		for i, n := range sizes {
			w := b.writer()
			if w.many(ctx, b.home, ".local/share/unknown", n, 500); w.err != nil {
				return w.err
			}
			if err := b.settle(ctx); err != nil {
				return err
			}
			if i == len(sizes)-1 {
				t, err := b.ipguard(ctx, "state", []int{10}, "status")
				if err != nil {
					return err
				}
				status = max(status, t.memory)
			}
			t, err := b.wipe(ctx, "state", n)
			if err != nil {
				return err
			}
			perFile[i] = append(perFile[i], t.wall/time.Duration(n))
			wipe = max(wipe, t.memory)
		}
	}
	r.ratio("a file among 30,000 / among 10,000", perFile[1], perFile[0], 1.5)
	r.ratio("a file among 100,000 / among 10,000", perFile[2], perFile[0], 1.5)
	r.memory("status, 100,000 new files", status)
	r.memory("wipe, 100,000 new files", wipe)
	return nil
}

// oneFolder measures the memory for very many names in one folder.
func (b *bench) oneFolder(ctx context.Context, r *report) error {
	const n = 300_000
	w := b.writer()
	dir := w.dir(b.home, ".local/share/unknown")
	for i := 0; i < n && w.err == nil; i++ {
		if i%1000 == 0 {
			w.keep(ctx.Err())
		}
		w.file(filepath.Join(dir, fmt.Sprintf("%06d", i)), 0)
	}
	if w.err != nil {
		return w.err
	}
	t, err := b.ipguard(ctx, "state", []int{10}, "status")
	if err != nil {
		return err
	}
	r.memory("status, 300,000 names in a folder", t.memory)
	if t, err = b.wipe(ctx, "state", n); err != nil {
		return err
	}
	r.memory("wipe, 300,000 names in a folder", t.memory)
	return nil
}

// status measures how long a helper waits for the answer.
func (b *bench) status(ctx context.Context, r *report) error {
	const n = 10_000
	w := b.writer()
	if w.many(ctx, b.home, ".local/share/laptop10", n, 1000); w.err != nil {
		return w.err
	}
	if err := b.enroll(ctx, "state10", n); err != nil {
		return err
	}
	if _, err := b.wipe(ctx, "state10", 0); err != nil {
		return err
	}
	var all []time.Duration
	for range 2*b.rounds + 1 {
		t, err := b.ipguard(ctx, "state10", []int{0}, "status")
		if err != nil {
			return err
		}
		all = append(all, t.wall)
	}
	r.wait("status, baseline of 10,000 files", all, 100)
	return nil
}

// bigBaseline measures the memory when very much belongs to the laptop.
func (b *bench) bigBaseline(ctx context.Context, r *report) error {
	const n = 100_000
	w := b.writer()
	if w.many(ctx, b.home, ".local/share/laptop100", n, 500); w.err != nil {
		return w.err
	}
	if err := b.enroll(ctx, "state100", n); err != nil {
		return err
	}
	if w.many(ctx, b.home, ".local/share/unknown", smallFiles, 500); w.err != nil {
		return w.err
	}
	t, err := b.ipguard(ctx, "state100", []int{10}, "status")
	if err != nil {
		return err
	}
	r.memory("status, baseline of 100,000 files", t.memory)
	if t, err = b.wipe(ctx, "state100", smallFiles); err != nil {
		return err
	}
	r.memory("wipe, baseline of 100,000 files", t.memory)
	return nil
}
