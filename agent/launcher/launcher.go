// Package launcher is the desktop's button for the end of a session: an entry in the menu, and the large window of type
// in which the guided end then runs.
//
// It starts nothing, asks nothing and knows nothing of sessions: the program that the entry names does.
package launcher

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed data
var data embed.FS

// ErrProgram says that an entry cannot name this program: its path is not absolute, or has a character that stands for
// something else in there.
var ErrProgram = errors.New("not a program that an entry can name")

// entry and icon are where every desktop of Linux looks for what an administrator has installed: XDG base directories,
// Desktop Menu Specification, Icon Theme Specification.
const (
	entry = "usr/local/share/applications/ipguard-end.desktop"
	icon  = "usr/local/share/icons/hicolor/scalable/apps/ipguard-end.svg"
)

// Install writes the entry for the program at exe, an absolute path, and its icon below root, which is "/" on a laptop.
// Errors carry no path.
func Install(root, exe string) error {
	if !filepath.IsAbs(exe) || strings.ContainsFunc(exe, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ErrProgram
	}
	text, err := data.ReadFile("data/ipguard-end.desktop")
	if err != nil {
		return err
	}
	picture, err := data.ReadFile("data/ipguard-end.svg")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(root, icon), picture); err != nil {
		return err
	}
	return write(filepath.Join(root, entry), []byte(strings.ReplaceAll(string(text), "@PROGRAM@", quoted(exe))))
}

// quoted writes a program as the key Exec wants it: Desktop Entry Specification, "The Exec key".
func quoted(exe string) string {
	escaped := strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(exe)
	if escaped == exe && !strings.ContainsAny(exe, " \t'><~|&;*?#()") {
		return exe
	}
	return `"` + escaped + `"`
}

// write puts a file in its place in one step, readable by all.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return plain(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ipguard-*")
	if err != nil {
		return plain(err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(plain(err), plain(os.Remove(f.Name())))
	}
	return nil
}

// Remove takes away what Install wrote. What is not there is no error.
func Remove(root string) error {
	var failed error
	for _, path := range []string{entry, icon} {
		if err := os.Remove(filepath.Join(root, path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, plain(err))
		}
	}
	return failed
}

// plain takes the path out of an error of the system.
func plain(err error) error {
	if err == nil {
		return nil
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("writing the menu's entry: %w", err)
}
