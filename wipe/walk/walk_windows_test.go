package walk

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

func wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func systemNames() []string {
	names := []string{"con.", "COM1", "aux .txt"}
	if wine() {
		fmt.Fprintln(os.Stderr, "NOT TESTED under wine, which stores names as UTF-8: halves of surrogate pairs, more than 255 bytes")
		return names
	}
	return append(names, strings.Repeat("é", 255), "\xed\xa0\x80 lone", "\xed\xb0\x80")
}

func systemPaths(secret string) []string {
	return []string{`..\x`, `sub\..\x`, `sub\`, `\`, `\??\` + secret, "x:stream", "x::$DATA", "x:$I30:$INDEX_ALLOCATION", "\xff"}
}

// verbatim spells a path so that Windows takes it as it is, names of devices and dots at the end included.
func verbatim(path string) string { return `\\?\` + path }

func openShared(t *testing.T, path string, share uint32) windows.Handle {
	t.Helper()
	p, err := windows.UTF16PtrFromString(path)
	must(t, err)
	h, err := windows.CreateFile(p, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, 0, 0)
	must(t, err)
	return h
}

// A file that another program keeps to itself stays, and is said to be in use.
func TestFileInUseIsReported(t *testing.T) {
	root, path, _ := tree(t)
	file := put(t, "open elsewhere", path, canary)
	h := openShared(t, file, windows.FILE_SHARE_READ)
	refused(t, root.Remove(canary, File), ErrInUse)
	refused(t, root.Rename(canary, root, "other"), ErrInUse)
	holds(t, file, "open elsewhere")
	must(t, windows.CloseHandle(h))
	must(t, root.Remove(canary, File))
	gone(t, file)

	put(t, "locked", path, canary)
	h = openShared(t, file, 0)
	_, _, err := root.OpenFile(canary)
	refused(t, err, ErrInUse)
	if _, err := root.Stat(canary); err != nil {
		t.Errorf("a file in use cannot be described: %v", err)
	}
	must(t, windows.CloseHandle(h))
}

// When Remove says that it is done, the name is gone; a removal that waits for another program is not done.
func TestRemovedMeansGone(t *testing.T) {
	root, path, _ := tree(t)
	file := put(t, "open elsewhere", path, canary)
	h := openShared(t, file, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE)
	if err := root.Remove(canary, File); err != nil {
		refused(t, err, ErrInUse)
	} else {
		gone(t, file)
	}
	must(t, windows.CloseHandle(h))
	gone(t, file)

	must(t, os.Mkdir(file, 0o700))
	sub, err := root.Enter(canary)
	must(t, err)
	if err := root.Remove(canary, Directory); err != nil {
		refused(t, err, ErrInUse)
	} else {
		gone(t, file)
	}
	must(t, sub.Close())
	gone(t, file)
}

func TestReadOnlyHiddenSystem(t *testing.T) {
	root, path, _ := tree(t)
	const mode = windows.FILE_ATTRIBUTE_READONLY | windows.FILE_ATTRIBUTE_HIDDEN | windows.FILE_ATTRIBUTE_SYSTEM
	lock := func(name string) {
		p, err := windows.UTF16PtrFromString(filepath.Join(path, name))
		must(t, err)
		must(t, windows.SetFileAttributes(p, mode))
	}
	put(t, "x", path, canary)
	must(t, os.Mkdir(filepath.Join(path, "sub"), 0o700))
	for name, kind := range map[string]Type{canary: File, "sub": Directory} {
		lock(name)
		before, err := root.Stat(name)
		must(t, err)
		// Under wine no directory is read-only.
		if missing := mode &^ before.Mode; missing != 0 && (kind == File || !wine()) {
			t.Fatalf("%s: attributes %#x", name, before.Mode)
		}
		must(t, root.Unlock(name))
		after, err := root.Stat(name)
		if err != nil || after.Mode&mode != 0 || after.MTime != before.MTime {
			t.Errorf("%s: unlocked %+v, %v; before %+v", name, after, err, before)
		}
		lock(name)
		must(t, root.Remove(name, kind))
		gone(t, filepath.Join(path, name))
	}
}

func TestAttributesAreSetAsAsked(t *testing.T) {
	root, path, _ := tree(t)
	f, err := root.Create(canary)
	must(t, err)
	defer f.Close()
	const hidden = windows.FILE_ATTRIBUTE_HIDDEN | windows.FILE_ATTRIBUTE_ARCHIVE
	const then = 1_500_000_000_123_456_700
	for _, mode := range []uint32{hidden, 0} {
		must(t, ApplyFile(f, Attr{Mode: mode, MTime: then}))
		got, err := root.Stat(canary)
		// wine has no place for "archive" and always says it.
		if wine() {
			got.Mode = got.Mode&^windows.FILE_ATTRIBUTE_ARCHIVE | mode&windows.FILE_ATTRIBUTE_ARCHIVE
		}
		if err != nil || got.Mode != mode || got.MTime != then {
			t.Errorf("%+v, %v; want %#x", got, err, mode)
		}
	}
	must(t, os.Mkdir(filepath.Join(path, "sub"), 0o700))
	sub, err := root.Enter("sub")
	must(t, err)
	defer sub.Close()
	must(t, sub.Apply(Attr{MTime: then}))
	must(t, sub.Unlock(""))
	must(t, sub.Sync())
	if info, err := sub.Info(); err != nil || info.MTime != then {
		t.Errorf("%+v, %v", info, err)
	}
}

// An alternate data stream is no entry of its own, cannot be reached as one, and goes with its file.
func TestStreamsGoWithTheFile(t *testing.T) {
	root, path, _ := tree(t)
	file := put(t, "x", path, canary)
	stream := put(t, "[ZoneTransfer]", path, canary+":Zone.Identifier")
	_, _, err := root.OpenFile(canary + ":Zone.Identifier")
	refused(t, err, ErrName)
	must(t, root.Remove(canary, File))
	gone(t, file)
	if wine() {
		// wine makes a file of that name out of the stream, which no Windows name can reach.
		fmt.Fprintln(os.Stderr, "NOT TESTED under wine, which has no streams: they go with their file")
		must(t, os.Remove(stream))
		return
	}
	gone(t, stream)
	if names := all(t, root, 10); len(names) != 0 {
		t.Errorf("%d entries left", len(names))
	}
}

func TestNamesAreFoundInAnyCase(t *testing.T) {
	root, path, _ := tree(t)
	must(t, os.Mkdir(filepath.Join(path, "AppData"), 0o700))
	sub, err := root.Enter("APPDATA")
	must(t, err)
	sub.Close()
	d, err := Open(strings.ToUpper(path))
	must(t, err)
	d.Close()
}

func TestOpenTakesAbsolutePathsOnly(t *testing.T) {
	_, path, _ := tree(t)
	for _, p := range []string{"", ".", filepath.Base(path), "C:", "C:" + canary, `\` + canary, `\\.\PhysicalDrive0`, `\\?\GLOBALROOT\x`,
		path + `\..`, path + `:stream`} {
		d, err := Open(p)
		refused(t, err, ErrName)
		if err == nil {
			d.Close()
		}
	}
	for _, p := range []string{path + `\`, `\\?\` + path, filepath.ToSlash(path), `C:\`} {
		d, err := Open(p)
		must(t, err)
		must(t, d.Close())
	}
}

// A program that runs from the tree is in use, not denied.
func TestRunningProgramIsInUse(t *testing.T) {
	if os.Getenv("WALK_TEST_CHILD") != "" {
		fmt.Println("running")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	root, path, _ := tree(t)
	self, err := os.Executable()
	must(t, err)
	program, err := os.ReadFile(self)
	must(t, err)
	exe := put(t, string(program), path, canary+".exe")
	c := exec.Command(exe, "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), "WALK_TEST_CHILD=1")
	in, err := c.StdinPipe()
	must(t, err)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	_, err = io.ReadFull(out, make([]byte, 7))
	must(t, err)
	refused(t, root.Remove(canary+".exe", File), ErrInUse)
	must(t, in.Close())
	must(t, c.Wait())
	must(t, root.Remove(canary+".exe", File))
	gone(t, exe)
}

// A junction needs no right to make, so it is what a session can plant.
func TestJunctionIsNotEntered(t *testing.T) {
	root, path, outside := tree(t)
	secret := put(t, "secret", outside, "secret")
	err := junction(filepath.Join(path, canary), outside)
	if err != nil && wine() {
		fmt.Fprintln(os.Stderr, "NOT TESTED under wine, which makes no junctions")
		return
	}
	must(t, err)
	info, err := root.Stat(canary)
	if err != nil || info.Type != Symlink {
		t.Errorf("%+v, %v", info, err)
	}
	_, err = root.Enter(canary)
	refused(t, err, ErrLink)
	_, err = Open(filepath.Join(path, canary))
	refused(t, err, ErrLink)
	to, err := root.Readlink(canary)
	if err != nil || to != outside {
		t.Errorf("Readlink: %q, %v", to, err)
	}
	refused(t, root.Remove(canary, Directory), ErrNotDir)
	must(t, root.Remove(canary, Symlink))
	gone(t, filepath.Join(path, canary))
	holds(t, secret, "secret")
}

func junction(path, target string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(p, windows.GENERIC_WRITE, 0, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	name := `\??\` + target
	data := reparse(tagMountPoint, 0, 2*len([]rune(name)), name+"\x00"+target+"\x00")
	print, n := 2*len([]rune(name))+2, 2*len([]rune(target))
	data[12], data[13], data[14], data[15] = byte(print), byte(print>>8), byte(n), byte(n>>8)
	var got uint32
	return windows.DeviceIoControl(h, windows.FSCTL_SET_REPARSE_POINT, &data[0], uint32(len(data)), nil, 0, &got, nil)
}
