package disktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrSlow means that the kernel or the server did not do its part in time; the disk is best closed then.
var ErrSlow = errors.New("waiting in vain for the disk")

// Options say what kind of disk it is. The zero value is a disk that can discard.
type Options struct {
	NoDiscard bool // discards are refused, and the device says that it has none
}

// Disk is the disk, seen from the test. Its methods may be called from several goroutines, attaching and closing excepted.
type Disk struct {
	dir  string
	opts Options

	mu     sync.Mutex // one order at a time
	server *exec.Cmd
	in     *os.File
	out    *os.File
	answer *json.Decoder
	gone   chan struct{} // closed when the server has ended

	loop *loop // nil while not attached
}

// New makes a disk of size bytes (a multiple of 4096) whose files are in dir, a folder of its own. If the folder holds the
// image of an earlier disk, that is what is on it. The disk is given back with Close.
func New(dir string, size int64, o Options) (*Disk, error) {
	if size <= 0 || size%4096 != 0 {
		return nil, errors.New("making a disk: the size is no multiple of 4096")
	}
	if os.Getuid() != 0 {
		return nil, errors.New("making a disk: only root may mount and attach")
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir) // the kernel names the disk's file so
	}
	if err != nil {
		return nil, fmt.Errorf("making a disk: %w", bare(err))
	}
	d := &Disk{dir: dir, opts: o, gone: make(chan struct{})}
	if err := d.spawn(); err != nil {
		return nil, fmt.Errorf("starting the disk's server: %w", bare(err))
	}
	if _, err := d.order(order{Do: "start", Dir: dir, Size: size, NoDiscard: o.NoDiscard}); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the disk's server (does TestMain call Serve?): %w", err), d.Close())
	}
	return d, nil
}

// spawn starts the server.
func (d *Disk) spawn() error {
	childIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childIn.Close()
	out, childOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	defer childOut.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), serveEnv+"=1")
	cmd.Stdin, cmd.Stdout = childIn, childOut
	// A session of its own: an interrupt at the terminal ends the test first, then the server cleans up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := startFlusher(cmd); err != nil {
		return errors.Join(err, in.Close(), out.Close())
	}
	d.server, d.in, d.out, d.answer = cmd, in, out, json.NewDecoder(out)
	go func() {
		_ = cmd.Wait()
		close(d.gone)
	}()
	return nil
}

// startFlusher starts a process marked as part of the path on which pages are written back: a mark that it inherits from the
// thread that makes it. It takes CAP_SYS_RESOURCE, which root in a container may lack; without it the server can be slowed
// down when memory is short, no more.
func startFlusher(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := unix.Prctl(unix.PR_SET_IO_FLUSHER, 1, 0, 0, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		return cmd.Start()
	}
	if err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.Prctl(unix.PR_SET_IO_FLUSHER, 0, 0, 0, 0))
}

// orderTime bounds an order to the server; copying an image is the longest.
const orderTime = 60 * time.Second

// order sends the server an order and waits for its answer.
func (d *Disk) order(o order) (Count, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line, err := json.Marshal(o)
	if err != nil {
		return Count{}, err
	}
	limit := time.Now().Add(orderTime)
	var a answer
	if err := errors.Join(d.in.SetDeadline(limit), d.out.SetDeadline(limit)); err != nil {
		return Count{}, bare(err)
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return Count{}, fmt.Errorf("ordering the disk's server: %w", bare(err))
	}
	if err := d.answer.Decode(&a); err != nil {
		return Count{}, fmt.Errorf("hearing the disk's server: %w", bare(err))
	}
	switch {
	case a.Errno != 0:
		return a.Count, a.Errno
	case a.Err != "":
		return a.Count, errors.New(a.Err)
	}
	return a.Count, nil
}

// Image returns the file that holds the disk's bytes. It may be read at any moment, mounted or not: what it holds is what the
// medium holds.
func (d *Disk) Image() string { return imageName(d.dir) }

// Close gives everything back: mounts of the disk wherever they are, the loop device, the server. It works after any error,
// more than once, and does not wait for ever; the files of the disk stay in their folder.
func (d *Disk) Close() error {
	var errs []error
	if err := d.Detach(); err != nil {
		// Without its server each wait for the disk ends with an error, and what would not go goes.
		d.end()
		if d.loop != nil {
			_ = d.loop.unmount(unix.MNT_DETACH)
			err = errors.Join(err, d.Detach())
		}
		errs = append(errs, err)
	}
	select {
	case <-d.gone:
	default:
		if _, err := d.order(order{Do: "quit"}); err != nil {
			errs = append(errs, err)
		}
	}
	select {
	case <-d.gone:
	case <-time.After(leaveTime):
		errs = append(errs, ErrSlow)
		d.end()
	}
	errs = append(errs, dropMount(mountDir(d.dir)))
	_ = d.in.Close() // a second Close has nothing to close
	_ = d.out.Close()
	return errors.Join(errs...)
}

// end ends the server at once.
func (d *Disk) end() {
	_ = d.server.Process.Kill()
	select {
	case <-d.gone:
	case <-time.After(leaveTime):
	}
}
