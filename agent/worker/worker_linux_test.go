package worker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipguard/agent/worker"
	"ipguard/agent/worker/workertest"
	"ipguard/browser/browsertest"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/erase"
	"ipguard/wipe/execute"
	"ipguard/wipe/locate"
)

func TestMain(m *testing.M) {
	workertest.Serve()
	os.Exit(m.Run())
}

// rig is an account and a plan for its home, of which nothing belongs to a baseline.
type rig struct {
	testing.TB
	user    browsertest.User
	account host.Account
	exec    *execute.Executor
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t, user: browsertest.NewUser(t)}
	var err error
	r.account, err = host.New("linux").LookupAccount(r.user.Name)
	r.must(err)
	r.exec = r.plan(r.user.Home)
	return r
}

// plan plans to remove everything in a folder.
func (r *rig) plan(dir string) *execute.Executor {
	e := &execute.Executor{
		Plan: wipe.Plan{
			Account: wipe.Account{Name: r.user.Name, UID: r.user.UID, Home: dir},
			Roots:   []wipe.Root{{Dir: dir, Rule: wipe.RuleDeny, Artifact: wipe.HomeArtifact, Class: wipe.ClassSettings}},
		},
		GOOS: "linux", Tokens: locate.Tokens{}, Root: true, Mounts: func(string) map[string]bool { return nil },
		Terms: erase.Terms{Privileged: true},
	}
	r.Cleanup(e.Close)
	return e
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// worker starts a worker for the account with the share of e.
func (r *rig) worker(e *execute.Executor) (*worker.Worker, *host.Peer) {
	r.Helper()
	p, err := host.StartAs(r.Context(), r.account, []string{string(workertest.True)})
	r.must(err)
	w := worker.New(p, worker.Limits{}, nil)
	r.Cleanup(w.Close)
	share, err := e.Share()
	r.must(err)
	r.must(w.Begin(r.Context(), share))
	return w, p
}

// run lets a worker go through all phases.
func (r *rig) run(e *execute.Executor) *worker.Worker {
	r.Helper()
	w, _ := r.worker(e)
	for _, p := range []worker.Phase{worker.Overwrite, worker.Unlink, worker.Clear} {
		r.must(w.Do(r.Context(), p))
	}
	return w
}

// files lists what is in a folder, as deep as it goes.
func files(t testing.TB, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The worker removes what the account may remove and nothing else; the rest is for the service, which finds it.
func TestWorkerHasTheAccountsRights(t *testing.T) {
	r := newRig(t)
	out, err := r.user.Command(t.Context(), "bash", "-euc", `mkdir -p a/b; echo x > a/b/c; chmod 0 a/b; ln -s /etc/passwd l; mkfifo f`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.must(os.Mkdir(filepath.Join(r.user.Home, "root"), 0o755))
	r.must(os.WriteFile(filepath.Join(r.user.Home, "root", "file"), []byte("of root"), 0o666))
	w := r.run(r.exec)
	if got := strings.Join(files(t, r.user.Home), " "); got != "root root/file" {
		t.Errorf("after the worker there is %q, want what only root may remove", got)
	}
	count := 0
	for _, e := range w.Erased() {
		count += e.Count
	}
	if count < 5 {
		t.Errorf("the worker says that it removed %d", count)
	}
	w.Close()
	r.exec.Unlink(t.Context())
	r.exec.Clear(t.Context())
	if got := files(t, r.user.Home); len(got) > 0 {
		t.Errorf("after the second pass there is %q", got)
	}
}

// Were the plan wrong, or somebody else's word taken for it, a worker could still touch nothing of others.
func TestWrongPlanTouchesNothingOfOthers(t *testing.T) {
	r, other := newRig(t), browsertest.NewUser(t)
	open := t.TempDir()
	r.must(os.Chmod(filepath.Dir(open), 0o755))
	r.must(os.WriteFile(filepath.Join(open, "file"), []byte("of root"), 0o644))
	for _, dir := range []string{other.Home, "/etc", open} {
		before := files(t, dir)
		r.run(r.plan(dir))
		if after := files(t, dir); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Error("a worker changed what is none of the account's business")
		}
	}
}

// The worker's process has the account's numbers, none of the service's files, surroundings or secrets, and stays small.
func TestWorkerProcess(t *testing.T) {
	r := newRig(t)
	t.Setenv("SECRET", "of the service")
	leak, err := os.Open("/etc/shadow")
	r.must(err)
	defer leak.Close()
	w, p := r.worker(r.exec)
	proc := fmt.Sprintf("/proc/%d/", p.PID())
	read := func(name string) string {
		data, err := os.ReadFile(proc + name)
		r.must(err)
		return string(data)
	}
	status := read("status")
	ids := func(key string, n uint32) string { return fmt.Sprintf("%s:\t%d\t%[2]d\t%[2]d\t%[2]d\n", key, n) }
	for _, want := range []string{ids("Uid", r.user.UID), ids("Gid", r.user.GID), fmt.Sprintf("Groups:\t%d \n", r.user.GID), "CapEff:\t0000000000000000\n", "CapAmb:\t0000000000000000\n"} {
		if !strings.Contains(status, want) {
			t.Errorf("the process has not %q:\n%s", want, status)
		}
	}
	if env := read("environ"); env != "PATH=/usr/bin:/bin\x00" {
		t.Errorf("the surroundings are %q", env)
	}
	if dir, err := os.Readlink(proc + "cwd"); dir != "/" || err != nil {
		t.Errorf("it works in %q, %v", dir, err)
	}
	fds, err := os.ReadDir(proc + "fd")
	r.must(err)
	for _, fd := range fds {
		// The Go runtime itself keeps the limits of its control group open.
		to, err := os.Readlink(proc + "fd/" + fd.Name())
		if err == nil && strings.HasPrefix(to, "/") && to != "/dev/null" && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
			t.Errorf("it has %s open", to)
		}
	}
	// Nobody of the account may look into a process that cannot be dumped.
	if out, err := r.user.Command(t.Context(), "cat", proc+"environ").CombinedOutput(); err == nil {
		t.Errorf("the account reads it: %q", out)
	}
	r.must(w.Do(t.Context(), worker.Overwrite))
	for line := range strings.Lines(read("status")) {
		if kb := 0; strings.HasPrefix(line, "VmHWM:") {
			_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &kb)
			t.Logf("at most %d KiB of memory", kb)
			if kb > 30<<10 {
				t.Errorf("it took %d KiB of memory", kb)
			}
		}
	}
}

