package browsertest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// xauthority returns an X authority file with a fresh secret that counts for every screen.
func xauthority() []byte {
	secret := make([]byte, 16)
	rand.Read(secret) // never fails
	var b bytes.Buffer
	binary.Write(&b, binary.BigEndian, uint16(0xffff)) // any host
	for _, field := range [][]byte{nil, nil, []byte("MIT-MAGIC-COOKIE-1"), secret} {
		binary.Write(&b, binary.BigEndian, uint16(len(field)))
		b.Write(field)
	}
	return b.Bytes()
}

// accountFiles are changed by whoever makes or removes an account, as other tests do meanwhile.
func accountFiles() []string {
	return []string{
		"passwd", "passwd-", "group", "group-", "shadow", "shadow-", "gshadow", "gshadow-", "subuid", "subuid-", "subgid",
		"subgid-", ".pwd.lock", "passwd.lock", "group.lock", "shadow.lock", "gshadow.lock", "subuid.lock", "subgid.lock",
		"passwd+", "group+", "shadow+", "gshadow+", "subuid+", "subgid+",
	}
}

// fingerprint returns a digest of everything below a folder: names, kinds, owners, modes, times, contents. The files of
// the accounts and the times of /etc itself are left out.
func fingerprint(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if gone(err) {
				return nil
			}
			return fmt.Errorf("looking for changes: %w", err)
		}
		if path == folder || filepath.Dir(path) == "/etc" && changesByItself(filepath.Base(path)) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("looking for changes: %w", err)
		}
		st := info.Sys().(*syscall.Stat_t)
		fmt.Fprintf(sum, "%q %v %d %d %d %d %v\n", path, info.Mode(), st.Uid, st.Gid, st.Ino, info.Size(), info.ModTime())
		if entry.Type() == fs.ModeSymlink {
			to, err := os.Readlink(path)
			fmt.Fprintf(sum, "%q\n", to)
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		sum.Write(b)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func changesByItself(name string) bool {
	if slices.Contains(accountFiles(), name) {
		return true
	}
	// The temporary names that useradd writes under carry its process id: passwd.4711.
	stem, pid := name[:len(name)-len(filepath.Ext(name))], filepath.Ext(name)
	return len(pid) > 1 && pid[1] >= '0' && pid[1] <= '9' && slices.Contains(accountFiles(), stem)
}
