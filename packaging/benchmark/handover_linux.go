package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// named is how many new documents are listed.
const named = 10_000

// given are the documents that are copied: many small ones, photos, one large one.
func given() []struct {
	name        string
	count, size int
} {
	return []struct {
		name        string
		count, size int
	}{{"2,000 documents of 30 kB", 2000, 30_000}, {"200 of 1 MB", 200, mb}, {"one of 400 MB", 1, 400 * mb}}
}

// handover measures what a person waits for at the end: the list of their documents, and copies that are read back.
func (b *bench) handover(ctx context.Context, r *report) error {
	w := b.writer()
	w.many(ctx, b.home, ".local/share/laptop", baselineFiles, 2000)
	w.dir(b.home, "Documents")
	if w.err != nil {
		return w.err
	}
	if err := b.enroll(ctx, "handover", baselineFiles); err != nil {
		return err
	}
	if err := b.documents(ctx, named, 500); err != nil {
		return err
	}
	var list []time.Duration
	for range 3 * b.rounds {
		t, err := b.ipguard(ctx, "handover", []int{0}, "documents", "list")
		if err != nil {
			return err
		}
		list = append(list, t.wall)
	}
	r.wait("documents list, 10,000 new files", list, 300)
	for _, g := range given() {
		if err := b.copying(ctx, r, g.name, g.count, g.size); err != nil {
			return err
		}
	}
	return nil
}

// documents puts new documents into the home, instead of those that are there.
func (b *bench) documents(ctx context.Context, count, size int) error {
	if err := os.RemoveAll(filepath.Join(b.home, "Documents")); err != nil {
		return err
	}
	w := b.writer()
	dir := w.dir(b.home, "Documents")
	for i := range count {
		w.file(filepath.Join(dir, fmt.Sprintf("letter-%06d.pdf", i)), int64(size))
	}
	return errors.Join(w.err, ctx.Err())
}

// copying compares giving with what a careful person would type: cp, sync, and cmp after the caches were dropped.
func (b *bench) copying(ctx context.Context, r *report, name string, count, size int) error {
	if err := b.documents(ctx, count, size); err != nil {
		return err
	}
	var ours, theirs []time.Duration
	for round := range b.rounds {
		turns := []func() error{
			func() error {
				return b.onStick(ctx, func(string) error {
					t, err := b.ipguard(ctx, "handover", []int{0}, "documents", "give", "STICK")
					ours = append(ours, t.wall)
					return err
				})
			},
			func() error {
				return b.onStick(ctx, func(stick string) error {
					d, err := timed(func() error {
						return b.tool(ctx, "bash", "-euc", `cp -r "$1" "$2/copy"; sync -f "$2"; echo 3 >/proc/sys/vm/drop_caches
							for f in "$1"/*; do cmp -- "$f" "$2/copy/${f##*/}"; done; umount "$2"`, "bash", filepath.Join(b.home, "Documents"), stick)
					})
					theirs = append(theirs, d)
					return err
				})
			},
		}
		for i := range turns { // nobody is always the first
			if err := turns[(i+round)%2](); err != nil {
				return err
			}
		}
	}
	r.ratio("give / cp + sync + cmp, "+name, ours, theirs, 1.25)
	return nil
}

// onStick does something with a fresh medium where people plug them in, in this program's own table of mounts.
func (b *bench) onStick(ctx context.Context, do func(stick string) error) (err error) {
	image, top := filepath.Join(b.top, "stick"), filepath.Join("/media", b.name)
	point := filepath.Join(top, "STICK")
	defer func() { err = errors.Join(err, os.Remove(image), os.RemoveAll(top)) }()
	if err := os.MkdirAll(point, 0o755); err != nil {
		return err
	}
	if err := b.tool(ctx, "fallocate", "-l", "600M", image); err != nil {
		return err
	}
	err = b.tool(ctx, "mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-m", "0", image)
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "losetup", "-f", "--show", image).Output()
	if err != nil {
		return fmt.Errorf("losetup: %w", err)
	}
	loop := strings.TrimSpace(string(out))
	defer func() { err = errors.Join(err, b.tool(context.WithoutCancel(ctx), "losetup", "-d", loop)) }()
	if err := b.tool(ctx, "mount", loop, point); err != nil {
		return err
	}
	defer func() { _ = syscall.Unmount(point, syscall.MNT_DETACH) }() // both have taken it away when all went well
	if err := b.plug(ctx, point); err != nil {
		return err
	}
	defer func() { _ = syscall.Unmount("/sys", syscall.MNT_DETACH) }()
	if err := b.settle(ctx); err != nil {
		return err
	}
	return do(point)
}

// plug has the kernel's own folder say, in this program's table of mounts only, that the image is on a USB device: what is
// not, ipguard takes for a part of the laptop.
func (b *bench) plug(ctx context.Context, point string) error {
	out, err := exec.CommandContext(ctx, "findmnt", "-no", "MAJ:MIN", point).Output()
	if err != nil {
		return err
	}
	number := strings.TrimSpace(string(out))
	if err := b.tool(ctx, "mount", "-t", "tmpfs", "none", "/sys"); err != nil {
		return err
	}
	device := filepath.Join("/sys/devices/usb1/block", number)
	return errors.Join(
		os.MkdirAll("/sys/dev/block", 0o755), os.MkdirAll(device, 0o755),
		os.Symlink(device, filepath.Join("/sys/dev/block", number)),
		os.WriteFile(filepath.Join(device, "size"), []byte("1228800"), 0o644),
		os.WriteFile(filepath.Join(device, "diskseq"), []byte("1"), 0o644),
	)
}
