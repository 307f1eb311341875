package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"ipguard/wipe/erase/erasetest"
)

// A wipe that is killed while it writes over contents leaves nothing more on the medium, once the next one is through,
// than one that is not killed; files of the baseline that it had filled with zeros come back.
func TestHazardKill(t *testing.T) {
	g := newGround(t, hdd(), nil)
	rounds := 10
	if full() {
		rounds = 100
	}
	session := func() {
		g.seed++
		clear(g.next)
		for i := range 60 {
			path := g.trace(fmt.Sprintf("stray/%s", g.mark(erasetest.Name)), 300_000)
			g.attribute(path, "user.xdg.origin.url", 30+300*(i%2))
		}
		for _, rel := range []string{".bashrc", "kept/f0", "kept/f1", "kept/deep/f0"} {
			f, err := os.OpenFile(g.path(rel), os.O_WRONLY|os.O_APPEND, 0)
			g.must(err)
			_, err = f.WriteString(g.content(50_000))
			g.must(err)
			f.Close()
		}
		g.settle()
	}
	session()
	start := time.Now()
	g.back()
	took := time.Since(start)
	killed, zeroed := 0, 0
	for range rounds {
		session()
		cmd := g.command("wipe", "--account", g.user.Name, "--yes")
		g.must(cmd.Start())
		after := time.Duration(rand.Float64() * 0.9 * float64(took))
		time.Sleep(after)
		cmd.Process.Kill()
		if cmd.Wait(); !cmd.ProcessState.Success() {
			killed++
			g.neverFalselyClean()
		}
		if b, err := os.ReadFile(g.path(".bashrc")); err == nil && len(b) > 0 && b[0] == 0 {
			zeroed++
		}
		g.back()
		g.status(exitDone)
		g.empty(erasetest.Content, erasetest.Name, erasetest.XAttr)
		if t.Failed() {
			t.Fatalf("killed after %v of %v", after, took)
		}
	}
	t.Logf("%d of %d wipes of %v were killed, %d with zeros in a file of the baseline", killed, rounds, took, zeroed)
	if killed < rounds/3 {
		t.Errorf("%d of %d killed: too few to prove anything", killed, rounds)
	}
}
