package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

// What a program of root holds open and writes to is never told as gone, however it writes.
func TestHazardHolders(t *testing.T) {
	for _, tt := range []struct {
		name string
		hold func(g *ground, path string, stop chan struct{}) // until stop is closed
	}{
		{"appends", func(g *ground, path string, stop chan struct{}) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			g.must(err)
			defer f.Close()
			for again(stop) {
				fmt.Fprintln(f, "more")
			}
		}},
		{"writes again what was written over", func(g *ground, path string, stop chan struct{}) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			g.must(err)
			defer f.Close()
			text, err := io.ReadAll(f)
			g.must(err)
			for again(stop) {
				_, err := f.WriteAt(text, 0)
				g.must(err)
			}
		}},
		{"writes through memory", func(g *ground, path string, stop chan struct{}) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			g.must(err)
			info, err := f.Stat()
			g.must(err)
			m, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
			g.must(err)
			f.Close()
			defer unix.Munmap(m)
			text := append([]byte{}, m...)
			for again(stop) {
				copy(m, text)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGround(t, hdd(), nil)
			path := g.trace("held", 200_000)
			g.settle()
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() { defer close(stopped); tt.hold(g, path, stop) }()
			time.Sleep(20 * time.Millisecond)
			r := g.notBack("held_open")
			close(stop)
			<-stopped
			for _, strong := range []string{"overwritten", "discarded"} {
				if _, bytes := r.rows("erased", strong, ""); bytes > 0 {
					t.Errorf("%d bytes that somebody goes on writing are told as %s\n%s", bytes, strong, r.out)
				}
			}
			if r := g.status(exitNotClean); r.answer.State != "residue" {
				t.Errorf("state %q", r.answer.State)
			}
			g.back()
		})
	}
}

func again(stop chan struct{}) bool {
	select {
	case <-stop:
		return false
	case <-time.After(200 * time.Microsecond):
		return true
	}
}

// What is written after the last name is gone, by somebody who has the file open, is on the disk: that is told.
func TestHazardWriteAfterUnlink(t *testing.T) {
	g := newGround(t, hdd(), nil)
	f, err := os.OpenFile(g.trace("held", 5000), os.O_RDWR, 0)
	g.must(err)
	done := make(chan error, 1)
	late := g.mark(erasetest.Content)
	go func() {
		for {
			info, err := f.Stat()
			var st unix.Stat_t
			if err != nil || unix.Fstat(int(f.Fd()), &st) != nil || st.Nlink == 0 {
				_, err = f.WriteAt([]byte(late), info.Size())
				done <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	g.notBack("held_open")
	g.must(<-done)
	if r := g.status(exitNotClean); r.answer.State != "residue" {
		t.Errorf("state %q", r.answer.State)
	}
	f.Close()
	g.back()
}

// A running program cannot be written to. It goes, and what that is worth is told.
func TestHazardRunningProgram(t *testing.T) {
	g := newGround(t, hdd(), nil)
	sleep, err := exec.LookPath("sleep")
	g.must(err)
	program := filepath.Join(g.dir("tools"), "program")
	g.tool("cp", sleep, program)
	cmd := exec.Command(program, "1000")
	g.must(cmd.Start())
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	r := g.notBack("held_open")
	g.claims(r, "unlinked", "in_use", 1)
	if _, err := os.Lstat(program); err == nil {
		t.Error("the program is still there")
	}
	g.must(cmd.Process.Kill())
	cmd.Wait()
	g.back()
}
