package walk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A link inside the tree, wherever it leads, is neither entered nor read through, and removing it removes the link.
func TestLinksAreNotFollowed(t *testing.T) {
	root, path, outside := tree(t)
	must(t, os.Mkdir(filepath.Join(path, canary+" dir"), 0o700))
	kept := put(t, "kept", path, canary+" dir", "kept")
	secret := put(t, "secret", outside, "secret")
	for _, to := range []string{outside, secret, filepath.Join(path, canary+" dir"), kept, filepath.Join(path, "nowhere")} {
		name := canary + " link"
		if !link(t, to, filepath.Join(path, name)) {
			return
		}
		info, err := root.Stat(name)
		must(t, err)
		if info.Type != Symlink {
			t.Errorf("Stat: type %d, want a link", info.Type)
		}
		_, err = root.Enter(name)
		refused(t, err, ErrLink)
		_, _, err = root.OpenFile(name)
		refused(t, err, ErrLink)
		_, err = Open(filepath.Join(path, name))
		silent(t, err)
		if err == nil {
			t.Error("Open followed a link")
		}
		got, err := root.Readlink(name)
		must(t, err)
		if got != to {
			t.Errorf("Readlink: %q, want %q", got, to)
		}
		refused(t, root.Remove(name, Directory), ErrNotDir)
		must(t, root.Unlock(name))
		must(t, root.Remove(name, Symlink))
		gone(t, filepath.Join(path, name))
	}
	holds(t, secret, "secret")
	holds(t, kept, "kept")
}

func TestOpenRefusesLinkOnTheWay(t *testing.T) {
	_, path, outside := tree(t)
	must(t, os.Mkdir(filepath.Join(outside, "sub"), 0o700))
	if !link(t, outside, filepath.Join(path, canary)) {
		return
	}
	_, err := Open(filepath.Join(path, canary, "sub"))
	refused(t, err, ErrLink)
}

func TestHardLinkKeepsOtherName(t *testing.T) {
	root, path, outside := tree(t)
	other := put(t, "kept", outside, "kept")
	must(t, os.Link(other, filepath.Join(path, canary)))
	info, err := root.Stat(canary)
	must(t, err)
	if info.Links != 2 {
		t.Errorf("got %d names, want 2", info.Links)
	}
	must(t, root.Unlock(canary))
	must(t, root.Remove(canary, File))
	gone(t, filepath.Join(path, canary))
	holds(t, other, "kept")
}

func TestNames(t *testing.T) {
	root, path, _ := tree(t)
	names := append([]string{
		canary, "-rf " + canary, canary + ".", canary + " ", "..." + canary, canary + strings.Repeat("x", 255-len(canary)),
		"CON", "nul.txt", "~" + canary, "%TEMP%", "$HOME", "日本語", "e\u0301",
	}, systemNames()...)
	for _, name := range names {
		f, err := root.Create(name)
		if err != nil {
			t.Fatalf("creating %q: %v", name, err)
		}
		must(t, f.Close())
		_, err = root.Create(name)
		refused(t, err, ErrExist)
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, all(t, root, 3)); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	for _, name := range names {
		f, info, err := root.OpenFile(name)
		if err != nil || info.Type != File || info.Links != 1 {
			t.Fatalf("%q: %+v, %v", name, info, err)
		}
		f.Close()
		must(t, root.Rename(name, root, canary+" renamed"))
		must(t, root.Rename(canary+" renamed", root, name))
		must(t, root.Unlock(name))
		must(t, root.Remove(name, File))
		must(t, root.Mkdir(name))
		sub, err := root.Enter(name)
		must(t, err)
		sub.Close()
		must(t, root.Remove(name, Directory))
	}
	left, err := os.ReadDir(path)
	if err != nil || len(left) != 0 {
		t.Errorf("%d entries left, %v", len(left), err)
	}
}

func TestNamesInBatches(t *testing.T) {
	root, path, _ := tree(t)
	var want []string
	for i := range 5200 {
		name := fmt.Sprintf("%s %04d", canary, i)
		put(t, "", path, name)
		want = append(want, name)
	}
	for range 2 {
		if diff := cmp.Diff(want, all(t, root, 1000)); diff != "" {
			t.Fatalf("names differ (-want +got):\n%s", diff)
		}
		must(t, root.Rewind())
	}
	// What is removed between two batches does not hide the rest.
	for {
		some, err := root.Names(500)
		for _, name := range some {
			must(t, root.Remove(name, File))
		}
		if err == io.EOF {
			break
		}
		must(t, err)
	}
	must(t, root.Rewind())
	if left := all(t, root, 10); len(left) > 0 {
		t.Errorf("%d of 5200 names were passed over", len(left))
	}
}

