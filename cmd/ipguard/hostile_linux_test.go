package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// trial is an enrolled account in whose home something hostile is planted, beside a folder that is none of its business.
type trial struct {
	*laptop
	home    map[string]string // the home as enrolled
	outside string            // a folder of others on the same file system
	world   map[string]string // that folder as it was
}

// newTrial enrolls a new account with a few files in its baseline.
func newTrial(t testing.TB) *trial {
	t.Helper()
	return enrolled(newLaptop(t))
}

func enrolled(l *laptop) *trial {
	l.Helper()
	l.as(`mkdir -p .config/app .config/autostart kept/deep Templates
		echo setting > .config/app/rc; printf '#!/bin/sh\n' > kept/run.sh; chmod 755 kept/run.sh; ln -s kept/f0 link
		for i in 0 1 2 3 4 5 6 7 8 9; do echo kept $i > kept/f$i; echo deep $i > kept/deep/f$i; done
		chmod 640 kept/f1; touch -d 2025-03-04T05:06:07.891 kept/f2 kept/deep kept`)
	tr := &trial{laptop: l, outside: strangers(l, "")}
	l.enroll()
	tr.home, tr.world = snapshot(l, l.user.Home), snapshot(l, tr.outside)
	return tr
}

// strangers makes a folder with files of root and of others that a wipe has no right to change.
func strangers(l *laptop, parent string) string {
	l.Helper()
	dir, err := os.MkdirTemp(parent, "ipgt-outside-")
	l.must(err)
	l.Cleanup(func() { os.RemoveAll(dir) })
	bashrc, err := os.ReadFile(l.path(".bashrc"))
	l.must(err)
	for name, content := range map[string]string{
		"secret": "secret", "bashrc": string(bashrc), "kept/f0": "kept 0\n", "kept/f1": "outside 1", "kept/deep/f0": "outside",
		"other/file": "of nobody", "program": "#!/bin/sh\n",
	} {
		l.must(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		l.must(os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	l.must(os.Chmod(filepath.Join(dir, "secret"), 0o600))
	l.must(unix.Chmod(filepath.Join(dir, "program"), 0o4755))
	l.must(os.Chown(filepath.Join(dir, "other", "file"), 65534, 65534))
	l.must(os.Symlink("secret", filepath.Join(dir, "link")))
	l.must(os.Chmod(dir, 0o755))
	return dir
}

func (l *laptop) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// in makes t the test that the trial reports to.
func (tr *trial) in(t *testing.T) *trial {
	tr.TB = t
	return tr
}

// back wipes: it must end complete, with the home as enrolled and nothing changed outside.
func (tr *trial) back(args ...string) result {
	tr.Helper()
	r := tr.wipe(exitDone, args...)
	if r.answer.Result != "complete" || r.answer.Totals.Residual != 0 {
		tr.Errorf("result %q, %d residual\n%s", r.answer.Result, r.answer.Totals.Residual, r.out)
	}
	same(tr, tr.user.Home, tr.home)
	same(tr, tr.outside, tr.world)
	return r
}

// notBack wipes: it must end incomplete for this reason, with nothing changed outside.
func (tr *trial) notBack(code string) result {
	tr.Helper()
	r := tr.wipe(exitIncomplete)
	if r.answer.Result != "incomplete" || !r.has("residual", code) {
		tr.Errorf("result %q, want incomplete with a residual %s\n%s", r.answer.Result, code, r.out)
	}
	same(tr, tr.outside, tr.world)
	return r
}

// file makes a file of the account with the rights of root, so that its name may be anything.
func (tr *trial) file(rel, content string) string {
	tr.Helper()
	path := tr.path(rel)
	tr.must(os.MkdirAll(filepath.Dir(path), 0o755))
	tr.must(os.WriteFile(path, []byte(content), 0o644))
	tr.must(os.Lchown(path, int(tr.user.UID), int(tr.user.GID)))
	return path
}

// dir makes a folder of the account.
func (tr *trial) dir(rel string) string {
	tr.Helper()
	path := tr.path(rel)
	tr.must(os.MkdirAll(path, 0o755))
	tr.must(os.Lchown(path, int(tr.user.UID), int(tr.user.GID)))
	return path
}

// measured wipes and returns the largest memory in KiB that the program had. The kernel's own figure for a child counts
// the memory of the process that started it, so that this one asks the program's own high-water mark.
func (tr *trial) measured(want int) (result, int) {
	tr.Helper()
	cmd := tr.command("wipe", "--account", tr.user.Name, "--yes")
	peak := 0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			if p := cmd.Process; p != nil {
				peak = max(peak, highWater(p.Pid))
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	r := tr.run(cmd)
	close(stop)
	<-stopped
	if r.code != want {
		tr.Fatalf("wipe: exit %d, want %d\n%s%s", r.code, want, r.out, r.err)
	}
	return r, peak
}

// command is the program as root would run it.
func (l *laptop) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(programEnv), l.args(args)...)
	cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
	return cmd
}

// privateMounts gives the test a mount name space of its own: whatever happens, no mount stays on the machine. It holds
// for programs that the test starts, not for its subtests.
func (l *laptop) privateMounts() {
	l.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	l.must(unix.Unshare(unix.CLONE_NEWNS))
	l.must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

func (l *laptop) mount(source, target, kind string, flags uintptr, data string) {
	l.Helper()
	l.must(unix.Mount(source, target, kind, flags, data))
	l.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
}

// disk mounts a new file system of its own over a folder. It needs privateMounts.
func (l *laptop) disk(target, size, kind string, args ...string) {
	l.Helper()
	dir, err := os.MkdirTemp("", "ipgt-disk-")
	l.must(err)
	l.Cleanup(func() { os.RemoveAll(dir) })
	image := filepath.Join(dir, "image")
	l.tool("truncate", "-s", size, image)
	l.tool("mkfs."+kind, append(args, "-q", image)...)
	l.tool("mount", "-o", "loop", image, target)
	l.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
}

// ownDisk moves the home of a fresh account to a file system of its own.
func (l *laptop) ownDisk(size, kind string, args ...string) {
	l.Helper()
	l.privateMounts()
	aside := l.user.Home + ".aside"
	l.tool("cp", "-a", l.user.Home, aside)
	l.disk(l.user.Home, size, kind, args...)
	l.tool("cp", "-a", "-T", aside, l.user.Home)
	l.tool("rm", "-r", aside)
}

func (l *laptop) tool(name string, args ...string) {
	l.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.Fatalf("%s: %v %s (install e2fsprogs, xfsprogs, btrfs-progs, mount)", name, err, out)
	}
}

// mounted says whether something is mounted there, without asking it.
func mounted(t testing.TB, point string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\n", `\012`, "\t", `\011`).Replace(point)
	return bytes.Contains(text, []byte(" "+escaped+" "))
}

// full says whether all rounds of what takes long are wanted.
func full() bool { return os.Getenv("IPGUARD_TEST_ROUNDS") == "full" }
