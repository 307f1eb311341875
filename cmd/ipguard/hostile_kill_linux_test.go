package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// A wipe that is killed at any moment is finished by the next one, and in between nobody says that it is clean.
func TestHostileKill(t *testing.T) {
	l := newLaptop(t)
	l.ownDisk("64M", "ext4") // on a disk that makes files quickly
	tr := enrolled(l)
	tr.session()
	start := time.Now()
	tr.wipe(exitDone)
	took := time.Since(start)
	states := len(snapshot(t, tr.state))
	rounds := 20
	if full() {
		rounds = 200
	}
	// What a wipe leaves that is killed while it writes a manifest, a moment that is rarely met.
	tr.must(os.WriteFile(filepath.Join(tr.state, "accounts", strconv.Itoa(int(tr.user.UID)), "baseline", "1", ".manifest-1"), nil, 0o600))
	broken := 0
	for range rounds {
		tr.session()
		cmd := tr.command("wipe", "--account", tr.user.Name, "--yes")
		tr.must(cmd.Start())
		after := time.Duration(rand.Float64() * float64(took))
		time.Sleep(after)
		cmd.Process.Kill()
		if cmd.Wait(); !cmd.ProcessState.Success() {
			broken++
			tr.neverFalselyClean()
		}
		tr.back()
		tr.status(exitDone)
		if t.Failed() {
			t.Fatalf("killed after %v", after)
		}
	}
	t.Logf("%d of %d wipes of %v were killed", broken, rounds, took)
	if n := len(snapshot(t, tr.state)); n != states {
		t.Errorf("%d files in the state folder, %d before: every killed wipe leaves something there", n, states)
	}
	if broken < rounds/2 {
		t.Errorf("%d of %d killed: too few to prove anything", broken, rounds)
	}
}

// neverFalselyClean asks for the status after a wipe was killed. It may say clean only when the wipe had done everything
// and was killed between its last word and its end.
func (tr *trial) neverFalselyClean() {
	tr.Helper()
	switch r := tr.ipguard("status", "--account", tr.user.Name); {
	case r.code == exitDone && r.answer.State == "clean":
		same(tr, tr.user.Home, tr.home)
	case r.code != exitNotClean || r.answer.State == "" || r.answer.State == "clean":
		tr.Errorf("status: exit %d, state %q", r.code, r.answer.State)
	}
}

// session leaves what takes a moment to wipe and to restore.
func (tr *trial) session() {
	tr.Helper()
	for i := range 40 {
		for j := range 50 {
			tr.must(os.MkdirAll(tr.path(fmt.Sprintf("stray/%d", i)), 0o755))
			tr.must(os.WriteFile(tr.path(fmt.Sprintf("stray/%d/%d", i, j)), []byte("trace"), 0o600))
		}
	}
	tr.as(`for f in kept/f* kept/deep/f*; do echo trace >> $f; done; rm -r .config; echo evil >> .bashrc; rm kept/run.sh
		mkdir kept/run.sh; chmod 0 kept/deep; rm link; ln -s / link`)
}
