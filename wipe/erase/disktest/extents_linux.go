package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The request for a file's extents, as the kernel lays it out.
type fiemap struct {
	start, length                    uint64
	flags, mapped, count, reserved32 uint32
	extents                          [128]extent
}

type extent struct {
	logical, physical, length uint64
	reserved64                [2]uint64
	flags                     uint32
	reserved32                [3]uint32
}

const (
	fiemapRequest = 0xc020660b
	fiemapSync    = 1 // write what is not written yet, so that it has a place

	extentLast      = 0x1
	extentNowhere   = 0x2 | 0x4     // unknown, or not written yet
	extentNotBlocks = 0x200 | 0x400 // inside the inode, or sharing a block with others
)

// Extents returns where on the disk the bytes of a regular file are, its unwritten data being written first. Data that have no
// blocks of their own (kept in the inode, or sharing one) are left out. On btrfs the ranges are addresses of the file system,
// not of the disk: there use Where.
func Extents(name string) ([]Range, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading extents: %w", bare(err))
	}
	defer f.Close()
	var ranges []Range
	for at := uint64(0); ; {
		m := fiemap{start: at, length: ^uint64(0) - at, flags: fiemapSync, count: uint32(len(fiemap{}.extents))}
		if _, _, no := unix.Syscall(unix.SYS_IOCTL, f.Fd(), fiemapRequest, uintptr(unsafe.Pointer(&m))); no != 0 {
			return nil, fmt.Errorf("reading extents: %w", no)
		}
		for _, e := range m.extents[:m.mapped] {
			at = e.logical + e.length
			if e.flags&(extentNowhere|extentNotBlocks) == 0 {
				ranges = append(ranges, Range{int64(e.physical), int64(e.physical + e.length)})
			}
			if e.flags&extentLast != 0 {
				return ranges, nil
			}
		}
		if m.mapped == 0 {
			return ranges, nil
		}
	}
}

// Where returns the sectors of the medium that hold a marker at this moment, neighbors joined. What the file system has
// not written yet is not on it.
func (d *Disk) Where(marker []byte) ([]Range, error) { return Where(d.Image(), marker) }

// Where looks for a marker in an image, such as one that Replay made.
func Where(image string, marker []byte) ([]Range, error) {
	f, err := os.Open(image)
	if err != nil {
		return nil, fmt.Errorf("scanning: %w", bare(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("scanning: %w", bare(err))
	}
	var found []Range
	for r, err := range data(f, info.Size()) {
		if err == nil {
			found, err = scan(f, r, marker, found)
		}
		if err != nil {
			return nil, fmt.Errorf("scanning: %w", bare(err))
		}
	}
	return found, nil
}

// scan adds the sectors of a range that hold the marker. The pieces that it reads overlap by a marker's length.
func scan(f io.ReaderAt, r Range, marker []byte, found []Range) ([]Range, error) {
	buf := make([]byte, 1<<20)
	for at := r.From; at < r.To; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), r.To-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return found, err
		}
		for i := 0; ; {
			j := bytes.Index(buf[i:n], marker)
			if j < 0 {
				break
			}
			hit := Range{(at + int64(i+j)) / sector * sector, (at+int64(i+j+len(marker))-1)/sector*sector + sector}
			if last := len(found) - 1; last >= 0 && hit.From <= found[last].To {
				found[last].To = max(found[last].To, hit.To)
			} else {
				found = append(found, hit)
			}
			// The rest of the last sector that was hit needs no second look.
			i = max(i+j+1, int(hit.To-at)-len(marker)+1)
			if i >= n {
				break
			}
		}
		if at+int64(n) >= r.To || n < len(marker) {
			return found, nil
		}
		at += int64(n - len(marker) + 1)
	}
	return found, nil
}
