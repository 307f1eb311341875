package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// In folders that everybody may write to, those that every system has and those of this laptop, what the account owns
// goes and nothing else does.
func TestHostileSharedFolders(t *testing.T) {
	l := newLaptop(t)
	shared, err := os.MkdirTemp("/srv", "ipgt-shared-")
	l.must(err)
	t.Cleanup(func() { os.RemoveAll(shared) })
	l.must(unix.Chmod(shared, 0o1777))
	dirs := []string{shared}
	for _, top := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		dir, err := os.MkdirTemp(top, "ipgt-shared-")
		l.must(err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		l.must(unix.Chmod(dir, 0o777))
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		for _, name := range []string{"of root", "of others", "folder/of root", "folder/of others"} {
			l.must(os.MkdirAll(filepath.Join(dir, "folder"), 0o777))
			l.must(unix.Chmod(filepath.Join(dir, "folder"), 0o777))
			l.must(os.WriteFile(filepath.Join(dir, name), []byte("not the account's"), 0o666))
		}
		for _, name := range []string{"of others", "folder/of others"} {
			l.must(os.Chown(filepath.Join(dir, name), 65534, 65534))
		}
		l.must(os.Symlink("/", filepath.Join(dir, "link of root")))
	}
	tr := enrolled(l)
	before := map[string]map[string]string{}
	for _, dir := range dirs {
		before[dir] = settled(snapshot(t, dir))
	}
	for _, dir := range dirs {
		tr.as(fmt.Sprintf(`cd %s; echo trace > -trace; mkdir -p mine/deep; echo trace > mine/deep/trace; chmod 0 mine/deep; ln -s / l
			echo trace > "folder/trace"; mkdir folder/mine; echo trace > folder/mine/trace; mkfifo fifo; ln -s %s mine/out`, dir, tr.outside))
		// A link in a folder of the account to a file of root, and a folder of the account that holds one.
		tr.must(os.Link(filepath.Join(dir, "of root"), filepath.Join(dir, "mine", "hard")))
	}
	tr.status(exitNotClean)
	r := tr.back()
	if !r.has("skipped", "foreign_owner") {
		t.Errorf("the file of root in a folder of the account is not told\n%s", r.out)
	}
	for _, dir := range dirs {
		tr.must(os.RemoveAll(filepath.Join(dir, "mine"))) // it holds a file of root
		if diff := difference(before[dir], settled(snapshot(t, dir))); diff != "" {
			t.Errorf("%s changed: %s", dir, diff)
		}
	}
	tr.status(exitDone)
}

// settled leaves the folders' times out: removing a name changes them.
func settled(all map[string]string) map[string]string {
	for name, what := range all {
		if what[0] == 'd' {
			all[name] = what[:len(what)-len("2006-01-02T15:04:05Z")]
			for i := range what {
				if what[i] == 'Z' || i > 8 && what[i-8:i] == " 0:0 202" {
					all[name] = what[:i-4]
					break
				}
			}
		}
	}
	return all
}

