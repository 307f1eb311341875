package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

const (
	walkDepth = 1000
	walkBatch = 256
)

// WritableFolders lists the folders outside skip that the account could put a file into, on the local file systems of
// mounts. An account can reach a folder when it may pass through all above it. No link is followed, nothing but folders
// is read, and the order is that of the disk. ErrPartial comes with what was found when some of it could not be read.
func (h *Host) WritableFolders(ctx context.Context, uid uint32, gids []uint32, skip []string, mounts []Mount) ([]string, error) {
	w := folderWalk{uid: uid, gids: gids, skip: skip, mounts: map[string]Mount{}}
	for _, m := range mounts {
		w.mounts[m.Point] = m // the last one covers the others
	}
	if !w.enter("/") {
		return nil, ErrRefused
	}
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the root folder: %w", plain(err))
	}
	if err := w.dir(ctx, os.NewFile(uintptr(fd), "folder"), "/", 0); err != nil {
		return w.found, err
	}
	if w.blind {
		return w.found, ErrPartial
	}
	return w.found, nil
}

type folderWalk struct {
	uid    uint32
	gids   []uint32
	skip   []string
	mounts map[string]Mount
	found  []string
	blind  bool
}

// enter decides by the path alone, before anything is opened.
func (w *folderWalk) enter(name string) bool {
	if slices.Contains(w.skip, name) {
		return false
	}
	m, ok := w.mounts[name]
	// An overlay elsewhere than at the root is a container's, whose folders are reached at their real place.
	return !ok || m.Local() && (m.FSType != "overlay" || name == "/")
}

// dir looks at one folder and those below it; it closes f.
func (w *folderWalk) dir(ctx context.Context, f *os.File, name string, depth int) error {
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		w.blind = true
		return nil
	}
	write, pass := w.rights(f, st)
	if write && pass {
		w.found = append(w.found, name)
	}
	if !pass {
		return nil
	}
	if depth >= walkDepth {
		w.blind = true
		return nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := f.ReadDir(walkBatch)
		for _, e := range batch {
			if !e.IsDir() {
				continue
			}
			if err := w.child(ctx, f, filepath.Join(name, e.Name()), e.Name(), depth+1); err != nil {
				return err
			}
		}
		if err != nil {
			w.blind = w.blind || !errors.Is(err, io.EOF)
			return nil
		}
	}
}

func (w *folderWalk) child(ctx context.Context, parent *os.File, full, name string, depth int) error {
	if !w.enter(full) {
		return nil
	}
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NOATIME
	fd, err := unix.Openat(int(parent.Fd()), name, flags, 0)
	if errors.Is(err, unix.EPERM) { // only the owner may leave the time of reading alone
		fd, err = unix.Openat(int(parent.Fd()), name, flags&^unix.O_NOATIME, 0)
	}
	if err != nil {
		gone := errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
		w.blind = w.blind || !gone
		return nil
	}
	return w.dir(ctx, os.NewFile(uintptr(fd), "folder"), full, depth)
}

// rights says whether the account may put a file into the folder, and pass through it. What it owns it can always open
// up for itself.
func (w *folderWalk) rights(f *os.File, st unix.Stat_t) (write, pass bool) {
	if st.Uid == w.uid || w.uid == 0 {
		return true, true
	}
	bits := st.Mode & 0o7
	if slices.Contains(w.gids, st.Gid) {
		bits = st.Mode >> 3 & 0o7
	}
	// With an access list the group bits are the most that any named account or group gets.
	if most := st.Mode >> 3 & 0o7; most&^bits != 0 {
		bits |= w.listed(f) & most
	}
	return bits&0o3 == 0o3, bits&0o1 != 0
}

// listed returns the bits that the folder's access list names for the account or its groups.
func (w *folderWalk) listed(f *os.File) uint32 {
	buf := make([]byte, 4096)
	n, err := unix.Fgetxattr(int(f.Fd()), "system.posix_acl_access", buf)
	if err != nil {
		if errors.Is(err, unix.ERANGE) {
			return 0o7 // too long to read: rather one folder too many
		}
		return 0
	}
	return aclBits(buf[:n], w.uid, w.gids)
}

// aclBits reads the binary access list: a version, then tag, bits and id of each entry.
func aclBits(acl []byte, uid uint32, gids []uint32) uint32 {
	const namedUser, namedGroup = 0x02, 0x08
	var bits uint32
	for i := 4; i+8 <= len(acl); i += 8 {
		tag := binary.LittleEndian.Uint16(acl[i:])
		id := binary.LittleEndian.Uint32(acl[i+4:])
		if tag == namedUser && id == uid || tag == namedGroup && slices.Contains(gids, id) {
			bits |= uint32(binary.LittleEndian.Uint16(acl[i+2:]))
		}
	}
	return bits
}
