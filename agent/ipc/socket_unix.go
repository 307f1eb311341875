//go:build linux || darwin

package ipc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func listen(path string) (*Listener, error) {
	if err := folder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := vacate(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, ErrRunning // another one was faster
	} else if err != nil {
		return nil, fmt.Errorf("listening: %w", bare(err))
	}
	l.SetUnlinkOnClose(false)
	ours, err := os.Lstat(path)
	if err == nil {
		err = os.Chmod(path, 0o666) // who may ask for what is decided by what the kernel says of a caller
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("opening the socket to everybody: %w", bare(err))
	}
	return &Listener{inner: l, who: identify, tidy: func() {
		if now, err := os.Lstat(path); err == nil && os.SameFile(ours, now) {
			os.Remove(path)
		}
	}}, nil
}

// folder makes sure that there is a folder in which only an administrator or the caller can put a socket, and that
// nobody else could exchange the folder itself or one above it.
func folder(dir string) error {
	if err := os.Mkdir(dir, 0o755); err == nil {
		if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask took away
			return fmt.Errorf("making the socket's folder: %w", bare(err))
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the socket's folder: %w", bare(err))
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return ErrUnsafe
	}
	dir, err := filepath.EvalSymlinks(dir) // /var is a link on macOS
	if err != nil {
		return fmt.Errorf("resolving the socket's folder: %w", bare(err))
	}
	for p := dir; ; p = filepath.Dir(p) {
		info, err := os.Lstat(p)
		if err != nil {
			return fmt.Errorf("reading the socket's folder: %w", bare(err))
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || st.Uid != 0 && st.Uid != uint32(os.Geteuid()) {
			return ErrUnsafe
		}
		// In a sticky folder others can make things and cannot exchange ours; above the last one that is enough.
		if info.Mode().Perm()&0o022 != 0 && (p == dir || info.Mode()&fs.ModeSticky == 0) {
			return ErrUnsafe
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// vacate takes away the socket of a service that is no more.
func vacate(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for a socket: %w", bare(err))
	case info.Mode().Type() != fs.ModeSocket:
		return ErrUnsafe // nothing of ours
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return ErrRunning
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return ErrRunning // it listens and is too busy to take one more
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a dead socket: %w", bare(err))
	}
	return nil
}

// bare is the system's reason without the path.
func bare(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return fs.ErrInvalid
}

// dialPause is how long to wait before trying again where the service has a full queue of connections.
const dialPause = 5 * time.Millisecond

// dial connects and makes sure that the service is an administrator's, or the caller's own if self says so.
func dial(ctx context.Context, path string, self bool) (net.Conn, error) {
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			if uid, err := listener(c); err != nil || uid != 0 && (!self || uid != uint32(os.Geteuid())) {
				c.Close()
				return nil, ErrForeign
			}
			return c, nil
		}
		// The connection's timer may be a moment before the context's.
		var late net.Error
		if ctx.Err() != nil || errors.As(err, &late) && late.Timeout() && !errors.Is(err, unix.EAGAIN) {
			return nil, ErrNotAnswering
		}
		// unix(7): connect says so at once on a socket that does not block.
		if !errors.Is(err, unix.EAGAIN) {
			return nil, ErrNoService
		}
		select {
		case <-ctx.Done():
			return nil, ErrNotAnswering
		case <-time.After(dialPause):
		}
	}
}

// control runs f on the descriptor of a connection.
func control(c net.Conn, f func(fd int) error) error {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}
