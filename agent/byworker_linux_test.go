package agent_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/agent/worker"
	"ipguard/agent/worker/workertest"
	"ipguard/browser/browsertest"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe"
	"ipguard/wipe/catalog"
)

func TestMain(m *testing.M) {
	workertest.Serve()
	os.Exit(m.Run())
}

// desk is an agent with all rights and a real account.
type desk struct {
	testing.TB
	*agent.Agent
	user    browsertest.User
	account wipe.Account
	before  map[string]string // the home as enrolled
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{TB: t, user: browsertest.NewUser(t)}
	dir, err := os.MkdirTemp("", "ipgt-state-")
	d.must(err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	d.must(os.Chmod(dir, 0o755))
	st, err := state.Open(filepath.Join(dir, "state"))
	d.must(err)
	arts, err := catalog.Load()
	d.must(err)
	d.Agent = &agent.Agent{
		GOOS: "linux", Machine: host.New("linux"), State: st, Policy: policy.Default(), Catalog: arts, Now: time.Now,
		PID: os.Getpid(), Root: true, WorkerLimits: worker.Limits{Silence: time.Second},
	}
	d.file("Documents/form.odt", 0o600)
	d.file(".config/app/rc", 0o600)
	d.file("closed/kept", 0o400)
	d.must(os.Chmod(filepath.Join(d.user.Home, "closed"), 0o500))
	d.account, err = d.Account(d.user.Name)
	d.must(err)
	_, err = d.Enroll(t.Context(), agent.EnrollRequest{Account: d.account})
	d.must(err)
	d.before = d.home()
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// file makes a file of the account, with its folders.
func (d *desk) file(rel string, mode fs.FileMode) {
	d.Helper()
	path := filepath.Join(d.user.Home, rel)
	for dir := filepath.Dir(path); dir != d.user.Home; dir = filepath.Dir(dir) {
		d.must(os.MkdirAll(dir, 0o755))
		d.must(os.Chown(dir, int(d.user.UID), int(d.user.GID)))
	}
	d.must(os.WriteFile(path, []byte("content of "+rel), mode))
	d.must(os.Chown(path, int(d.user.UID), int(d.user.GID)))
}

// session leaves files that the account can remove and files that it cannot.
func (d *desk) session() {
	d.Helper()
	for i := range 30 {
		for k := range 20 {
			d.file(fmt.Sprintf("stray/%d/%d", i, k), 0o600)
		}
	}
	d.file(".config/app/rc", 0o600)
	d.file("stray/closed/file", 0o400)
	d.must(os.Chmod(filepath.Join(d.user.Home, "stray/closed"), 0))
	roots := filepath.Join(d.user.Home, "stray/of-root")
	d.must(os.Mkdir(roots, 0o700))
	d.must(os.WriteFile(filepath.Join(roots, "file"), []byte("trace"), 0o600))
	d.must(os.Link(filepath.Join(d.user.Home, "stray/0/0"), filepath.Join(d.user.Home, "second-name")))
	d.must(os.WriteFile(filepath.Join(d.user.Home, ".config/app/rc"), []byte("changed"), 0o600))
}

// home describes everything in the home.
func (d *desk) home() map[string]string {
	d.Helper()
	all := map[string]string{}
	d.must(filepath.WalkDir(d.user.Home, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		st, size := info.Sys().(*syscall.Stat_t), info.Size()
		if info.IsDir() {
			size = 0 // how long it was once
		}
		all[strings.TrimPrefix(path, d.user.Home)] = fmt.Sprint(info.Mode(), st.Uid, st.Gid, size, info.ModTime().UnixNano())
		return nil
	}))
	return all
}

// clean wipes and fails the test unless everything is as enrolled and nothing of a worker is left.
func (d *desk) clean() wipe.Report {
	d.Helper()
	rep, err := d.Wipe(d.Context(), agent.Request{Account: d.account, Documents: agent.Refuse})
	d.must(err)
	if rep.Verdict != wipe.Complete {
		d.Errorf("verdict %q, want complete: %+v", rep.Verdict, rep.Results)
	}
	if diff := cmp.Diff(d.before, d.home()); diff != "" {
		d.Errorf("the home is not as enrolled (-want +got):\n%s", diff)
	}
	if pids := d.user.Processes(); len(pids) > 0 {
		d.Errorf("%d processes of the account are left", len(pids))
	}
	var stacks strings.Builder
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stacks.Reset()
		d.must(pprof.Lookup("goroutine").WriteTo(&stacks, 1))
		if !strings.Contains(stacks.String(), "agent/worker.") && !strings.Contains(stacks.String(), "StartAs") {
			return rep
		}
	}
	d.Errorf("goroutines are left:\n%s", stacks.String())
	return rep
}

