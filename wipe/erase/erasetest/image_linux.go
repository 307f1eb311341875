package erasetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Options describe an image.
type Options struct {
	FS      string   // ext4, xfs (300 MiB or more) or btrfs (114 MiB or more)
	Bytes   int64    // the size
	Mkfs    []string // more arguments for mkfs
	Discard bool     // the device takes discards, and they punch holes into the image; else it is like a hard disk
	Full    bool     // write zeroes to the whole image first, so that no write has to allocate blocks for it
}

// Image is a file with a file system in it, attached to a loop device of its own. It is not for use by several
// goroutines at once.
type Image struct {
	path   string
	fs     string
	target string // where it is mounted
	loop   *loop
}

// Make makes an image file with a file system, attached to nothing.
func Make(ctx context.Context, path string, o Options) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("making an image: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(o.Bytes); err != nil {
		return fmt.Errorf("sizing an image: %w", err)
	}
	if o.Full {
		zeroes := make([]byte, 1<<20)
		for at := int64(0); at < o.Bytes; at += int64(len(zeroes)) {
			if _, err := f.WriteAt(zeroes[:min(int64(len(zeroes)), o.Bytes-at)], at); err != nil {
				return fmt.Errorf("writing zeroes: %w", err)
			}
		}
	}
	args, err := mkfs(o)
	if err != nil {
		return err
	}
	if err := run(ctx, args[0], append(args[1:], path)...); err != nil {
		return err
	}
	return f.Sync()
}

func mkfs(o Options) ([]string, error) {
	var args []string
	switch o.FS {
	case "ext4":
		extended := "lazy_itable_init=0,lazy_journal_init=0" // else the kernel goes on writing while a test looks
		if o.Full {
			extended += ",nodiscard"
		}
		args = []string{"mkfs.ext4", "-q", "-F", "-E", extended}
	case "xfs":
		args = []string{"mkfs.xfs", "-q", "-f"}
	case "btrfs":
		args = []string{"mkfs.btrfs", "-q", "-f"}
	default:
		return nil, fmt.Errorf("no such file system here: %s", o.FS)
	}
	if o.Full && o.FS != "ext4" {
		args = append(args, "-K")
	}
	return append(args, o.Mkfs...), nil
}

// New makes an image file with a file system and attaches it.
func New(ctx context.Context, path string, o Options) (*Image, error) {
	if err := Make(ctx, path, o); err != nil {
		return nil, err
	}
	return Attach(path, o.Discard)
}

// Attach attaches an image file that was made before, with discards or without.
func Attach(path string, discard bool) (*Image, error) {
	out, err := exec.Command("blkid", "-p", "-o", "value", "-s", "TYPE", path).Output()
	if err != nil {
		return nil, fmt.Errorf("reading the kind of a file system: %w", err)
	}
	l, err := attach(path, discard)
	if err != nil {
		return nil, err
	}
	return &Image{path: path, fs: strings.TrimSpace(string(out)), loop: l}, nil
}

// Path is the image's file, which Scan reads.
func (i *Image) Path() string { return i.path }

// Device is the loop device, as /dev/loop4711; it is empty after Close.
func (i *Image) Device() string {
	if i.loop == nil {
		return ""
	}
	return i.loop.device()
}

// Mount mounts the file system on a folder that is there, with options as mount -o takes them.
func (i *Image) Mount(target string, options ...string) error {
	if i.target != "" || i.loop == nil {
		return errors.New("the image is mounted already, or closed")
	}
	args := []string{"-t", i.fs}
	if i.fs == "xfs" {
		options = append([]string{"nouuid"}, options...) // a copy has the identity of what it was copied from
	}
	if len(options) > 0 {
		args = append(args, "-o", strings.Join(options, ","))
	}
	if err := run(context.Background(), "mount", append(args, i.Device(), target)...); err != nil {
		return err
	}
	i.target = target
	return nil
}

// Unmount unmounts the file system, waits until the device is free and every write is in the image's file. Without a
// mounted file system it does nothing.
func (i *Image) Unmount() error {
	if i.target == "" {
		return nil
	}
	end := time.Now().Add(patience)
	err := unix.Unmount(i.target, 0)
	for errors.Is(err, unix.EBUSY) && time.Now().Before(end) {
		time.Sleep(20 * time.Millisecond)
		err = unix.Unmount(i.target, 0)
	}
	if err != nil {
		return fmt.Errorf("unmounting an image: %w", err)
	}
	i.target = ""
	// The kernel may finish later, and a mount namespace that was made meanwhile has it too, until its last process ends.
	// As long as that is so, nobody can open the device exclusively.
	for {
		f, err := os.OpenFile(i.Device(), os.O_RDWR|os.O_EXCL, 0)
		if err == nil {
			return errors.Join(f.Sync(), f.Close(), i.sync())
		}
		if !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return fmt.Errorf("waiting until an image is unmounted (a process in another mount namespace may keep it): %w", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// sync waits until what the loop device wrote is in the file.
func (i *Image) sync() error {
	f, err := os.OpenFile(i.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Clone copies the image, which must not be mounted, to another file and attaches the copy.
func (i *Image) Clone(path string, discard bool) (*Image, error) {
	if i.target != "" {
		return nil, errors.New("a mounted image cannot be copied")
	}
	if err := CloneFile(i.path, path); err != nil {
		return nil, err
	}
	return Attach(path, discard)
}

// Close unmounts the file system, detaches the image and removes the loop device. The file stays.
func (i *Image) Close() error {
	if i.loop == nil {
		return nil
	}
	if err := i.Unmount(); err != nil {
		return err
	}
	l := i.loop
	i.loop = nil
	return errors.Join(l.remove(), i.sync())
}

// Stats are what a device was asked for since it is there.
type Stats struct {
	Writes    int64 // requests
	Written   int64 // bytes
	Discards  int64 // requests
	Discarded int64 // bytes
	Flushes   int64
}

// Sub returns what was added since an earlier reading.
func (s Stats) Sub(earlier Stats) Stats {
	return Stats{
		Writes: s.Writes - earlier.Writes, Written: s.Written - earlier.Written,
		Discards: s.Discards - earlier.Discards, Discarded: s.Discarded - earlier.Discarded,
		Flushes: s.Flushes - earlier.Flushes,
	}
}

// Stats reads the device's counters. In the stat file of a block device, counted from 1, field 5 is the writes, 7 the
// sectors of 512 bytes written, 12 the discards, 14 the sectors discarded and 16 the flushes.
func (i *Image) Stats() (Stats, error) {
	if i.loop == nil {
		return Stats{}, errors.New("the image is closed")
	}
	text, err := os.ReadFile(i.loop.sys("stat"))
	if err != nil {
		return Stats{}, fmt.Errorf("reading a device's counters: %w", err)
	}
	fields := bytes.Fields(text)
	if len(fields) < 16 {
		return Stats{}, errors.New("the kernel does not count flushes (Linux 5.5 and later do)")
	}
	var n [17]int64
	for k := range 16 {
		if n[k+1], err = strconv.ParseInt(string(fields[k]), 10, 64); err != nil {
			return Stats{}, fmt.Errorf("reading a device's counters: %w", err)
		}
	}
	return Stats{Writes: n[5], Written: n[7] * 512, Discards: n[12], Discarded: n[14] * 512, Flushes: n[16]}, nil
}

// run runs a program and gives the end of what it said when it fails.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s: %w: %s", name, err, bytes.TrimSpace(out[max(0, len(out)-400):]))
	}
	return nil
}
