package disktest

import (
	"errors"
	"io"
	"iter"
	"os"

	"golang.org/x/sys/unix"
)

// punch makes a range of a file a hole.
func punch(f *os.File, r Range) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, r.From, r.To-r.From)
}

// data yields the ranges of a file that are no holes. Its offset moves while it runs.
func data(f *os.File, size int64) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		for at := int64(0); at < size; {
			from, err := f.Seek(at, unix.SEEK_DATA)
			if errors.Is(err, unix.ENXIO) {
				return // nothing but a hole up to the end
			}
			if err != nil {
				yield(Range{}, err)
				return
			}
			to, err := f.Seek(from, unix.SEEK_HOLE)
			if err != nil {
				yield(Range{}, err)
				return
			}
			if !yield(Range{from, to}, nil) {
				return
			}
			at = to
		}
	}
}

// copySparse copies a file, holes as holes.
func copySparse(src *os.File, dst string) (err error) {
	info, err := src.Stat()
	if err != nil {
		return bare(err)
	}
	out, err := os.Create(dst)
	if err != nil {
		return bare(err)
	}
	defer func() { err = errors.Join(err, bare(out.Close())) }()
	if err := out.Truncate(info.Size()); err != nil {
		return bare(err)
	}
	for r, err := range data(src, info.Size()) {
		if err != nil {
			return bare(err)
		}
		if _, err := out.Seek(r.From, io.SeekStart); err != nil {
			return bare(err)
		}
		// The section hides the file's own offset, which data moves.
		if _, err := io.Copy(out, io.NewSectionReader(src, r.From, r.To-r.From)); err != nil {
			return bare(err)
		}
	}
	return nil
}
