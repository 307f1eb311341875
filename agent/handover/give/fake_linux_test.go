package give

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/disktest"
)

const serveEnv = "GIVE_TEST_DISK"

// TestMain serves a disk when it is started again for that: a process must not wait for its own disk.
func TestMain(m *testing.M) {
	if dir := os.Getenv(serveEnv); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serve offers the file "image" of a folder as mnt/disk, of which only the bytes before a limit are kept: the rest is taken with
// thanks, as a stick does that is smaller than it says, and reads as zeroes.
func serve(dir string) error {
	limit, err := strconv.ParseInt(os.Getenv(serveEnv+"_LIMIT"), 10, 64)
	if err != nil {
		return err
	}
	back, err := os.OpenFile(filepath.Join(dir, "image"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := back.Stat()
	if err != nil {
		return err
	}
	s, err := fuse.NewServer(&fake{fuse.NewDefaultRawFileSystem(), back, info.Size(), limit}, filepath.Join(dir, "mnt"),
		&fuse.MountOptions{Name: "fake", FsName: "fake", DirectMountStrict: true, DisableXAttrs: true})
	if err != nil {
		return err
	}
	s.Serve()
	return nil
}

type fake struct {
	fuse.RawFileSystem
	back        *os.File
	size, limit int64
}

const diskNode = 2

func (k *fake) attr(node uint64, out *fuse.Attr) {
	out.Ino, out.Nlink, out.Mode = node, 1, unix.S_IFDIR|0o700
	if node == diskNode {
		out.Mode, out.Size, out.Blksize = unix.S_IFREG|0o600, uint64(k.size), 4096
	}
}

func (k *fake) Lookup(_ <-chan struct{}, _ *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if name != "disk" {
		return fuse.ENOENT
	}
	out.NodeId = diskNode
	k.attr(diskNode, &out.Attr)
	out.SetEntryTimeout(time.Hour)
	out.SetAttrTimeout(time.Hour)
	return fuse.OK
}

func (k *fake) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	k.attr(in.NodeId, &out.Attr)
	out.SetTimeout(time.Hour)
	return fuse.OK
}

func (k *fake) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	k.attr(in.NodeId, &out.Attr)
	return fuse.OK
}

func (k *fake) Open(_ <-chan struct{}, _ *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_DIRECT_IO
	return fuse.OK
}

func (k *fake) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	buf = buf[:min(int64(in.Size), int64(len(buf)), max(0, k.size-int64(in.Offset)))]
	clear(buf)
	if keep := min(int64(len(buf)), k.limit-int64(in.Offset)); keep > 0 {
		if _, err := k.back.ReadAt(buf[:keep], int64(in.Offset)); err != nil {
			return nil, fuse.EIO
		}
	}
	return fuse.ReadResultData(buf), fuse.OK
}

func (k *fake) Write(_ <-chan struct{}, in *fuse.WriteIn, p []byte) (uint32, fuse.Status) {
	if keep := min(int64(len(p)), k.limit-int64(in.Offset)); keep > 0 {
		if _, err := k.back.WriteAt(p[:keep], int64(in.Offset)); err != nil {
			return 0, fuse.EIO
		}
	}
	return uint32(len(p)), fuse.OK
}

func (k *fake) Fsync(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }
func (k *fake) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

// image makes a file with an empty ext4 file system.
func image(t *testing.T, size int64) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("needs root: only root may attach and mount")
	}
	name := filepath.Join(t.TempDir(), "image")
	f, err := os.Create(name)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	out, err := exec.Command("mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-J", "size=4",
		"-E", "lazy_itable_init=0,nodiscard", name).CombinedOutput()
	if err != nil {
		t.Fatalf("mkfs.ext4 (package e2fsprogs): %v: %s", err, out)
	}
	return name
}

// mounted mounts an image with its file system.
func mounted(t *testing.T, name, data string) string {
	t.Helper()
	device, detach, err := disktest.AttachImage(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := detach(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := disktest.MountImage(device, dir, "ext4", data); err != nil {
		t.Fatal(err)
	}
	return dir
}

// disk mounts the image from a disk that keeps the bytes before limit. The function returned pulls it out.
func disk(t *testing.T, name string, limit int64) (dir string, pull func()) {
	t.Helper()
	mnt := filepath.Join(filepath.Dir(name), "mnt")
	if err := os.Mkdir(mnt, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), serveEnv+"="+filepath.Dir(name), serveEnv+"_LIMIT="+strconv.FormatInt(limit, 10))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Unmount(mnt, unix.MNT_DETACH)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	file := filepath.Join(mnt, "disk")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the disk's server does not start")
		}
	}
	return mounted(t, file, ""), func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	}
}