// The rows of a report are the same whoever did the work, and a second process does not make them more.
func TestWorkerChangesNoReport(t *testing.T) {
	d := newDesk(t)
	d.session()
	want := d.clean()
	var said sync.Map
	d.StartWorker = func(ctx context.Context, acct host.Account) (worker.Process, error) {
		p, err := workertest.Start(workertest.True)(ctx, acct)
		return listener{p, &said}, err
	}
	d.session()
	got := d.clean()
	if _, some := said.Load("unlink"); !some {
		t.Error("the worker said nothing of what it removed")
	}
	if diff := cmp.Diff(want.Results, got.Results); diff != "" {
		t.Errorf("with a worker the report is another (-without +with):\n%s", diff)
	}
	if diff := cmp.Diff(want.Media, got.Media); diff != "" {
		t.Errorf("with a worker the media are others (-without +with):\n%s", diff)
	}
}

// listener notes of which phases a worker told.
type listener struct {
	worker.Process
	said *sync.Map
}

func (l listener) Read(b []byte) (int, error) {
	n, err := l.Process.Read(b)
	for _, p := range []string{"overwrite", "unlink", "clear"} {
		if strings.Contains(string(b[:n]), p) {
			l.said.Store(p, true)
		}
	}
	return n, err
}

// A worker that lies, says nothing or cannot be understood changes nothing but who does the work.
func TestHostileWorkers(t *testing.T) {
	d := newDesk(t)
	for _, m := range workertest.Modes() {
		t.Run(string(m), func(t *testing.T) {
			d.TB = t
			d.StartWorker = workertest.Start(m)
			d.session()
			rep := d.clean()
			for _, r := range rep.Results {
				if r.Count < 0 || r.Count > 100_000 || r.Bytes < 0 || r.Artifact == "no.such/artifact" {
					t.Errorf("the report has %+v", r)
				}
			}
		})
	}
}

// A worker that is killed or stopped while it works, by the account or by chance, changes nothing but who does the work.
func TestWorkerEndsEarly(t *testing.T) {
	d := newDesk(t)
	d.WorkerLimits.Silence = 200 * time.Millisecond
	d.StartWorker = workertest.Start(workertest.True)
	d.session()
	start := time.Now()
	d.clean()
	took := time.Since(start)
	rounds := map[syscall.Signal]int{syscall.SIGKILL: 15, syscall.SIGSTOP: 5}
	for _, sig := range slices.Sorted(maps.Keys(rounds)) {
		var hit atomic.Int32
		for range rounds[sig] {
			d.StartWorker = func(ctx context.Context, acct host.Account) (worker.Process, error) {
				p, err := host.StartAs(ctx, acct, []string{string(workertest.True)})
				if err != nil {
					return nil, err
				}
				// The descriptor stands for this process whatever has its number later.
				fd, err := unix.PidfdOpen(p.PID(), 0)
				if err != nil {
					return p, nil
				}
				time.AfterFunc(time.Duration(rand.Int64N(int64(took)/2)), func() {
					defer unix.Close(fd)
					if unix.PidfdSendSignal(fd, sig, nil, 0) == nil {
						hit.Add(1)
					}
				})
				return p, nil
			}
			d.session()
			d.clean()
		}
		t.Logf("%v reached %d of %d workers of wipes of %v", sig, hit.Load(), rounds[sig], took)
	}
}
