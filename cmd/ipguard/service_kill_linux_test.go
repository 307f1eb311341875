package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipguard/agent/state"
)

// Whatever is killed, and whenever: the account is never called clean while something of a session is on the disk, and
// the wipe is finished without anybody asking again.
func TestServiceKilled(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p ~/Documents ~/kept; for i in $(seq 50); do echo "the laptop's own $i" >~/kept/$i; done`)
	l.enroll()
	if l.record() != state.Clean {
		t.Fatalf("not clean to begin with:\n%s", l.ipguard("status").out)
	}
	before := snapshot(t, l.user.Home)
	d := l.serve()
	rounds := 20
	if full() {
		rounds = 200
	}
	took := 300 * time.Millisecond // of a wipe; learned as they pass
	hit := map[string]int{}
	for round := range rounds {
		victim := []string{"service", "worker", "client"}[round%3]
		l.session(round)
		d.eventually("the session is noticed", func() bool { return l.record() != state.Clean })
		client := exec.Command(os.Getenv(programEnv), "wipe", "--yes", "--json", "--state-dir", l.state, "--account", l.user.Name)
		begun := time.Now()
		if err := client.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(rand.Float64() * float64(took))
		pid := 0
		if victim == "worker" {
			pid, after = d.worker(), after/10
		}
		time.Sleep(after)
		switch victim {
		case "service":
			d.kill()
			hit[victim]++
		case "worker":
			if pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
				hit[victim]++
			}
		case "client":
			if client.Process.Signal(syscall.Signal(0)) == nil {
				client.Process.Kill()
				hit[victim]++
			}
		}
		l.neverFalselyClean(round)
		client.Wait()
		if victim == "service" {
			l.neverFalselyClean(round)
			d.begin()
		}
		if s, err := d.ask(); err == nil && s.State == state.InUse {
			l.wipe(exitDone) // it was killed before it had asked for anything, or been asked
		}
		d.eventually("the wipe is finished", func() bool {
			s, err := d.ask()
			return err == nil && s.State == state.Clean && l.record() == state.Clean
		})
		if victim == "worker" {
			took = time.Since(begun)
		}
		l.neverFalselyClean(round)
		if t.Failed() {
			t.Fatalf("round %d: %s killed after %v", round, victim, after)
		}
	}
	same(t, l.user.Home, before)
	t.Logf("%d rounds of %v: %v", rounds, took, hit)
	for _, victim := range []string{"service", "worker", "client"} {
		if hit[victim] == 0 {
			t.Errorf("the %s was never hit: this proves nothing about it", victim)
		}
	}
}

// session leaves things behind, with a word of this round in them.
func (l *laptop) session(round int) {
	l.Helper()
	l.as(fmt.Sprintf(`mkdir -p ~/Downloads ~/.mozilla/p ~/deep/a/b/c
for i in $(seq 300); do echo %[1]s $i >~/.mozilla/p/$i; done
for i in $(seq 20); do head -c 200000 /dev/urandom >~/deep/a/b/c/%[1]s-$i; done
echo %[1]s >~/Downloads/%[1]s.pdf; echo %[1]s >/tmp/%[1]s-$(id -u); echo %[1]s >>~/kept/1; rm ~/kept/2; chmod 500 ~/deep/a`, word(round)))
}

// word is a word that only one round leaves.
func word(round int) string { return "canaryround" + strconv.Itoa(round) }

// neverFalselyClean fails the test if the state says clean while something of the round is there. The state is read
// before and after, since a wipe may end in between.
func (l *laptop) neverFalselyClean(round int) {
	l.Helper()
	if l.record() != state.Clean {
		return
	}
	found := l.traces(word(round))
	if _, err := os.Lstat(fmt.Sprintf("/tmp/%s-%d", word(round), l.user.UID)); err == nil {
		found = append(found, "in the temporary folder")
	}
	if len(found) > 0 && l.record() == state.Clean {
		l.Errorf("clean, with %d things of the session on the disk", len(found))
	}
}

// worker finds the worker of the service, 0 when none runs.
func (d *daemonOf) worker() int {
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		out, err := exec.Command("pgrep", "-P", strconv.Itoa(d.cmd.Process.Pid), "-u", d.id()).Output()
		if pid, e := strconv.Atoi(strings.TrimSpace(string(out))); err == nil && e == nil {
			return pid
		}
	}
	return 0
}
