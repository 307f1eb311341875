package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// A worker that is killed at any moment changes nothing: the wipe that it works for is complete, and nothing more is on the
// medium than after any other.
func TestKilledWorker(t *testing.T) {
	g := newGround(t, hdd(), nil)
	rounds := 12
	if full() {
		rounds = 100
	}
	killed, window := 0, 250*time.Millisecond
	for range rounds {
		g.seed++
		clear(g.next)
		for i := range 150 {
			path := g.trace(fmt.Sprintf("stray/%s", g.mark(erasetest.Name)), 100_000)
			g.attribute(path, "user.xdg.origin.url", 30+300*(i%2))
		}
		g.settle()
		stop, stopped := make(chan struct{}), make(chan struct{})
		after := time.Duration(rand.Float64() * float64(window))
		before := killed
		go func() {
			defer close(stopped)
			pid := g.worker(stop)
			// The descriptor stands for this process whatever has its number later.
			fd, err := unix.PidfdOpen(pid, 0)
			if pid == 0 || err != nil {
				return
			}
			defer unix.Close(fd)
			time.Sleep(after)
			if unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil {
				killed++
			}
		}()
		g.back()
		close(stop)
		<-stopped
		if killed == before {
			window = max(window*3/4, 20*time.Millisecond) // this machine is quicker than that
		}
		g.empty(erasetest.Content, erasetest.Name, erasetest.XAttr)
		if t.Failed() {
			t.Fatalf("the worker was killed after %v", after)
		}
	}
	t.Logf("%d of %d workers were killed", killed, rounds)
	if killed < rounds/4 {
		t.Errorf("%d of %d killed: too few to prove anything", killed, rounds)
	}
}

// worker waits for a process of the account and returns its number, 0 when there is none until the end.
func (l *laptop) worker(stop <-chan struct{}) int {
	for {
		if pids := l.user.Processes(); len(pids) > 0 {
			return pids[0]
		}
		select {
		case <-stop:
			return 0
		case <-time.After(time.Millisecond):
		}
	}
}

// The worker runs also when the account cannot come near the program's file, and it stays small.
func TestWorkerOfAHiddenProgram(t *testing.T) {
	tr := newTrial(t)
	dir := t.TempDir()
	tr.must(os.Chmod(dir, 0o700))
	program := filepath.Join(dir, "ipguard")
	tr.tool("cp", os.Getenv(programEnv), program)
	t.Setenv(programEnv, program)
	tr.dir("stray")
	for i := range 5000 {
		tr.dir(fmt.Sprintf("stray/%d", i%50))
		tr.file(fmt.Sprintf("stray/%d/%d", i%50, i), "trace")
	}
	stop, peak := make(chan struct{}), make(chan int, 1)
	go func() {
		most, pid := 0, tr.worker(stop)
		for pid > 0 && syscall.Kill(pid, 0) == nil {
			most = max(most, highWater(pid))
			time.Sleep(time.Millisecond)
		}
		peak <- most
	}()
	tr.back()
	close(stop)
	most := <-peak
	t.Logf("the worker had %d KiB at most", most)
	if most == 0 || most > 30<<10 {
		t.Errorf("the worker had %d KiB of memory, want some and at most 30 MiB", most)
	}
}
