package storage

import (
	"crypto/sha256"
	"os"

	"golang.org/x/sys/unix"
)

// Sample takes a sample of a file that is still there. Not ok when the file says nothing, or lies nowhere that could be
// read on the device: on btrfs, whose addresses are not the device's, on overlays, in memory, and where it was not yet
// written out.
func (v *Volume) Sample(f *os.File) (Sample, bool) {
	if v.kind != Ext && v.kind != XFS {
		return Sample{}, false
	}
	var first Extent
	err := Extents(f, func(x Extent) bool {
		first = x
		return false
	})
	if err != nil || first.Logical != 0 || !first.Placed || first.Unwritten || first.Shared {
		return Sample{}, false
	}
	buf := make([]byte, min(first.Length, sampleSize))
	n, err := f.ReadAt(buf, 0)
	if n < 64 || uniform(buf[:n]) {
		return Sample{}, false
	}
	return Sample{at: first.Physical, size: n, sum: sha256.Sum256(buf[:n])}, true
}

// Remaining counts the samples that the device still has where they were. It reads past the system's cache. Only root may;
// ErrUnsupported when the file system lies on no single device.
func (v *Volume) Remaining(samples []Sample) (int, error) {
	if len(samples) == 0 {
		return 0, nil
	}
	fd, err := v.sys.open(v.mount, unix.O_DIRECT)
	if err != nil {
		return 0, wrap("opening the device", err)
	}
	defer unix.Close(fd)
	// Direct reads want aligned memory, which a mapping is.
	buf, err := unix.Mmap(-1, 0, 2*sampleSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return 0, wrap("reading the device", err)
	}
	defer unix.Munmap(buf)
	count := 0
	for _, s := range samples {
		begin := s.at &^ (sampleSize - 1)
		from := int(s.at - begin)
		n, err := unix.Pread(fd, buf, begin)
		if err != nil || n < from+s.size {
			continue // what cannot be read cannot be said to be there
		}
		if sha256.Sum256(buf[from:from+s.size]) == s.sum {
			count++
		}
	}
	return count, nil
}
