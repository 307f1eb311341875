package ipc

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/browser/browsertest"
)

// peak is the most that the process needed while it was watched.
type peak struct{ goroutines, heap atomic.Int64 }

func (p *peak) watch(ctx context.Context) {
	for ctx.Err() == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.goroutines.Store(max(p.goroutines.Load(), int64(runtime.NumGoroutine())))
		p.heap.Store(max(p.heap.Load(), int64(m.HeapInuse)))
		time.Sleep(20 * time.Millisecond)
	}
}

// One account floods the service with everything it has; another one, and an administrator, get every answer, a wipe that
// is followed goes on, and the service does not grow.
func TestFlood(t *testing.T) {
	hostile, honest := browsertest.NewUser(t), browsertest.NewUser(t)
	f := &fake{account: strconv.Itoa(int(hostile.UID))}
	path := place(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- (&Server{Backend: f, Fault: func(code string) { t.Errorf("fault: %s", code) }}).Run(ctx, l)
	}()

	poller := as(t, honest, "poll", path)
	var polls bytes.Buffer
	poller.Stdout = &polls
	end, err := poller.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := poller.Start(); err != nil {
		t.Fatal(err)
	}
	followed := make(chan error, 1)
	go func() {
		_, err := last(Dial(path).Wipe(context.Background(), request()))
		followed <- err
	}()

	runtime.GC() // what other tests left is not counted
	var most peak
	watching, stop := context.WithCancel(ctx)
	go most.watch(watching)
	flooder := as(t, hostile, "flood", path)
	var floods bytes.Buffer
	flooder.Stdout = &floods
	if err := flooder.Start(); err != nil {
		t.Fatal(err)
	}
	// Where the tests may open few files, the flood may all the same.
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if enough := uint64(connections + 1000); limit.Max < enough {
		limit = unix.Rlimit{Cur: enough, Max: enough}
		if err := unix.Prlimit(flooder.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
			t.Fatalf("raising the number of open files (ulimit -n %d): %v", enough, err)
		}
	}
	flooding := make(chan error, 1)
	go func() { flooding <- flooder.Wait() }()
	admin, asked := Dial(path), 0
	for on := true; on; asked++ {
		select {
		case err := <-flooding:
			if err != nil {
				t.Error(err)
			}
			on = false
		case <-time.After(5 * time.Millisecond):
		}
		if _, err := admin.Status(ctx, ""); err != nil {
			t.Fatalf("an administrator got no answer: %v", err)
		}
	}
	admin.Close()
	end.Close()
	if err := poller.Wait(); err != nil {
		t.Error(err)
	}
	stop()
	f.say(report())
	if err := <-followed; err != nil {
		t.Errorf("the one who followed the wipe: %v", err)
	}
	var p polled
	if err := json.Unmarshal(polls.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	t.Logf("another account: %d answers; administrator: %d; at most %d goroutines, %d KiB of heap",
		p.Answers, asked, most.goroutines.Load(), most.heap.Load()>>10)
	if strings.TrimSpace(floods.String()) != strconv.Itoa(connections) {
		t.Errorf("the flood connected %s times", floods.String())
	}
	if p.Failures > 0 || p.Answers < 100 {
		t.Errorf("another account got %d answers, and none %d times", p.Answers, p.Failures)
	}
	// Two goroutines each at most; the rest is the test's own.
	if n := most.goroutines.Load(); n > int64(before+2*connMost+20) {
		t.Errorf("%d goroutines", n)
	}
	if n := most.heap.Load(); n > 16<<20 {
		t.Errorf("%d KiB of heap", n>>10)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	settle(t, before)
}

// settle fails the test if goroutines are left. Those that are about to end are given the time.
func settle(t *testing.T, before int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines are left of %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}
