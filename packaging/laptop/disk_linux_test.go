package laptop

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted mounts an image whose journal was replayed, so that nothing has to be written, and shows it to look.
func mounted(t testing.TB, image string, look func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	// Without noload, the kernel would want to write.
	if out, err := exec.Command("mount", "-t", "ext4", "-o", "ro,noload,loop,nosuid,nodev,noexec", image, dir).CombinedOutput(); err != nil {
		t.Fatalf("mounting the disk needs root and loop devices: %v: %s", err, out)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	look(dir)
}

// count counts how often a text stands on a raw disk. Holes have nothing to read.
func count(t testing.TB, image, text string) int {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	total := 0
	for at := int64(0); ; {
		from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return total
		} else if err != nil {
			t.Fatal(err)
		}
		if at, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE); err != nil {
			t.Fatal(err)
		}
		n, err := occurrences(io.NewSectionReader(f, from, at-from), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
}

// occurrences counts a text in a stream of any length.
func occurrences(r io.Reader, text []byte) (int, error) {
	total, kept := 0, 0
	block := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(r, block[kept:])
		total += bytes.Count(block[:kept+n], text)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
		// What may be the beginning of the text is looked at again with the next block.
		copy(block, block[kept+n-len(text)+1:])
		kept = len(text) - 1
	}
}

// residue lists, below a mounted disk, what has the text in its name, in what it points to or in its content.
func residue(t testing.TB, dir, text string, skip func(rel string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if skip(rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		has := bytes.Contains([]byte(d.Name()), []byte(text))
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			has = has || bytes.Contains([]byte(target), []byte(text))
		case d.Type().IsRegular():
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			n, err := occurrences(f, []byte(text))
			if err != nil {
				return err
			}
			has = has || n > 0
		}
		if has {
			found = append(found, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
