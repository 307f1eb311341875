package browser

import (
	"io"
	"io/fs"
	"strings"
	"testing"
)

// packagesOnly is a machine with nothing but a list of packages.
type packagesOnly string

func (packagesOnly) List(string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
func (packagesOnly) IsFile(string) bool                 { return false }
func (packagesOnly) Real(name string) string            { return name }
func (p packagesOnly) Open(name string) (io.ReadCloser, error) {
	if name != dpkgStatus {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(strings.NewReader(string(p))), nil
}

// A wrong version would have a browser told what it does not know, which it then may not obey.
func TestPackaged(t *testing.T) {
	const one = "Package: chromium\nStatus: install ok installed\nVersion: 156.0.8078.79-1~deb12u1\nDescription: a browser\n Version: 3\n\n"
	for _, c := range []struct{ name, status, want string }{
		{"installed", "Package: a\nStatus: install ok installed\nVersion: 1.2\n\n" + one, "156.0.8078.79"},
		{"first in the list", one, "156.0.8078.79"},
		{"with an epoch", strings.Replace(one, "156.", "2:156.", 1), "156.0.8078.79"},
		{"removed, settings kept", strings.Replace(one, "install ok installed", "deinstall ok config-files", 1), ""},
		{"another of a like name", strings.Replace(one, "chromium", "chromium-common", 1), ""},
		{"no list", "", ""},
		{"a snap in a package's clothes", strings.Replace(one, "156.0.8078.79-1~deb12u1", "1:85-snap", 1), ""},
		{"cut short", one[:len("Package: chromium\n")], ""},
	} {
		f := newFinder(func() error { return nil }, packagesOnly(c.status), System{GOOS: "linux"})
		if got := f.packaged(packages("chromium", "stable")); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
