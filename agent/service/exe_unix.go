//go:build unix

package service

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// resolve follows the links in the program's path, and refuses a program file that anybody but root could replace: what
// runs there as root tomorrow would be theirs.
func resolve(exe string) (string, error) {
	path, err := filepath.EvalSymlinks(exe)
	if err != nil {
		return "", ErrProgram
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 || !rootOnly(info) {
		return "", ErrProgram
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		// In a sticky folder, which /tmp is, nobody can rename what belongs to root.
		info, err := os.Lstat(dir)
		if err != nil || !rootOnly(info) && info.Mode()&fs.ModeSticky == 0 {
			return "", ErrProgram
		}
		if dir == "/" {
			return path, nil
		}
	}
}

// rootOnly reports whether nobody but root can change the file.
func rootOnly(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0 && info.Mode().Perm()&0o022 == 0
}

// render makes the text for a program file that is fit.
func render(o Options, text func(Options) (string, error)) (string, error) {
	exe, err := resolve(o.Exe)
	if err != nil {
		return "", err
	}
	o.Exe = exe
	return text(o)
}
