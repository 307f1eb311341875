package erasetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need fails a test that is not run as root or lacks one of the programs, and says what to install.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("file systems on loop devices need root; run packaging/test as root")
	}
	for _, name := range append([]string{"mount", "blkid"}, programs...) {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing; packaging/test installs it", name)
		}
	}
}

// NewImage makes an image of a test's own, which is given back when the test ends.
func NewImage(t testing.TB, o Options) *Image {
	t.Helper()
	Need(t, "mkfs."+o.FS)
	image, err := New(t.Context(), filepath.Join(t.TempDir(), "image"), o)
	return own(t, image, err)
}

// CloneImage copies an image that is not mounted for a test, which gives it back when it ends.
func CloneImage(t testing.TB, image *Image, discard bool) *Image {
	t.Helper()
	clone, err := image.Clone(filepath.Join(t.TempDir(), "image"), discard)
	return own(t, clone, err)
}

func own(t testing.TB, image *Image, err error) *Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := image.Close(); err != nil {
			t.Error(err)
		}
	})
	return image
}

// MountImage mounts an image on a folder of the test's own and returns the folder.
func MountImage(t testing.TB, image *Image, options ...string) string {
	t.Helper()
	target := t.TempDir()
	if err := image.Mount(target, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the folder is removed
		if err := image.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return target
}
