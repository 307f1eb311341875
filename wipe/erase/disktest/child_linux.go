package disktest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// serveEnv, set in the environment, makes Serve a server instead of nothing.
const serveEnv = "IPGUARD_DISKTEST_SERVE"

// order is one line on the server's standard input, answer the line that it answers with.
type order struct {
	Do         string
	Dir        string `json:",omitempty"`
	Path       string `json:",omitempty"`
	NoDiscard  bool   `json:",omitempty"`
	Size       int64  `json:",omitempty"`
	Range      Range
	Operations int64 `json:",omitempty"`
}

type answer struct {
	Err   string        `json:",omitempty"`
	Errno syscall.Errno `json:",omitempty"`
	Count Count
}

// names are the files of a disk in its folder.
func mountDir(dir string) string  { return filepath.Join(dir, "fuse") }
func imageName(dir string) string { return filepath.Join(dir, "disk.img") }
func opsName(dir string) string   { return filepath.Join(dir, "log.ops") }
func dataName(dir string) string  { return filepath.Join(dir, "log.data") }

// Serve is called first thing by the TestMain of a package that uses a Disk. In a process that was started to be a disk's
// server it serves and never returns; in any other it does nothing.
func Serve() {
	if os.Getenv(serveEnv) == "" {
		return
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
		os.Exit(1)
	}
	os.Exit(0)
}

// child is the server while it runs.
type child struct {
	image  *image
	dir    string
	device string
}

func serve(in io.Reader, out io.Writer) error {
	c, d, e := &child{}, json.NewDecoder(in), json.NewEncoder(out)
	defer c.leave()
	for {
		var o order
		if err := d.Decode(&o); err != nil {
			// The test is gone without a word: what it left is given back as far as possible.
			if c.device != "" {
				l := &loop{device: c.device, file: filepath.Join(mountDir(c.dir), diskName)}
				_ = within(leaveTime, func() error { return l.unmount(0) })
				_ = l.unmount(unix.MNT_DETACH)
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		err := c.obey(o)
		a := answer{}
		if err != nil {
			a.Err = err.Error()
			errors.As(err, &a.Errno)
		}
		if c.image != nil {
			c.image.mu.Lock()
			a.Count = c.image.count
			c.image.mu.Unlock()
		}
		if err := e.Encode(a); err != nil || o.Do == "quit" {
			return err
		}
	}
}

// leave takes the FUSE mount away; the kernel ends what still waits for it when the process is gone.
func (c *child) leave() {
	if c.image != nil {
		_ = unix.Unmount(mountDir(c.dir), unix.MNT_DETACH)
	}
}

func (c *child) obey(o order) error {
	if o.Do == "start" {
		return c.start(o)
	}
	m := c.image
	if m == nil {
		return errors.New("ordering a disk that was not started")
	}
	switch o.Do {
	case "record":
		return m.start(o.Path, opsName(c.dir), dataName(c.dir))
	case "snapshot":
		return m.snapshot(o.Path)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &m.faults
	switch o.Do {
	case "stop":
		return m.end()
	case "count", "quit":
	case "device":
		c.device = o.Path
	case "fail writes":
		f.writes = append(f.writes, outward(o.Range))
	case "fail reads":
		f.reads = append(f.reads, outward(o.Range))
	case "fail discards":
		f.discards = append(f.discards, outward(o.Range))
	case "fail after":
		f.limited, f.left = true, o.Operations
	case "heal":
		*f = faults{}
	default:
		return errors.New("ordering something unknown")
	}
	return nil
}

func (c *child) start(o order) error {
	if err := os.MkdirAll(mountDir(o.Dir), 0o700); err != nil {
		return bare(err)
	}
	back, err := os.OpenFile(imageName(o.Dir), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return bare(err)
	}
	if err := back.Truncate(o.Size); err != nil {
		return bare(err)
	}
	m := &image{size: o.Size, discard: !o.NoDiscard, back: back}
	if _, err := serveTree(m, mountDir(o.Dir)); err != nil {
		return err
	}
	c.image, c.dir = m, o.Dir
	return nil
}

// leaveTime bounds each wait for a mount, a loop device or the server to go.
const leaveTime = 10 * time.Second

// within runs something that the kernel may hold up and waits for it only so long.
func within(d time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(d):
		return ErrSlow
	}
}
