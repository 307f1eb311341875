package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"ipguard/devices/host"
)

const (
	// labelMost is how many bytes of a label are kept. File systems allow 11 (FAT) to 255 (btrfs).
	labelMost = 64
	// fatMost is the largest file on FAT: its size has 32 bits (Microsoft FAT specification, "DIR_FileSize").
	fatMost = 1<<32 - 1
)

// identity makes an id: what tells media apart stays inside it.
func identity(kind string, parts ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return kind + hex.EncodeToString(sum[:12])
}

// known tells whether an id is one that identity made.
func known(id, kind string) bool {
	rest, ok := strings.CutPrefix(id, kind)
	b, err := hex.DecodeString(rest)
	return ok && err == nil && len(b) == 12
}

// named bounds a label, and gives a medium without one a name.
func named(label, bus string) string {
	if strings.TrimSpace(label) == "" {
		if bus == "sdio" {
			return "SD"
		}
		return "USB"
	}
	if len(label) <= labelMost {
		return label
	}
	cut := labelMost
	for cut > labelMost-utf8.UTFMax && !utf8.RuneStart(label[cut]) {
		cut--
	}
	return label[:cut]
}

// maxFile returns the size of the largest file of a file system.
func maxFile(fs string) int64 {
	switch strings.ToLower(fs) {
	case "vfat", "msdos", "fat", "fat12", "fat16", "fat32":
		return fatMost
	}
	return 0
}

// under tells whether a mount point lies where removable media are mounted. A root itself counts only where people mount
// things by hand.
func under(roots []string, point string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return strings.HasPrefix(point, path.Clean(root)+"/") || point == root && root == "/mnt"
	})
}

// readOnly tells whether nothing can be written through a mount.
func readOnly(m host.Mount) bool {
	return slices.Contains(m.Options, "ro") || slices.Contains(m.Super, "ro")
}
