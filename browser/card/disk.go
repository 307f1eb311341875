package card

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// errKind: what is there is not a regular file, or too big.
var errKind = errors.New("not a file that is read")

// Disk is the machine that the program runs on, with prefix before every path. Folders of the account may lead anywhere, and
// to file systems that never answer: run the check with that account's rights, in a process that can be ended.
func Disk(prefix string) Files { return disk(prefix) }

type disk string

func (d disk) at(path string) string { return string(d) + filepath.FromSlash(path) }

// Stat implements Files.
func (d disk) Stat(path string) (fs.FileInfo, error) { return os.Stat(d.at(path)) }

// Read implements Files. A FIFO does not keep it waiting.
func (d disk) Read(path string, limit int64) ([]byte, error) {
	before, err := os.Lstat(d.at(path))
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, errKind
	}
	f, err := os.OpenFile(d.at(path), os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !os.SameFile(before, info) || info.Size() > limit {
		return nil, errKind
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

// List implements Files.
func (d disk) List(path string, limit int) ([]string, error) {
	f, err := os.OpenFile(d.at(path), os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(limit)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}
