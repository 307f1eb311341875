package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// How often names of the home are exchanged with links to the outside, and how many wipes run meanwhile, at least.
const (
	swaps     = 100_000
	swapWipes = 20
	swapPairs = 60
)

// Somebody exchanges folders and files of the home, stray ones and the baseline's own, with links to the outside a
// hundred thousand times while wipes run again and again. Nothing outside changes, and the wipe after it is complete.
func TestHostileSwaps(t *testing.T) {
	tr := newTrial(t)
	s := &swapper{tr: tr, fd: -1}
	var err error
	s.fd, err = unix.Open(tr.user.Home, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	tr.must(err)
	defer unix.Close(s.fd)
	running, stop, stopped := new(atomic.Bool), make(chan struct{}), make(chan error, 1)
	go func() { stopped <- s.run(running, stop) }()
	wipes := 0
	for ; (s.done.Load() < swaps || wipes < swapWipes) && wipes < 1000; wipes++ {
		running.Store(true)
		r := tr.ipguard("wipe", "--account", tr.user.Name, "--yes")
		running.Store(false)
		if r.code != exitDone && r.code != exitIncomplete {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
			break
		}
		if wipes%16 == 0 {
			same(t, tr.outside, tr.world)
		}
	}
	close(stop)
	tr.must(<-stopped)
	t.Logf("%d exchanges while %d wipes ran, %d names made again", s.done.Load(), wipes, s.made)
	if s.done.Load() < swaps || s.made < swapWipes*swapPairs/2 {
		t.Errorf("%d exchanges, %d names made again: too few to prove anything", s.done.Load(), s.made)
	}
	same(t, tr.outside, tr.world)
	tr.back()
}

// swapper works on pairs of names: one real, one a link to something of the same form outside.
type swapper struct {
	tr   *trial
	fd   int
	done atomic.Int64
	made int
}

func (s *swapper) run(running *atomic.Bool, stop chan struct{}) error {
	for {
		for i := range swapPairs {
			select {
			case <-stop:
				return nil
			default:
			}
			if !running.Load() {
				continue
			}
			if err := s.pair(i); err != nil {
				return err
			}
		}
	}
}

// pair exchanges one pair a few times and makes again what the wipe has removed of it.
func (s *swapper) pair(i int) error {
	real, link, to := fmt.Sprintf("stray%d", i), fmt.Sprintf("link%d", i), "kept"
	switch i {
	case 0:
		real, link, to = "kept", "kept link", "kept"
	case 1:
		real, link, to = ".config", "config link", "."
	case 2:
		real, link, to = ".bashrc", "bashrc link", "bashrc"
	}
	for range 10 {
		err := unix.Renameat2(s.fd, real, s.fd, link, unix.RENAME_EXCHANGE)
		if err == nil {
			s.done.Add(1)
			continue
		}
		if !errors.Is(err, unix.ENOENT) {
			return err
		}
		s.made++
		if err := s.restore(real, link, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *swapper) restore(real, link, to string) error {
	path := s.tr.path(real)
	if err := os.Symlink(filepath.Join(s.tr.outside, to), s.tr.path(link)); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if to == "bashrc" {
		if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644); err == nil {
			f.Close()
		}
		return nil
	}
	// What is in a folder has the names of what is outside, so that following the link would be seen. A step that fails
	// met a wipe or, after an exchange, the link: then there is something to exchange all the same.
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil
	}
	dir, err := unix.Openat2(s.fd, real, &unix.OpenHow{Flags: unix.O_DIRECTORY, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS})
	if err != nil {
		return nil
	}
	defer unix.Close(dir)
	for _, name := range []string{"f0", "f1", "f2", "secret", "bashrc"} {
		if f, err := unix.Openat(dir, name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY, 0o600); err == nil {
			unix.Close(f)
		}
	}
	_ = unix.Mkdirat(dir, "deep", 0o700)
	return nil
}