// A worker ends when the service does, in the middle of a phase too.
func TestWorkerEndsWithItsInput(t *testing.T) {
	r := newRig(t)
	_, p := r.worker(r.exec)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if pids := r.user.Processes(); len(pids) > 0 {
		t.Errorf("%d processes are left", len(pids))
	}
}

// Whatever a worker's place is taken by, it is ended and called lost, in bounded time.
func TestLostWorkers(t *testing.T) {
	r := newRig(t)
	share, err := r.exec.Share()
	r.must(err)
	for _, m := range workertest.Modes() {
		t.Run(string(m), func(t *testing.T) {
			p, err := workertest.Start(m)(t.Context(), r.account)
			r.must(err)
			w := worker.New(p, worker.Limits{Silence: 300 * time.Millisecond}, nil)
			defer w.Close()
			err = w.Begin(t.Context(), share)
			lies := m == workertest.Liar || m == workertest.Planter
			if lies != (err == nil) || !lies && !errors.Is(err, worker.ErrLost) {
				t.Errorf("%v", err)
			}
			w.Close()
			if pids := r.user.Processes(); len(pids) > 0 {
				t.Errorf("%d processes are left", len(pids))
			}
		})
	}
}

// An account that runs as nobody else than root gets no worker.
func TestNoWorkerForRoot(t *testing.T) {
	if _, err := host.StartAs(t.Context(), host.Account{Name: "root"}, nil); !errors.Is(err, host.ErrRefused) {
		t.Errorf("%v, want a refusal", err)
	}
}

// A name that is no text would be another name at the other side: a keep rule could then keep something else.
func TestOnlyTextIsShared(t *testing.T) {
	r := newRig(t)
	r.exec.Tokens = locate.Tokens{locate.Documents: {r.user.Home + "/\xff"}}
	if share, err := r.exec.Share(); !errors.Is(err, execute.ErrNotShared) {
		t.Errorf("%s, %v", share, err)
	}
	r.exec.Tokens = locate.Tokens{locate.Documents: {r.user.Home + "/\ufffd"}}
	share, err := r.exec.Share()
	var back execute.Share
	if err != nil || json.Unmarshal(share, &back) != nil || back.Tokens[locate.Documents][0] != r.user.Home+"/\ufffd" {
		t.Errorf("%s, %v", share, err)
	}
}
