package ipc

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Why there is nothing to listen on.
var (
	// ErrRunning means that another service listens there.
	ErrRunning = errors.New("a service is already listening")
	// ErrUnsafe means that others than an administrator and the caller could put something else in the place, or did.
	ErrUnsafe = errors.New("others can change the place to listen at")
)

// DefaultPath is where the service listens: a folder for the socket alone, which its manager makes and which only an
// administrator can write to, or a pipe.
func DefaultPath(goos string) string {
	switch goos {
	case "windows":
		return `\\.\pipe\ipguard`
	case "darwin":
		return "/var/run/ipguard/ipguard.sock"
	}
	return "/run/ipguard/ipguard.sock"
}

// Listener is a place where the service listens.
type Listener struct {
	inner net.Listener
	who   func(net.Conn) (peer, error)
	once  sync.Once
	tidy  func() // takes away what would otherwise stay
}

// Listen begins to listen at path. On a unix system it makes the last folder of path if there is none, and takes away the
// socket of a service that is no more. Errors: ErrRunning, ErrUnsafe, or the system's without the path.
func Listen(path string) (*Listener, error) { return listen(path) }

// Close ends listening and takes the socket away. Connections that are open stay open.
func (l *Listener) Close() error {
	var err error
	l.once.Do(func() {
		l.tidy()
		err = l.inner.Close()
	})
	return err
}

// peer is the other end of a connection.
type peer struct {
	// purse is whose share a connection is taken from. It may stand for several accounts, and on Windows is only what
	// the process that connected seems to be.
	purse string
	admin bool // of that purse
	// caller asks the kernel who it is. On Windows it knows only once something was read.
	caller func() (Caller, error)
}

// conn is a connection that was let in.
type conn struct {
	net.Conn
	purse  string
	admin  bool
	caller func() (Caller, error)
}

// surplus is the whole answer to a connection for which there is no room: nothing is read from it.
const surplus = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 16\r\n" +
	"Connection: close\r\n\r\n" + `{"error":"busy"}`

// acceptPause is how long to wait when the system would not give a connection: out of descriptors, for instance.
const acceptPause = 50 * time.Millisecond

// door lets connections in for an HTTP server as far as its gate has room, and turns the others away before anything is
// kept for them.
type door struct {
	*Listener
	gate   *gate
	fault  func(code string)
	ending <-chan struct{}
}

// Accept implements net.Listener. It returns net.ErrClosed at the end, and no other error.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.inner.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil, net.ErrClosed
			}
			d.fault(FaultAccept)
			select {
			case <-d.ending:
				return nil, net.ErrClosed
			case <-time.After(acceptPause):
			}
			continue
		}
		p, err := d.who(c)
		if err != nil {
			c.Close() // a stranger gets nothing
			continue
		}
		if !d.gate.enter(p.purse, p.admin) {
			// A fresh connection has room for a line, so this waits for nobody; where it has not, not for long.
			c.SetWriteDeadline(time.Now().Add(acceptPause))
			c.Write([]byte(surplus))
			c.Close()
			continue
		}
		return &conn{Conn: c, purse: p.purse, admin: p.admin, caller: sync.OnceValues(p.caller)}, nil
	}
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr { return d.inner.Addr() }