// One name, never a path: whatever a caller passes on, a step stays in its directory.
func TestPathsAreRefused(t *testing.T) {
	root, path, outside := tree(t)
	secret := put(t, "secret", outside, canary)
	put(t, "", path, canary)
	must(t, os.Mkdir(filepath.Join(path, "sub"), 0o700))
	up := "../" + filepath.Base(outside) + "/" + canary
	for _, name := range append([]string{"", ".", "..", up, secret, "sub/../" + canary, "sub/", "a\x00b"}, systemPaths(secret)...) {
		_, err := root.Stat(name)
		refused(t, err, ErrName)
		_, err = root.Enter(name)
		refused(t, err, ErrName)
		_, _, err = root.OpenFile(name)
		refused(t, err, ErrName)
		_, err = root.Readlink(name)
		refused(t, err, ErrName)
		_, err = root.Create(name)
		refused(t, err, ErrName)
		refused(t, root.Mkdir(name), ErrName)
		refused(t, root.Remove(name, File), ErrName)
		refused(t, root.Remove(name, Directory), ErrName)
		refused(t, root.Rename(name, root, "x"), ErrName)
		refused(t, root.Rename(canary, root, name), ErrName)
		refused(t, root.ApplyLink(name, Attr{}), ErrName)
		if name != "" {
			refused(t, root.Unlock(name), ErrName)
		}
		if err := root.Symlink("x", name); !errors.Is(err, errors.ErrUnsupported) {
			refused(t, err, ErrName)
		}
	}
	holds(t, secret, "secret")
}

func TestRefusals(t *testing.T) {
	root, path, _ := tree(t)
	put(t, "", path, canary+" file")
	must(t, os.MkdirAll(filepath.Join(path, canary+" dir", "sub"), 0o700))
	_, err := root.Stat(canary)
	refused(t, err, ErrNotExist)
	_, err = root.Enter(canary)
	refused(t, err, ErrNotExist)
	_, _, err = root.OpenFile(canary)
	refused(t, err, ErrNotExist)
	_, err = Open(filepath.Join(path, canary))
	refused(t, err, ErrNotExist)
	_, err = Open(filepath.Join(path, canary+" file"))
	refused(t, err, ErrNotDir)
	_, err = root.Enter(canary + " file")
	refused(t, err, ErrNotDir)
	_, _, err = root.OpenFile(canary + " dir")
	refused(t, err, ErrSpecial)
	_, err = root.Readlink(canary + " file")
	refused(t, err, ErrSpecial)
	refused(t, root.Mkdir(canary+" file"), ErrExist)
	refused(t, root.Remove(canary+" dir", Directory), ErrNotEmpty)
	refused(t, root.Remove(canary+" dir", File), ErrSpecial)
	refused(t, root.Remove(canary+" file", Directory), ErrNotDir)
	refused(t, root.Remove(canary, File), ErrNotExist)
	refused(t, root.Unlock(canary), ErrNotExist)
	refused(t, root.Rename(canary, root, "x"), ErrNotExist)
	must(t, root.Close())
	_, err = root.Names(1)
	silent(t, err)
	if err == nil {
		t.Error("a closed directory was read")
	}
}

// What is restored has the content, attributes and time that were asked for, in the end and in one rename.
func TestRestoreByRename(t *testing.T) {
	root, path, _ := tree(t)
	changed := put(t, "changed by somebody", path, canary)
	old, err := root.Stat(canary)
	must(t, err)
	f, err := root.Create(".new")
	must(t, err)
	_, err = f.WriteString("as enrolled")
	must(t, err)
	then := time.Date(2024, 2, 29, 12, 0, 1, 123456700, time.UTC).UnixNano()
	attr := Attr{Mode: old.Mode, UID: old.UID, GID: old.GID, MTime: then}
	must(t, ApplyFile(f, attr))
	must(t, f.Close())
	must(t, root.Rename(".new", root, canary))
	holds(t, changed, "as enrolled")
	r, info, err := root.OpenFile(canary)
	must(t, err)
	if info.MTime != then || info.Mode != old.Mode || info.Size != 11 || info.Inode == old.Inode {
		t.Errorf("got %+v", info)
	}
	// A file that is only open for reading can be set right as well.
	attr.MTime += 1e9
	must(t, ApplyFile(r, attr))
	must(t, r.Close())
	must(t, root.Apply(attr))
	self, err := root.Info()
	must(t, err)
	info, err = root.Stat(canary)
	must(t, err)
	if info.MTime != attr.MTime || self.MTime != attr.MTime {
		t.Errorf("times are %d and %d, want %d", info.MTime, self.MTime, attr.MTime)
	}
	must(t, root.Sync())
	if names := all(t, root, 10); len(names) != 1 {
		t.Errorf("%d entries, want 1", len(names))
	}
}

func TestRenameToAnotherDirectory(t *testing.T) {
	root, path, outside := tree(t)
	to, err := Open(outside)
	must(t, err)
	defer to.Close()
	put(t, "moved", path, canary)
	put(t, "replaced", outside, canary)
	must(t, root.Rename(canary, to, canary))
	holds(t, filepath.Join(outside, canary), "moved")
	gone(t, filepath.Join(path, canary))
}

func TestMountIsTheSameBelow(t *testing.T) {
	root, path, _ := tree(t)
	must(t, os.Mkdir(filepath.Join(path, canary), 0o700))
	self, err := root.Info()
	must(t, err)
	seen, err := root.Stat(canary)
	must(t, err)
	sub, err := root.Enter(canary)
	must(t, err)
	defer sub.Close()
	info, err := sub.Info()
	must(t, err)
	if self.Mount != seen.Mount || self.Mount != info.Mount || seen.Inode != info.Inode || info.Type != Directory {
		t.Errorf("root %+v, seen %+v, entered %+v", self, seen, info)
	}
}
