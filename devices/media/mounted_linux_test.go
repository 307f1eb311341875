package media

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// plainMachine is one without UDisks2, whose media are real file systems on loop devices. Only what makes these pluggable is
// made up: a folder in the place of sysfs.
type plainMachine struct {
	t         *testing.T
	root, sys string
}

func newPlainMachine(t *testing.T) *plainMachine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("the test mounts file systems: run it as root")
	}
	dir := t.TempDir()
	p := &plainMachine{t, filepath.Join(dir, "media"), filepath.Join(dir, "sys")}
	for _, d := range []string{p.root, filepath.Join(p.sys, "dev/block")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *plainMachine) finder() *Finder {
	return New("linux", Options{Socket: filepath.Join(p.sys, "none"), Roots: []string{p.root}, Sys: p.sys})
}

func (p *plainMachine) do(name string, args ...string) string {
	p.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s: %v: %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// mount makes a file system of 16 MiB, mounts it, and says where its device is plugged in.
func (p *plainMachine) mount(point, options, at string) (device string) {
	p.t.Helper()
	image := filepath.Join(p.t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		p.t.Fatal(err)
	}
	p.do("mkfs.ext4", "-q", "-F", image)
	device = p.do("losetup", "--find", "--show", image)
	p.t.Cleanup(func() { _ = exec.Command("losetup", "-d", device).Run() })
	if err := os.MkdirAll(point, 0o755); err != nil {
		p.t.Fatal(err)
	}
	p.do("mount", "-o", options, device, point)
	p.t.Cleanup(func() { _ = unix.Unmount(point, unix.MNT_DETACH) })

	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil {
		p.t.Fatal(err)
	}
	folder := filepath.Join(p.sys, "devices", at, filepath.Base(device))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	for name, text := range map[string]string{"size": "32768\n", "removable": "0\n", "diskseq": "7\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	number := p.do("stat", "-c", "%Hr:%Lr", device)
	if err := os.Symlink(folder, filepath.Join(p.sys, "dev/block", number)); err != nil {
		p.t.Fatal(err)
	}
	return device
}

const port = "pci0000:00/usb1/1-1"

func TestMountedMedia(t *testing.T) {
	p := newPlainMachine(t)
	stick := p.mount(filepath.Join(p.root, "public", "My \x1b[2Jstick"), "rw", port)
	locked := p.mount(filepath.Join(p.root, "locked"), "ro", port)
	p.mount(filepath.Join(p.root, "data"), "rw", "pci0000:00/ata1") // a disk of the machine
	home := filepath.Join(t.TempDir(), "home")
	p.mount(home, "rw", port) // a home on USB, also seen below the folder of media
	bind := filepath.Join(p.root, "bind")
	if err := os.MkdirAll(bind, 0o755); err != nil {
		t.Fatal(err)
	}
	p.do("mount", "--bind", home, bind)
	t.Cleanup(func() { _ = unix.Unmount(bind, unix.MNT_DETACH) })

	got, err := p.finder().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for i := range got {
		ids[got[i].Device], got[i].ID = got[i].ID, ""
	}
	want := []Medium{
		{Label: "My \x1b[2Jstick", Size: 16 << 20, FS: "ext4", Device: stick, Mount: filepath.Join(p.root, "public", "My \x1b[2Jstick")},
		{Label: "locked", Size: 16 << 20, FS: "ext4", Device: locked, Mount: filepath.Join(p.root, "locked"), ReadOnly: true},
	}
	if stick > locked {
		want[0], want[1] = want[1], want[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("media (-want +got):\n%s", diff)
	}

	m, err := p.finder().Mount(t.Context(), ids[stick])
	if err != nil {
		t.Fatal(err)
	}
	letter := filepath.Join(m.Mount, "letter")
	file, err := os.Create(letter)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("Dear all"); err != nil {
		t.Fatal(err)
	}
	is(t, "releasing what is in use", p.finder().Release(t.Context(), ids[stick]), ErrBusy)
	if _, err := os.Stat(letter); err != nil {
		t.Errorf("it was taken away from a program that uses it: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.finder().Release(t.Context(), ids[stick]); err != nil {
		t.Fatalf("releasing: %v", err)
	}
	if _, err := os.Stat(letter); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after it was released, the letter is still there: %v", err)
	}
	is(t, "releasing again", p.finder().Release(t.Context(), ids[stick]), ErrGone)
	p.do("mount", stick, m.Mount)
	if text, err := os.ReadFile(letter); string(text) != "Dear all" {
		t.Errorf("what was written is %q, %v", text, err)
	}
	number := p.do("stat", "-c", "%Hr:%Lr", stick)
	if err := os.WriteFile(filepath.Join(p.sys, "dev/block", number, "diskseq"), []byte("8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	is(t, "releasing another stick in the same place", p.finder().Release(t.Context(), ids[stick]), ErrGone)
}

// A service that has a mount table of its own takes a medium out of this one only.
func TestMountedElsewhere(t *testing.T) {
	p := newPlainMachine(t)
	p.mount(filepath.Join(p.root, "stick"), "rw", port)
	all, err := p.finder().List(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	other := exec.Command("unshare", "--mount", "--propagation=private", "sh", "-c", "echo; exec cat")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	is(t, "releasing what another mount table has", p.finder().Release(t.Context(), all[0].ID), ErrBusy)
	_ = in.Close()
	_ = other.Wait()
}
