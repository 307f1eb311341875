package storage

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Detect says what lies under a folder. macOS tells the file system and whether it is read-only; what the medium is, what
// it encrypts and whether it discards would have to be asked of programs, and is Unknown or false here.
func Detect(dir string) (Storage, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Storage{}, wrap("asking about the volume", err)
	}
	s := Storage{
		FileSystem: family(unix.ByteSliceToString(st.Fstypename[:])), Medium: Unknown,
		Volume:   fmt.Sprintf("%x:%x", uint32(st.Fsid.Val[0]), uint32(st.Fsid.Val[1])),
		ReadOnly: st.Flags&unix.MNT_RDONLY != 0, Base: dir,
	}
	if st.Flags&unix.MNT_LOCAL == 0 {
		s.FileSystem = Network
	}
	return s, nil
}
