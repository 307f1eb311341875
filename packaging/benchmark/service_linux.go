package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ipguard/agent/ipc"
	"ipguard/agent/state"
)

const (
	// watched is for how long an idle service is watched.
	watched = 2 * time.Minute
	// calls is how many questions it is asked, of each kind.
	calls = 2000
	// dropped is how many files land in the download folder at once.
	dropped = 10_000
	// ticks are the units of CPU time in /proc, in seconds: sysconf(_SC_CLK_TCK), which is 100 on every Linux.
	ticks = 100
)

// daemon is the service on the account, with a state folder of its own.
type daemon struct {
	b      *bench
	state  string
	cmd    *exec.Cmd
	client *ipc.Client
}

// service measures the service: at rest, asked, with many files at once, and from the command to clean with browsers open.
func (b *bench) service(ctx context.Context, r *report) (err error) {
	w := b.writer()
	w.many(ctx, b.home, ".local/share/laptop", baselineFiles, 2000)
	w.dir(b.home, "Downloads")
	if w.err != nil {
		return w.err
	}
	d := &daemon{b: b, state: "service"}
	if err := b.enroll(ctx, d.state, baselineFiles); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.end()) }()
	for _, measure := range []func(context.Context, *report) error{d.browsers, d.rest, d.ask, d.drop} {
		if err := measure(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (d *daemon) start(ctx context.Context) error {
	dir := filepath.Join(d.b.top, d.state)
	d.cmd = exec.CommandContext(ctx, d.b.program, "service", "run", "--state-dir", dir)
	if err := d.cmd.Start(); err != nil {
		return err
	}
	d.client = ipc.Dial(filepath.Join(dir, "run", "socket"))
	return until(ctx, "the service knows how the account stands", func() bool {
		s, err := d.status(ctx)
		return err == nil && s.State != state.Unknown
	})
}

func (d *daemon) end() error {
	d.client.Close()
	return errors.Join(d.cmd.Process.Signal(syscall.SIGTERM), d.cmd.Wait())
}

func (d *daemon) status(ctx context.Context) (ipc.Status, error) {
	return d.client.Status(ctx, strconv.Itoa(d.b.uid))
}

// until waits for something for a minute.
func until(ctx context.Context, what string, ok func() bool) error {
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(end) {
			return errors.Join(ctx.Err(), fmt.Errorf("it never came about: %s", what))
		}
	}
	return nil
}

// usage is what a process has used so far.
type usage struct {
	cpu      time.Duration
	wakes    int     // of all its threads: they slept and were woken
	resident float64 // now, in MiB
}

func (d *daemon) usage() (u usage, err error) {
	proc := fmt.Sprintf("/proc/%d", d.cmd.Process.Pid)
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return u, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, f := range fields[11:13] { // utime and stime: proc(5)
		n, err := strconv.Atoi(f)
		if err != nil {
			return u, err
		}
		u.cpu += time.Duration(n) * time.Second / ticks
	}
	threads, err := filepath.Glob(filepath.Join(proc, "task/*/status"))
	for _, path := range append(threads, filepath.Join(proc, "status")) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that ended
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			switch {
			case err != nil:
			case name == "voluntary_ctxt_switches" && path != filepath.Join(proc, "status"):
				u.wakes += n
			case name == "VmRSS":
				u.resident = float64(n) / 1024
			}
		}
	}
	return u, err
}

