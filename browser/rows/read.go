package rows

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxBytes is the most that a store may have, with its log. Firefox forgets old visits when its history is above 75 MiB; a
// profile that is emptied after each person stays far below. Memory holds it twice while rows are counted.
const maxBytes = 96 << 20

// mark tells whether a file was written to between two looks.
type mark struct {
	there bool
	size  int64
	time  time.Time
}

// read returns the content of a database with what its write-ahead log adds. The result is only in memory. Gone when there
// is no database, Broken when the browser did not stop writing to it while it was read.
func read(ctx context.Context, file string) ([]byte, Code) {
	for range 4 {
		before := [2]mark{look(file), look(file + "-wal")}
		image, code := slurp(ctx, file, maxBytes)
		if code != "" {
			return nil, code
		}
		// Chromium has no log, Firefox keeps nearly everything in its log while it runs.
		log, code := slurp(ctx, file+"-wal", maxBytes)
		if code != "" && code != Gone {
			return nil, code
		}
		if before == [2]mark{look(file), look(file + "-wal")} {
			return merge(image, log, maxBytes)
		}
		if !pause(ctx) {
			return nil, Late
		}
	}
	return nil, Broken
}

func look(file string) mark {
	info, err := os.Lstat(file)
	if err != nil {
		return mark{}
	}
	return mark{there: true, size: info.Size(), time: info.ModTime()}
}

// slurp reads a whole regular file of at most limit bytes.
func slurp(ctx context.Context, file string, limit int64) ([]byte, Code) {
	before, err := os.Lstat(file)
	if err != nil {
		return nil, codeOf(err)
	}
	if !before.Mode().IsRegular() {
		return nil, Kind
	}
	// Whatever takes its place in between is not followed, and does not keep us waiting.
	f, err := os.OpenFile(file, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, codeOf(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, codeOf(err)
	}
	if !info.Mode().IsRegular() || !os.SameFile(before, info) {
		return nil, Kind
	}
	if info.Size() > limit {
		return nil, TooBig
	}
	all := make([]byte, info.Size())
	const piece = 1 << 20
	for n := 0; n < len(all); {
		if ctx.Err() != nil {
			return nil, Late
		}
		m, err := f.Read(all[n:min(n+piece, len(all))])
		n += m
		if errors.Is(err, io.EOF) {
			return all[:n], "" // cut while it was read; the caller sees that it changed
		}
		if err != nil {
			return nil, Unreadable
		}
	}
	return all, ""
}

func codeOf(err error) Code {
	if errors.Is(err, fs.ErrNotExist) {
		return Gone
	}
	if isLink(err) {
		return Kind
	}
	return Unreadable
}

// pause lets the browser finish what it is writing. False when ctx ends first.
func pause(ctx context.Context) bool {
	t := time.NewTimer(50 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
