package main

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The file systems on which homes lie number, order and keep names each in its own way.
func TestHostileFileSystems(t *testing.T) {
	for _, tt := range []struct{ kind, size string }{{"xfs", "320M"}, {"btrfs", "160M"}, {"tmpfs", "64m"}} {
		t.Run(tt.kind, func(t *testing.T) {
			l := newLaptop(t)
			switch tt.kind {
			case "tmpfs":
				l.privateMounts()
				aside := l.user.Home + ".aside"
				l.tool("cp", "-a", l.user.Home, aside)
				l.mount("none", l.user.Home, "tmpfs", 0, "size="+tt.size)
				l.tool("cp", "-a", "-T", aside, l.user.Home)
				l.tool("rm", "-r", aside)
			default:
				l.ownDisk(tt.size, tt.kind)
			}
			tr := enrolled(l)
			for range 2 {
				dir := tr.dir("many")
				for i := range 20_000 {
					tr.must(unix.Mknod(dir+"/name "+strconv.Itoa(i), unix.S_IFREG|0o600, 0))
				}
				levels(tr)
				names(tr)
				attributes(tr)
				closedFolders(tr)
				tr.must(unix.Chmod(tr.user.Home, 0o700))
				typesChangedAgain(tr)
				tr.back()
				tr.status(exitDone)
			}
			if tt.kind == "btrfs" {
				subvolumes(tr)
			}
		})
	}
}

func typesChangedAgain(tr *trial) {
	tr.must(unix.Chmod(tr.path("kept"), 0o755))
	tr.must(unix.Chmod(tr.path("kept/deep"), 0o755))
	typesChanged(tr)
}

// subvolumes makes file systems within the file system, as an account may, without a mount. Each numbers its files from
// the start, so that their numbers are those of the home's own.
func subvolumes(tr *trial) {
	tr.tool("chown", strings.Join([]string{strconv.Itoa(int(tr.user.UID)), strconv.Itoa(int(tr.user.GID))}, ":"), tr.user.Home)
	tr.as(`btrfs -q subvolume create sub; echo trace > sub/trace; mkdir a; btrfs -q subvolume create a/sub; echo trace > a/sub/trace
		rm -r kept; btrfs -q subvolume create kept; echo trace > kept/f0; btrfs -q subvolume snapshot a/sub kept/deep`)
	tr.back()
	tr.status(exitDone)
}
