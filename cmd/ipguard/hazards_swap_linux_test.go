package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipguard/wipe/erase/erasetest"
)

const (
	// What is exchanged while files are written over, at least, and in how many wipes.
	hazardSwaps = 20_000
	hazardWipes = 12
	// hazardSets is how many times each kind of exchange is there.
	hazardSets = 12
)

// kinds of exchanges: a file or a folder of the home with something that leads out of it, or acts when it is opened.
var exchanges = [...]string{"link", "hard link", "fifo", "device", "folder link"}

// Somebody exchanges files and folders of the home with links, further names, FIFOs and devices that stand for what is
// outside, all the while contents are written over. Nothing outside changes, no byte and no device, and nothing hangs.
func TestHazardSwaps(t *testing.T) {
	g := newGround(t, erasetest.Options{FS: "ext4", Bytes: 128 << 20, Mkfs: []string{"-b", "4096"}}, nil)
	disk := erasetest.NewImage(t, erasetest.Options{FS: "ext4", Bytes: 8 << 20})
	var st unix.Stat_t
	g.must(unix.Stat(disk.Device(), &st))
	sound, err := os.ReadFile(disk.Path())
	g.must(err)
	// A file of others large enough that writing over it takes a moment.
	secret := filepath.Join(g.outside, "secret")
	large := strings.Repeat("secret.\n", 64<<10)
	g.must(os.WriteFile(secret, []byte(large), 0o600))
	g.world = snapshot(t, g.outside)

	s := &changer{g: g, device: int(st.Rdev), secret: secret}
	s.fd, err = unix.Open(g.user.Home, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	g.must(err)
	running, stop, stopped := new(atomic.Bool), make(chan struct{}), make(chan struct{})
	go func() { defer close(stopped); s.run(running, stop) }()
	slowest := time.Duration(0)
	wipes := 0
	for ; (s.done.Load() < hazardSwaps || wipes < hazardWipes) && wipes < 200 && !t.Failed(); wipes++ {
		s.plant()
		running.Store(true)
		start := time.Now()
		r := g.ipguard("wipe", "--account", g.user.Name, "--yes")
		slowest = max(slowest, time.Since(start))
		running.Store(false)
		if r.code != exitDone && r.code != exitIncomplete {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
		same(t, g.outside, g.world)
		if now, err := os.ReadFile(secret); err != nil || string(now) != large {
			t.Errorf("the file of others is not as it was, %v", err)
		}
	}
	close(stop)
	<-stopped
	unix.Close(s.fd)
	t.Logf("%d exchanges in %d wipes, the slowest %v", s.done.Load(), wipes, slowest)
	if s.done.Load() < hazardSwaps {
		t.Errorf("%d exchanges: too few to prove anything", s.done.Load())
	}
	if slowest > 30*time.Second {
		t.Errorf("a wipe took %v", slowest)
	}
	g.back()
	if now, err := os.ReadFile(disk.Path()); err != nil || string(now) != string(sound) {
		t.Errorf("the device was written to, %v", err)
	}
}

// changer exchanges pairs of names: one real, one that leads astray.
type changer struct {
	g      *ground
	fd     int
	device int
	secret string
	done   atomic.Int64
}

// plant makes what is not there. The real ones have content, so that there is something to write over.
func (s *changer) plant() {
	s.g.Helper()
	must := func(err error) {
		s.g.Helper()
		if err != nil && !errors.Is(err, os.ErrExist) {
			s.g.Fatal(err)
		}
	}
	// Never through what is there: it may be an exchanged link.
	write := func(path string) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if must(err); err == nil {
			_, err = f.WriteString(strings.Repeat("a trace.", 3000))
			must(errors.Join(err, f.Close()))
		}
	}
	for i := range hazardSets {
		for _, kind := range exchanges {
			real, astray := s.g.path(fmt.Sprintf("real %s %d", kind, i)), s.g.path(fmt.Sprintf("%s %d", kind, i))
			switch kind {
			case "link":
				must(os.Symlink(s.secret, astray))
			case "hard link":
				must(os.Link(s.secret, astray))
			case "fifo":
				must(unix.Mkfifo(astray, 0o666))
			case "device":
				must(unix.Mknod(astray, syscall.S_IFBLK|0o666, s.device))
			case "folder link":
				must(os.Symlink(s.g.outside, astray))
				must(os.Mkdir(real, 0o755))
				for _, name := range []string{"secret", "bashrc", "program"} {
					write(filepath.Join(real, name))
				}
				continue
			}
			write(real)
		}
	}
}

// run exchanges as long as a wipe runs.
func (s *changer) run(running *atomic.Bool, stop chan struct{}) {
	for {
		for i := range hazardSets {
			for _, kind := range exchanges {
				select {
				case <-stop:
					return
				default:
				}
				if !running.Load() {
					time.Sleep(time.Millisecond)
					continue
				}
				real, astray := fmt.Sprintf("real %s %d", kind, i), fmt.Sprintf("%s %d", kind, i)
				for range 8 {
					if unix.Renameat2(s.fd, real, s.fd, astray, unix.RENAME_EXCHANGE) != nil {
						break // the wipe has removed one
					}
					s.done.Add(1)
				}
			}
		}
	}
}
