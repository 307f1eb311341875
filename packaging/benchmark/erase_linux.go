package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ipguard/wipe/erase/erasetest"
)

const gib = 1 << 30

// eraseParts measure erasing on images. Planting the session takes memory, and no child is told to have taken less than
// this program did before: so what measures memory comes first.
func (b *bench) eraseParts() []part {
	return []part{
		{"erasing many small files", b.eraseMany},
		{"erasing many bytes", b.eraseBytes},
		{"erasing the reference session", b.eraseReference},
	}
}

// erasing runs the parts with nothing but images to be erased.
func (b *bench) erasing(ctx context.Context, r *report) (err error) {
	if err := need("mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "shred", "fstrim"); err != nil {
		return err
	}
	uncover, err := b.cover(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, uncover()) }()
	return runParts(ctx, r, b.eraseParts())
}

// plain is a disk that is overwritten: every block of the image has its place, as on a hard disk.
func plain(bytes int64) erasetest.Options {
	return erasetest.Options{FS: "ext4", Bytes: bytes, Mkfs: []string{"-N", "131072"}, Full: true}
}

func discarding(fs string) erasetest.Options {
	o := erasetest.Options{FS: fs, Bytes: gib, Discard: true}
	if fs == "ext4" {
		o.Mkfs = plain(gib).Mkfs
	}
	return o
}

// eraseMany shows that erasing a file does not take longer among many, and what memory that takes.
func (b *bench) eraseMany(ctx context.Context, r *report) error {
	var memory float64
	for _, medium := range []struct {
		name    string
		options erasetest.Options
	}{{"no discard", plain(gib)}, {"discard", discarding("ext4")}} {
		sizes := []int{10_000, 100_000}
		perFile := make([][]time.Duration, len(sizes))
		d, err := b.newDisk(ctx, medium.options)
		for round := 0; err == nil && round < (b.rounds+1)/2; round++ {
			for i, n := range sizes {
				w := b.writer()
				w.many(ctx, b.home, ".local/share/unknown", n, 500)
				var t took
				if t, err = d.erase(ctx, w); err != nil {
					break
				}
				perFile[i] = append(perFile[i], t.erase()/time.Duration(n))
				memory = max(memory, t.memory)
			}
		}
		if d != nil {
			err = errors.Join(err, d.close())
		}
		if err != nil {
			return err
		}
		r.ratio("erase, "+medium.name+": a file among 100,000 / among 10,000", perFile[1], perFile[0], 1.5)
	}
	r.memory("erase, 100,000 files", memory)
	return nil
}

// erase wipes what was written, once it is on the medium.
func (d *disk) erase(ctx context.Context, w *writer) (took, error) {
	if w.err != nil {
		return took{}, w.err
	}
	if err := d.settle(ctx); err != nil {
		return took{}, err
	}
	return d.wipe(ctx, d.state, w.files)
}

// eraseBytes shows the same for bytes.
func (b *bench) eraseBytes(ctx context.Context, r *report) (err error) {
	const (
		image = 6 * gib
		size  = gib / 10
	)
	free, err := strconv.ParseInt(lastLine(output("df", "--output=avail", "-B1", b.top)), 10, 64)
	if err != nil {
		return err
	}
	if free < image+gib {
		r.skip(fmt.Sprintf("erasing 4 GiB is NOT measured: that needs 7 GiB, and %d GiB are free. Choose another folder with --dir.", free/gib))
		return nil
	}
	d, err := b.newDisk(ctx, plain(image))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	counts := []int{5, 40}
	perMB := make([][]time.Duration, len(counts))
	var memory float64
	for range (b.rounds + 1) / 2 {
		for i, n := range counts {
			w := b.writer()
			w.many(ctx, b.home, ".local/share/unknown", n, size)
			t, err := d.erase(ctx, w)
			if err != nil {
				return err
			}
			perMB[i] = append(perMB[i], t.erase()*mb/time.Duration(w.bytes))
			memory = max(memory, t.memory)
		}
	}
	r.ratio("erase, no discard: a megabyte of 4 GiB / of 512 MiB", perMB[1], perMB[0], 1.5)
	r.memory("erase, 4 GiB", memory)
	return nil
}

// eraseReference compares erasing the reference session with the tools that people use and with writing the same bytes.
func (b *bench) eraseReference(ctx context.Context, r *report) error {
	tree := filepath.Join(b.beside, "planted")
	s, err := erasetest.Plant(tree, 1, erasetest.Reference())
	if err == nil {
		err = b.tool(ctx, "chown", "-R", "--no-dereference", fmt.Sprintf("%d:%d", b.uid, b.gid), tree)
	}
	if err != nil {
		return err
	}
	r.Erased.Files, r.Erased.Bytes = s.Files, s.Bytes
	race := func(o erasetest.Options, rounds int, do func(*contest) error) (err error) {
		d, err := b.newDisk(ctx, o)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.close()) }()
		return do(&contest{disk: d, tree: tree, session: s, rounds: rounds})
	}
	if err := race(plain(gib), 2*b.rounds+1, func(c *contest) error { return c.noDiscard(ctx, r) }); err != nil {
		return err
	}
	if err := race(discarding("ext4"), 2*b.rounds+1, func(c *contest) error { return c.discard(ctx, r, 1.25) }); err != nil {
		return err
	}
	for _, fs := range []string{"xfs", "btrfs"} {
		if err := race(discarding(fs), b.rounds, func(c *contest) error { return c.discard(ctx, r, 0) }); err != nil {
			return fmt.Errorf("%s: %w", fs, err)
		}
	}
	return os.RemoveAll(tree)
}
