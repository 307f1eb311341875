package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipguard/agent/state"
)

// floodEnv has the test binary, run as an account, do nothing but plague the socket that it names.
const floodEnv = "IPGUARD_TEST_FLOOD"

// flood opens connections without end: some say nothing, some half a request, some garbage, some a body that never ends,
// some ask and never read the answer.
func flood(socket string) {
	sayings := []string{
		"", "GET /v1/sta", "\x00\xff\x16\x03\x01 garbage\r\n\r\n", "POST /v1/wipe HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n{",
		strings.Repeat("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", 100), "POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\n",
	}
	var open []net.Conn
	for i := 0; ; i++ {
		c, err := net.Dial("unix", socket)
		if err != nil {
			continue
		}
		c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		c.Write([]byte(sayings[i%len(sayings)]))
		if i%7 == 3 {
			c.Write(bytes.Repeat([]byte(" "), 1<<20))
		}
		if open = append(open, c); len(open) > 500 {
			open[0].Close()
			open = open[1:]
		}
		if i%1000 == 999 {
			fmt.Println(i + 1)
		}
	}
}

// plague starts the test binary as the account, plaguing the socket, and counts its connections.
func (d *daemonOf) plague() (connections func() int, stop func()) {
	d.Helper()
	out := &lockedBuffer{}
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env, cmd.Stdout = "/", []string{floodEnv + "=" + d.socket()}, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: d.user.UID, Gid: d.user.GID}, Setsid: true}
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	d.Cleanup(stop)
	return func() int {
		lines := strings.Fields(out.String())
		if len(lines) == 0 {
			return 0
		}
		n, _ := strconv.Atoi(lines[len(lines)-1])
		return n
	}, stop
}

// resident is the most memory that the service ever had, in bytes: proc(5), VmHWM.
func (d *daemonOf) resident() int {
	d.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		d.Fatal("the service is gone")
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb << 10
		}
	}
	return 0
}

// An account that plagues the socket with all it has: the service stays up, small, and others get their answers.
func TestServiceFlooded(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	stranger := newLaptop(t)
	stranger.state = l.state
	d := l.serve()
	pid := d.cmd.Process.Pid
	connections, stop := d.plague()
	answers := 0
	for connections() < 10_000 {
		if r := stranger.ipguardAs("status", "--account", l.user.Name); !strings.Contains(r.out, `"answers":true`) {
			t.Fatalf("a stranger got no answer after %d connections: exit %d\n%s%s", connections(), r.code, r.out, r.err)
		}
		answers++
	}
	if most := d.resident(); most > 64<<20 {
		t.Errorf("the service grew to %d MiB", most>>20)
	}
	t.Logf("%d connections, %d answers to a stranger, at most %d MiB", connections(), answers, d.resident()>>20)
	stop()
	plague, _ := d.plague()
	d.eventually("the flood is back", func() bool { return plague() > 0 })
	l.as(`mkdir -p ~/Downloads; echo canary >~/Downloads/canary.pdf`)
	l.wipe(exitDone) // ends the flood first, as any program of the account
	if found := l.traces("canary"); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	if syscall.Kill(pid, 0) != nil || d.cmd.Process.Pid != pid {
		t.Error("the service did not survive it")
	}
}