func difference(want, got map[string]string) string {
	for name := range want {
		if got[name] != want[name] {
			return fmt.Sprintf("%q: %q, was %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			return fmt.Sprintf("%q is new", name)
		}
	}
	return ""
}

// systemFile is a place under a folder of the system that belongs to the account alone; %s is its name.
func systemFiles(l *laptop) []string {
	var all []string
	for _, pattern := range []string{
		"/var/spool/cron/crontabs/%s", "/var/lib/systemd/linger/%s", "/var/lib/AccountsService/users/%s", "/var/lib/AccountsService/icons/%s",
	} {
		all = append(all, fmt.Sprintf(pattern, l.user.Name))
	}
	return all
}

// folders makes the folders of the system that are not there, and takes them away again.
func (l *laptop) folders(paths ...string) {
	l.Helper()
	for _, p := range paths {
		var missing []string
		for dir := filepath.Dir(p); ; dir = filepath.Dir(dir) {
			if _, err := os.Lstat(dir); err == nil {
				break
			}
			missing = append(missing, dir)
		}
		l.must(os.MkdirAll(filepath.Dir(p), 0o755))
		l.Cleanup(func() {
			os.Remove(p)
			for _, dir := range missing {
				os.Remove(dir) // only if nobody else uses it by now
			}
		})
	}
}

func (l *laptop) write(path, content string, mode os.FileMode, uid uint32) {
	l.Helper()
	l.must(os.WriteFile(path, []byte(content), mode))
	l.must(os.Chmod(path, mode))
	l.must(os.Chown(path, int(uid), 0))
	when := time.Date(2025, 6, 7, 8, 9, 10, 11, time.UTC)
	l.must(os.Chtimes(path, when, when))
}

// Jobs, leave to linger and what the log-in screen knows are outside the home: what a session adds goes, what was
// enrolled comes back, and what others have beside it, and the folder itself, do not change.
func TestHostileSchedules(t *testing.T) {
	l := newLaptop(t)
	files := systemFiles(l)
	at := fmt.Sprintf("/var/spool/cron/atjobs/a%05x%08x", l.user.UID, l.user.UID)
	l.folders(append(files, at)...)
	other := "ipgt-other-" + strconv.Itoa(int(l.user.UID))
	var others []string
	for _, f := range append([]string{at}, files...) {
		others = append(others, filepath.Join(filepath.Dir(f), other))
	}
	tr := enrolled(l)
	tr.folders(others...)
	for _, enrolledToo := range []bool{false, true} {
		want := map[string]string{}
		if enrolledToo {
			for _, f := range files {
				tr.write(f, "enrolled", 0o600, tr.user.UID)
			}
			tr.enroll()
		}
		for _, f := range files {
			if info, err := os.Lstat(f); err == nil {
				want[f] = info.Mode().String() + info.ModTime().String()
			}
		}
		for _, session := range []func(f string){
			func(f string) { tr.write(f, "trace", 0o644, tr.user.UID) },
			func(f string) { os.Remove(f) },
			func(f string) { os.Remove(f); tr.must(os.Symlink(filepath.Join(tr.outside, "secret"), f)) },
			func(f string) { os.Remove(f); tr.must(os.Link(filepath.Join(tr.outside, "kept/f1"), f)) },
		} {
			for _, f := range files {
				session(f)
			}
			tr.write(at, "trace", 0o700, tr.user.UID)
			for _, f := range others {
				tr.write(f, "of others", 0o600, 0)
			}
			// The administrator changes the folder's rights between enrollment and wipe.
			moved := time.Now().Add(-time.Minute)
			tr.must(os.Chtimes(filepath.Dir(files[0]), moved, moved))
			tr.must(unix.Chmod(filepath.Dir(files[0]), 0o1730))
			// What a wipe that was killed left, and what only looks like it.
			temp := filepath.Join(filepath.Dir(files[0]), ".ipguard-"+rand.Text())
			tr.write(temp, "trace", 0o600, 0)
			tr.back()
			tr.checkSystem(files, want)
			if _, err := os.Lstat(temp); err == nil {
				os.Remove(temp)
				t.Error("what a killed wipe left is still there")
			}
			if _, err := os.Lstat(at); err == nil {
				t.Error("a job of the account is still there")
			}
			for _, f := range others {
				if content, err := os.ReadFile(f); err != nil || string(content) != "of others" {
					t.Errorf("what others have is not as it was: %q, %v", content, err)
				}
			}
			info, err := os.Stat(filepath.Dir(files[0]))
			if err != nil || info.Mode().Perm() != 0o730 || info.ModTime().Before(moved.Add(-time.Second)) {
				t.Errorf("the folder of the system is not as the administrator left it: %v, %v", info.Mode(), info.ModTime())
			}
			tr.must(unix.Chmod(filepath.Dir(files[0]), 0o755))
		}
	}
}

func (tr *trial) checkSystem(files []string, want map[string]string) {
	tr.Helper()
	for _, f := range files {
		got := ""
		if info, err := os.Lstat(f); err == nil {
			got = info.Mode().String() + info.ModTime().String()
			if content, err := os.ReadFile(f); err != nil || string(content) != "enrolled" {
				tr.Errorf("%s: content %q, %v", filepath.Dir(f), content, err)
			}
		}
		if got != want[f] {
			tr.Errorf("%s: %q, want %q", filepath.Dir(f), got, want[f])
		}
	}
}