// rest watches a service that has nothing to do, after it has wiped and read.
func (d *daemon) rest(ctx context.Context, r *report) error {
	if _, err := d.b.ipguard(ctx, d.state, []int{0, 10}, "status"); err != nil {
		return err
	}
	if err := sleep(ctx, 5*time.Second); err != nil {
		return err
	}
	before, err := d.usage()
	if err != nil {
		return err
	}
	if err := sleep(ctx, watched); err != nil {
		return err
	}
	after, err := d.usage()
	if err != nil {
		return err
	}
	seconds := watched.Seconds()
	cpu := (after.cpu - before.cpu).Seconds()
	r.add("service at rest: CPU", 100*cpu/seconds, 0.1, "%", fmt.Sprintf("%.2f s in %.0f s", cpu, seconds))
	wakes := after.wakes - before.wakes
	r.add("service at rest: wakes", float64(wakes)/seconds, 1, "/s", fmt.Sprintf("%d in %.0f s", wakes, seconds))
	r.add("memory: service at rest", after.resident, 30, "MiB", "")
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// ask measures how long a question takes, on a connection that stays and on a new one each time.
func (d *daemon) ask(ctx context.Context, r *report) error {
	for _, fresh := range []bool{false, true} {
		var all []time.Duration
		for range calls {
			took, err := timed(func() error {
				_, err := d.status(ctx)
				return err
			})
			if err != nil {
				return err
			}
			if all = append(all, took); fresh {
				d.client.Close()
			}
		}
		name := map[bool]string{false: "a question, connection kept", true: "a question, new connection"}[fresh]
		slices.Sort(all)
		r.add(name, median(all).Seconds()*1000, 1, "ms", fmt.Sprintf("%s, 99 of 100 below %s", short(median(all)), short(all[len(all)*99/100])))
	}
	return nil
}

// drop measures what many files at once cost, and that each is counted.
func (d *daemon) drop(ctx context.Context, r *report) error {
	before, err := d.usage()
	if err != nil {
		return err
	}
	w := d.b.writer()
	dir := w.dir(d.b.home, "Downloads")
	for i := range dropped {
		w.file(filepath.Join(dir, fmt.Sprintf("form-%06d.pdf", i)), 10)
	}
	if w.err != nil {
		return w.err
	}
	landed := time.Now()
	if err := until(ctx, "every file is counted", func() bool {
		s, err := d.status(ctx)
		n := 0
		for _, count := range s.New {
			n += count
		}
		return err == nil && n == dropped
	}); err != nil {
		return err
	}
	counted := time.Since(landed)
	if err := sleep(ctx, 10*time.Second); err != nil {
		return err
	}
	after, err := d.usage()
	if err != nil {
		return err
	}
	cpu := (after.cpu - before.cpu).Seconds()
	r.add("10,000 files at once: CPU", cpu*1000, 1000, "ms", fmt.Sprintf("all counted %s after the last one", short(counted)))
	t, err := d.b.wipe(ctx, d.state, dropped)
	if err == nil {
		r.memory("wipe by the service, its command", t.memory)
	}
	return err
}

// browsers measures how long a helper waits beyond the erasing itself, when two browsers are open on the account.
func (d *daemon) browsers(ctx context.Context, r *report) error {
	if err := need("chromium", "firefox-esr", "runuser"); err != nil {
		r.skip("not measured: a wipe with two browsers open: " + err.Error())
		return nil
	}
	var beyond []time.Duration
	for range d.b.rounds {
		w := d.b.writer()
		if w.session(ctx, d.b.home); w.err != nil {
			return w.err
		}
		if err := d.browse(ctx); err != nil {
			return err
		}
		if err := d.b.settle(ctx); err != nil {
			return err
		}
		t, err := d.b.wipe(ctx, d.state, w.files)
		if err != nil {
			return err
		}
		beyond = append(beyond, t.wall-t.erase())
	}
	r.wait("from the command to clean, two browsers open, beyond erasing", beyond, 5000)
	return nil
}

// browse opens both browsers on the account and waits until each has its profile. They end with the wipe.
func (d *daemon) browse(ctx context.Context) error {
	for _, args := range [][]string{
		{"chromium", "--headless", "--user-data-dir=" + filepath.Join(d.b.home, ".config/chromium"), "--remote-debugging-port=0", "about:blank"},
		{"firefox-esr", "--headless", "about:blank"},
	} {
		cmd := exec.CommandContext(ctx, "runuser", append([]string{"-u", d.b.name, "--"}, args...)...)
		cmd.Dir = d.b.home
		cmd.Env = []string{"HOME=" + d.b.home, "USER=" + d.b.name, "PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
		if err := cmd.Start(); err != nil {
			return err
		}
		go cmd.Wait() // its end is the wipe's doing
	}
	return until(ctx, "both browsers are open", func() bool {
		chromium, _ := filepath.Glob(filepath.Join(d.b.home, ".config/chromium/Default/Preferences"))
		older, _ := filepath.Glob(filepath.Join(d.b.home, ".[cm]*/firefox/*/cookies.sqlite"))
		newer, _ := filepath.Glob(filepath.Join(d.b.home, ".config/mozilla/firefox/*/cookies.sqlite"))
		return len(chromium) > 0 && len(older)+len(newer) > 0
	})
}
