package disktest

import (
	"errors"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// diskName is the only file's name, diskNode its number.
const (
	diskName = "disk"
	diskNode = 2
)

// tree is the FUSE file system: a root folder with the disk in it.
type tree struct {
	fuse.RawFileSystem
	image *image
}

func newTree(m *image) *tree { return &tree{fuse.NewDefaultRawFileSystem(), m} }

// status gives an error the form that FUSE wants.
func status(err error) fuse.Status {
	var no syscall.Errno
	switch {
	case err == nil:
		return fuse.OK
	case errors.As(err, &no):
		return fuse.Status(no)
	}
	return fuse.EIO
}

func (t *tree) attr(node uint64, out *fuse.Attr) {
	out.Ino, out.Nlink, out.Mode = node, 1, unix.S_IFDIR|0o700
	if node == diskNode {
		out.Mode, out.Size, out.Blksize = unix.S_IFREG|0o600, uint64(t.image.size), 4096
	}
}

func (t *tree) String() string { return "disktest" }

func (t *tree) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if h.NodeId != fuse.FUSE_ROOT_ID || name != diskName {
		return fuse.ENOENT
	}
	out.NodeId = diskNode
	t.attr(diskNode, &out.Attr)
	out.SetEntryTimeout(time.Hour)
	out.SetAttrTimeout(time.Hour)
	return fuse.OK
}

func (t *tree) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	t.attr(in.NodeId, &out.Attr)
	out.SetTimeout(time.Hour)
	return fuse.OK
}

// SetAttr accepts what changes nothing: the size of a disk is fixed and nobody looks at its times.
func (t *tree) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	if size, ok := in.GetSize(); ok && size != uint64(t.image.size) {
		return fuse.EPERM
	}
	t.attr(in.NodeId, &out.Attr)
	return fuse.OK
}

// Open asks for no page cache: what the loop device does must arrive here, and nothing else.
func (t *tree) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_DIRECT_IO | fuse.FOPEN_PARALLEL_DIRECT_WRITES
	return fuse.OK
}

func (t *tree) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, err := t.image.read(buf[:min(int(in.Size), len(buf))], int64(in.Offset))
	return fuse.ReadResultData(buf[:n]), status(err)
}

func (t *tree) Write(_ <-chan struct{}, in *fuse.WriteIn, p []byte) (uint32, fuse.Status) {
	if err := t.image.write(p, int64(in.Offset)); err != nil {
		return 0, status(err)
	}
	return uint32(len(p)), fuse.OK
}

func (t *tree) Fsync(_ <-chan struct{}, _ *fuse.FsyncIn) fuse.Status { return status(t.image.flush()) }

func (t *tree) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	if in.Mode&(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_ZERO_RANGE) == 0 {
		return fuse.Status(unix.EOPNOTSUPP)
	}
	return status(t.image.zero(Range{int64(in.Offset), int64(in.Offset + in.Length)}))
}

// Flush comes with each close and is no flush of the disk.
func (t *tree) Flush(_ <-chan struct{}, _ *fuse.FlushIn) fuse.Status { return fuse.OK }

func (t *tree) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	out.Bsize, out.Frsize, out.NameLen = 4096, 4096, 255
	out.Blocks = uint64(t.image.size / 4096)
	return fuse.OK
}

// serveTree mounts the disk at a folder. The answer is the server; its Wait returns when the mount is gone.
func serveTree(m *image, dir string) (*fuse.Server, error) {
	s, err := fuse.NewServer(newTree(m), dir, &fuse.MountOptions{
		Name: "disktest", FsName: "disktest", DirectMountStrict: true, DisableXAttrs: true,
		MaxWrite: fuse.MAX_KERNEL_WRITE, MaxBackground: 128,
	})
	if err != nil {
		return nil, err
	}
	go s.Serve()
	return s, s.WaitMount()
}
