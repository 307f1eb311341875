package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever somebody makes of a home goes, the baseline comes back, and nobody else's things change.
func TestHostileFiles(t *testing.T) {
	tr := newTrial(t)
	for _, tt := range []struct {
		name  string
		plant func(*trial)
		erase int64 // bytes at least
	}{
		{name: "special files", plant: specialFiles},
		{name: "large files", plant: largeFiles, erase: 1<<40 + 1<<30},
		{name: "levels", plant: levels},
		{name: "names", plant: names},
		{name: "owners", plant: owners},
		{name: "closed folders", plant: closedFolders},
		{name: "links", plant: links},
		{name: "hard links", plant: hardLinks},
		{name: "folders that are elsewhere", plant: userDirs},
		{name: "attributes", plant: attributes},
		{name: "types changed", plant: typesChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr.in(t)
			tt.plant(tr)
			tr.status(exitNotClean)
			r := tr.back()
			if r.answer.Totals.Bytes < tt.erase {
				t.Errorf("%d bytes erased, want %d at least", r.answer.Totals.Bytes, tt.erase)
			}
			tr.status(exitDone)
		})
	}
}

func specialFiles(tr *trial) {
	for _, name := range []string{"fifo", "dir/fifo", ".config/user-dirs.dirs", ".mozilla/firefox/profiles.ini", ".config/chromium/Local State"} {
		tr.must(os.MkdirAll(filepath.Dir(tr.path(name)), 0o755))
		tr.must(unix.Mkfifo(tr.path(name), 0o600))
	}
	l, err := net.Listen("unix", tr.path("socket"))
	tr.must(err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	tr.must(unix.Mknod(tr.path("null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	tr.must(unix.Mknod(tr.path("disk"), unix.S_IFBLK|0o666, int(unix.Mkdev(7, 255))))
	for _, kept := range []string{".bashrc", "kept/f0"} {
		tr.must(os.Remove(tr.path(kept)))
		tr.must(unix.Mkfifo(tr.path(kept), 0o666))
	}
}

func largeFiles(tr *trial) {
	tr.must(os.Truncate(tr.file("sparse", ""), 1<<40))
	f, err := os.OpenFile(tr.file("big", ""), os.O_WRONLY, 0)
	tr.must(err)
	defer f.Close()
	tr.must(unix.Fallocate(int(f.Fd()), 0, 0, 1<<30))
	_, err = f.WriteAt([]byte("traces"), 1<<30-6)
	tr.must(err)
	tr.must(os.Truncate(tr.path("kept/f3"), 1<<35)) // a sparse file where a small one belongs
}

// levels makes paths that are much longer than the system can name.
func levels(tr *trial) {
	for top, depth := range map[string]int{"deep60": 60, "deep300": 300} {
		fd, err := unix.Open(tr.dir(top), unix.O_DIRECTORY|unix.O_RDONLY, 0)
		tr.must(err)
		for i := range depth {
			name := fmt.Sprintf("%d %s", i, strings.Repeat("d", 200))
			tr.must(unix.Mkdirat(fd, name, 0o700))
			tr.must(unix.Mknodat(fd, "file", unix.S_IFREG|0o600, 0))
			sub, err := unix.Openat(fd, name, unix.O_DIRECTORY|unix.O_RDONLY, 0)
			tr.must(err)
			tr.must(unix.Fchown(sub, int(tr.user.UID), int(tr.user.GID)))
			unix.Close(fd)
			fd = sub
		}
		unix.Close(fd)
	}
}

func names(tr *trial) {
	for _, name := range []string{
		"-rf", "--", "-", "line\nbreak", "\xff\xfe\x80", "caf\xe9.odt", strings.Repeat("n", 255), strings.Repeat("\xf0", 255), " ", "tab\t",
		"back\\slash", "*", "?[", "$(reboot)", "..x", "...", ".ipguard-x", "quote'\"", "\x01\x7f\x1b[2J", "é", "CON", "a:b",
	} {
		tr.file(name, "trace")
		tr.file("kept/deep/"+name, "trace")
		tr.file("folder "+name[:min(len(name), 200)]+"/"+name, "trace")
	}
}

// owners makes files of root and of the numbers that a container of the account has, as no wipe of its own rights could
// remove.
func owners(tr *trial) {
	for i, owner := range []int{0, 165_536, 231_071, 65534} {
		dir := tr.dir(fmt.Sprintf("container/%d", i))
		for _, name := range []string{"file", "program", "sub/file"} {
			tr.must(os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
			tr.must(os.WriteFile(filepath.Join(dir, name), []byte("trace"), 0o600))
			tr.must(os.Lchown(filepath.Join(dir, name), owner, owner))
		}
		tr.must(unix.Chmod(filepath.Join(dir, "program"), 0o6755))
		tr.must(os.Lchown(filepath.Join(dir, "sub"), owner, owner))
		tr.must(os.Lchown(dir, owner, owner))
		tr.must(os.Chmod(dir, 0))
	}
	tr.must(os.WriteFile(tr.path("of root"), nil, 0))
	for _, kept := range []string{"kept/f4", "kept/deep", "kept/run.sh", "link"} {
		tr.must(os.Lchown(tr.path(kept), 165_536, 165_536))
	}
	tr.must(unix.Chmod(tr.path("kept/run.sh"), 0o4755))
}

func closedFolders(tr *trial) {
	tr.as(`mkdir -p closed/in; echo trace > closed/in/file; chmod 400 closed/in/file; chmod 0 closed/in; chmod 111 closed
		rm kept/deep/f5; chmod 0 kept/deep/f6 kept/deep; chmod 555 kept; chmod 0 .`)
}

// links leads from the home to where nothing may change, and from stray names to kept files.
func links(tr *trial) {
	tr.as(`out=` + tr.outside + `
		ln -s $out outside; ln -s $out/secret secret; ln -s / root; ln -s ../../../../../../.. up; ln -s . self; ln -s loop loop
		ln -s nowhere dangling; ln -s $HOME/kept/f0 inside; mkdir d; ln -s $out d/outside; ln -s ../kept d/kept; ln -s /proc/self/root d/proc
		rm -r kept; ln -s $out/kept kept; rm .bashrc; ln -s $out/bashrc .bashrc; rm -r .config/app; ln -s $out .config/app
		ln -sf $out/kept/f1 link; mv .config .cfg; ln -s .cfg .config`)
}

// hardLinks gives other people's files a name in the home, also in place of files of the baseline with their very content.
func hardLinks(tr *trial) {
	out := func(name string) string { return filepath.Join(tr.outside, name) }
	for at, to := range map[string]string{
		"hard": "secret", "program": "program", "d/other": "other/file", ".bashrc": "bashrc", "kept/f0": "kept/f0", "kept/run.sh": "program",
	} {
		tr.must(os.MkdirAll(filepath.Dir(tr.path(at)), 0o755))
		if _, err := os.Lstat(tr.path(at)); err == nil {
			tr.must(os.Remove(tr.path(at)))
		}
		tr.must(os.Link(out(to), tr.path(at)))
	}
	tr.as(`ln kept/f7 second; mkdir hidden; ln kept/f8 hidden/f8; ln kept/f9 kept/f10; mv kept/f9 hidden/`)
}

// userDirs says that the personal folders lie elsewhere, as a hostile session would to have them wiped there.
func userDirs(tr *trial) {
	var text strings.Builder
	for i, kind := range []string{"DESKTOP", "DOWNLOAD", "DOCUMENTS", "PICTURES", "PUBLICSHARE", "TEMPLATES"} {
		dirs := []string{tr.outside, "$HOME/../../" + filepath.Base(tr.outside), "/", "$HOME", "$HOME/kept/..", "$HOME/linked"}
		fmt.Fprintf(&text, "XDG_%s_DIR=\"%s\"\n", kind, dirs[i])
	}
	tr.file(".config/user-dirs.dirs", text.String())
	tr.must(os.Symlink(tr.outside, tr.path("linked")))
	tr.file(".mozilla/firefox/profiles.ini", "[Profile0]\nName=x\nIsRelative=0\nPath="+tr.outside+"\nDefault=1\n")
}

func attributes(tr *trial) {
	for _, name := range []string{"kept/f0", "kept", "."} {
		tr.must(unix.Setxattr(tr.path(name), "user.xdg.origin.url", []byte("trace"), 0))
	}
	acl := "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x07\x00\xfe\xff\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff" +
		"\x10\x00\x07\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff"
	tr.must(unix.Setxattr(tr.path("kept/f1"), "system.posix_acl_access", []byte(acl), 0))
	tr.must(unix.Setxattr(tr.path("kept/deep"), "system.posix_acl_default", []byte(acl), 0))
	tr.as(`touch -d 2001-01-01 kept/f2 .bashrc; touch -d 2040-01-01 kept/deep/f1; chmod 777 kept/f3 kept/deep; chmod 4755 kept/f4`)
}

func typesChanged(tr *trial) {
	tr.as(`rm kept/f0; mkdir -p kept/f0/f0; echo trace > kept/f0/f0/x; rm -r kept/deep; echo trace > kept/deep
		rm link; mkdir link; rm .profile; ln -s kept .profile; rm -r Templates; ln -s kept Templates`)
}
