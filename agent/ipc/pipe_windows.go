package ipc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// access is what an ordinary user may do with the pipe: read and write data and attributes, and see who owns it. It
// leaves out FILE_CREATE_PIPE_INSTANCE, 0x4, by which somebody could answer in the service's place.
const access = 0x0012019b

// descriptor makes administrators the owner, which no ordinary account can do, and refuses whoever came over the network.
const descriptor = "O:BAG:BAD:P(D;;GA;;;NU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x0012019b;;;IU)"

// bufferSize of a pipe bounds what a connection costs the kernel, each way.
const bufferSize = 64 << 10

func listen(path string) (*Listener, error) {
	l, err := winio.ListenPipe(path, &winio.PipeConfig{
		SecurityDescriptor: descriptor, InputBufferSize: bufferSize, OutputBufferSize: bufferSize,
	})
	if err == nil {
		return &Listener{inner: l, who: identify, tidy: func() {}}, nil
	}
	// A pipe that exists is never shared: it is the service's, or somebody took the name.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, there := dial(ctx, path, false)
	switch {
	case there == nil:
		c.Close()
		return nil, ErrRunning
	case errors.Is(there, ErrForeign):
		return nil, ErrUnsafe
	case errors.Is(there, ErrNotAnswering):
		return nil, ErrRunning
	}
	return nil, fmt.Errorf("listening: %w", bare(err))
}

// bare is the system's reason without the path.
func bare(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return errors.ErrUnsupported
}

// dial connects so that the other end can see who calls and cannot act in their name, and makes sure that the pipe is an
// administrator's.
func dial(ctx context.Context, path string, self bool) (net.Conn, error) {
	c, err := winio.DialPipeAccessImpLevel(ctx, path, access, winio.PipeImpLevelIdentification)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			c.Close()
		}
		return nil, ErrNotAnswering
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return nil, ErrForeign // the service's own pipe lets every user of the machine in
	case err != nil:
		return nil, ErrNoService
	}
	if !trusted(c, self) {
		c.Close()
		return nil, ErrForeign
	}
	return c, nil
}

// trusted reports whether administrators own the pipe. Its process could not be asked: an ordinary account may not read
// the token of the system's.
func trusted(c net.Conn, self bool) bool {
	h, ok := handle(c)
	if !ok {
		return false
	}
	sd, err := windows.GetSecurityInfo(h, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return false
	}
	owner, _, err := sd.Owner()
	if err != nil || owner == nil {
		return false
	}
	if self {
		if u, err := windows.GetCurrentProcessToken().GetTokenUser(); err == nil && owner.Equals(u.User.Sid) {
			return true
		}
	}
	return owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) || owner.IsWellKnown(windows.WinLocalSystemSid)
}

func handle(c net.Conn) (windows.Handle, bool) {
	f, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return 0, false
	}
	return windows.Handle(f.Fd()), true
}
