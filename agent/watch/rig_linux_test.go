package watch

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ipguard/devices/host"
	"ipguard/wipe"
)

// patience is how long a test waits for what must come; it is no measure of anything.
const patience = 60 * time.Second

// rig is a watcher of one account whose home is a temporary folder.
type rig struct {
	testing.TB
	home    string
	w       *Watcher
	out     chan Change
	acct    Account
	folders atomic.Pointer[[]Folder]
	asked   atomic.Int64
	hold    atomic.Pointer[chan struct{}] // while there is one, Folders waits for it
	passes  atomic.Int64
	ctx     context.Context
}

func downloads() Folder { return Folder{"Downloads", wipe.ClassDownloads} }

// quick are options that make tests short.
func quick() Options {
	return Options{Quiet: 20 * time.Millisecond, Most: 100 * time.Millisecond, Longest: time.Second, Scan: 200 * time.Millisecond}
}

// newRig prepares a rig; start starts it.
func newRig(t testing.TB, opt Options, folders ...Folder) *rig {
	t.Helper()
	opt.Mounts = host.New("linux").Mounts
	r := &rig{TB: t, home: t.TempDir(), out: make(chan Change), w: New(opt), ctx: t.Context()}
	r.folders.Store(&folders)
	r.w.seen = func(pass) { r.passes.Add(1) }
	r.acct = Account{ID: "1000", Home: r.home, Layout: []string{".config/user-dirs.dirs"}}
	r.acct.Folders = func(context.Context) ([]Folder, error) {
		r.asked.Add(1)
		if hold := r.hold.Load(); hold != nil {
			<-*hold
		}
		return *r.folders.Load(), nil
	}
	return r
}

// start runs the watcher, and returns the first Change. When the test ends nothing of the watcher may be left.
func (r *rig) start() Change {
	r.Helper()
	before := descriptors(r)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	r.w.Set([]Account{r.acct})
	go func() { ended <- r.w.Run(ctx, r.out) }()
	r.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.Errorf("Run: %v", err)
		}
		left := ""
		for range 100 {
			if left = goroutines(); left == "" {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if left != "" {
			r.Errorf("goroutines are left:\n%s", left)
		}
		if after := descriptors(r); after > before {
			r.Errorf("%d descriptors, %d before", after, before)
		}
	})
	return r.await("the first change", func(Change) bool { return true })
}

// await returns the first Change that is as wanted.
func (r *rig) await(what string, wanted func(Change) bool) Change {
	r.Helper()
	late := time.After(patience)
	var last Change
	for {
		select {
		case last = <-r.out:
			if wanted(last) {
				return last
			}
		case <-late:
			r.Fatalf("%s did not come; the last change was %+v", what, last)
		}
	}
}

// counted waits until as many new documents are told.
func (r *rig) counted(class wipe.Class, n int) Change {
	r.Helper()
	return r.await(strconv.Itoa(n)+" new in "+string(class), func(c Change) bool { return c.New[class] == n })
}

// still fails when a Change comes that says that the session is used, and returns the last that came.
func (r *rig) still(d time.Duration) (last Change) {
	r.Helper()
	for end := time.After(d); ; {
		select {
		case last = <-r.out:
			if last.Used {
				r.Errorf("used although nothing happened: %+v", last)
			}
		case <-end:
			return last
		}
	}
}

func (r *rig) path(rel string) string { return filepath.Join(r.home, rel) }

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) dir(rel string) string {
	r.Helper()
	r.must(os.MkdirAll(r.path(rel), 0o755))
	return r.path(rel)
}

func (r *rig) file(rel string) {
	r.Helper()
	r.must(os.WriteFile(r.path(rel), []byte("document"), 0o644))
}

func (r *rig) rename(from, to string) { r.Helper(); r.must(os.Rename(r.path(from), r.path(to))) }

// child runs this test program again as another process that plays a role; see TestMain.
func (r *rig) child(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WATCH_ROLE="+role, "WATCH_ARGS="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	return cmd
}

// within runs the test in a new process with name spaces of its own, and tells whether this is that process.
func within(t *testing.T, flags uintptr) bool {
	t.Helper()
	if os.Getenv("WATCH_WITHIN") == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), "WATCH_WITHIN="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&syscall.CLONE_NEWUSER != 0 {
		ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = ids, ids
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("needs root and name spaces: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	return false
}

// goroutines returns the stacks of what this package and its library run.
func goroutines() string {
	buf := make([]byte, 1<<20)
	var found []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(stack, "fsnotify.(") || strings.Contains(stack, "watch.(*actor)") || strings.Contains(stack, "watch.(*Watcher)") {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// inodes returns the inodes that the kernel watches for this process, as it says itself.
func inodes(t testing.TB) []uint64 {
	t.Helper()
	infos, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	var all []uint64
	for _, info := range infos {
		text, _ := os.ReadFile(info) // some are closed by now
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 2 && f[0] == "inotify" {
				n, err := strconv.ParseUint(strings.TrimPrefix(f[2], "ino:"), 16, 64)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, n)
			}
		}
	}
	return all
}

// isWatched tells whether the kernel watches what a path stands for, links followed.
func isWatched(t testing.TB, path string) bool {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return slices.Contains(inodes(t), st.Ino)
}

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestMain(m *testing.M) {
	args := strings.Split(os.Getenv("WATCH_ARGS"), "\n")
	switch os.Getenv("WATCH_ROLE") {
	case "":
		os.Exit(m.Run())
	case "drop": // folder, number
		n, _ := strconv.Atoi(args[1])
		for i := range n {
			if err := os.WriteFile(filepath.Join(args[0], "document"+strconv.Itoa(i)+".pdf"), []byte("content"), 0o600); err != nil {
				panic(err)
			}
		}
	case "churn": // folders: creates and deletes in them until it is ended
		for i := 0; ; i++ {
			dir := args[i%len(args)]
			_ = os.WriteFile(filepath.Join(dir, "churn"), nil, 0o600)
			_ = os.Remove(filepath.Join(dir, "churn"))
			_ = os.Mkdir(filepath.Join(dir, "churned"), 0o700)
			_ = os.Remove(filepath.Join(dir, "churned"))
		}
	}
}