// An account that swaps what the service watches and wipes for something that leads elsewhere or hangs: the service stays
// up, goes on answering, wipes, and nothing outside changes.
func TestServiceWatchesAHostileHome(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"folders become links and back", `while :; do
			mv ~/Downloads ~/d2; ln -s %[1]s ~/Downloads; sleep 0.01; rm ~/Downloads; mv ~/d2 ~/Downloads
			mv ~/kept ~/k2; ln -s %[1]s/kept ~/kept; sleep 0.01; rm ~/kept; mv ~/k2 ~/kept; done`},
		{"a FIFO where a folder was", `rm -rf ~/Downloads; mkfifo ~/Downloads ~/.config/user-dirs.dirs; sleep 300`},
		{"folders that come and go", `while :; do for i in $(seq 200); do mkdir -p ~/Downloads/$i/a/b; done; rm -rf ~/Downloads/*; done`},
		{"user-dirs that lead outside", `mkdir -p ~/.config
			printf 'XDG_DOWNLOAD_DIR="%[1]s"\nXDG_DOCUMENTS_DIR="$HOME/../../etc"\n' >~/.config/user-dirs.dirs; sleep 300`},
		{"locks on everything", `cd ~; for f in kept/*; do flock -x "$f" sleep 300 & done; wait`},
		{"the worker is stopped whenever it is seen", `trap '' TERM; while :; do
			for p in $(pgrep -u $(id -u) -x ipguard); do kill -STOP $p; done; done`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := newTrial(t)
			d := tr.serve()
			tr.as(`mkdir -p ~/Downloads; echo canary >~/Downloads/canary.pdf; mkdir ~/stray; echo canary >~/stray/x`)
			tr.start(fmt.Sprintf(tt.script, tr.outside))
			time.Sleep(time.Second) // for the watching to meet it
			if _, err := d.ask(); err != nil {
				t.Fatalf("the service does not answer: %v", err)
			}
			tr.ipguard("wipe", "--account", tr.user.Name, "--yes")
			tr.wipe(exitDone)
			tr.status(exitDone)
			if found := tr.traces("canary"); len(found) > 0 {
				t.Errorf("left: %q", found)
			}
			same(t, tr.outside, tr.world)
			if _, err := d.ask(); err != nil {
				t.Errorf("the service does not answer any more: %v", err)
			}
		})
	}
}

// A file system of the account that never answers, in place of a folder that is watched.
func TestServiceWatchesAHungFileSystem(t *testing.T) {
	l := newLaptop(t)
	l.privateMounts()
	l.enroll()
	d := l.serve()
	l.as(`mkdir -p ~/Downloads ~/stray; echo canary >~/stray/canary`)
	d.eventually("the download folder is watched", func() bool {
		s, err := d.ask()
		return err == nil && s.Watched > 0
	})
	l.hungFUSE(l.path("Downloads"), l.user.UID)
	l.as(`echo canary >~/stray/more; mkdir -p ~/Documents; echo canary >~/Documents/canary.odt`)
	d.eventually("the session is noticed", func() bool { return l.record() == state.InUse })
	l.wipe(exitDone)
	if found := l.traces("canary"); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	l.status(exitDone)
	if code := d.end(); code != exitDone {
		t.Errorf("the service ended with %d", code)
	}
}

// A worker that somebody stops, for good, is given up; the wipe goes on without it.
func TestServiceWorkerStopped(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir ~/kept; echo own | tee ~/kept/1 ~/kept/2`)
	l.enroll()
	d := l.serve()
	l.session(0)
	cmd := exec.Command(os.Getenv(programEnv), "wipe", "--yes", "--json", "--state-dir", l.state)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := d.worker()
	if pid == 0 || syscall.Kill(pid, syscall.SIGSTOP) != nil {
		t.Error("no worker was seen")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the wipe: %v", err)
	}
	l.neverFalselyClean(0)
	l.status(exitDone)
}

// A socket that somebody put there first is not taken over, and a service that runs is not run twice.
func TestServiceTwice(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.serve()
	second := exec.Command(os.Getenv(programEnv), "service", "run", "--state-dir", l.state)
	out, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != exitError {
		t.Errorf("a second service: %v\n%s", err, out)
	}
	other := newLaptop(t)
	run := filepath.Join(other.state, "run")
	other.must(os.MkdirAll(run, 0o777))
	other.must(os.Chmod(run, 0o777))
	squatted := exec.Command(os.Getenv(programEnv), "service", "run", "--state-dir", other.state)
	if out, err := squatted.CombinedOutput(); err == nil {
		t.Errorf("it listens where others can put something in its place:\n%s", out)
	}
}
