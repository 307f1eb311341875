package printer

import (
	"cmp"
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// Options say which service, and for whom.
type Options struct {
	// Socket is the service's local socket, or an address of this machine ("localhost:631"), in the words of the
	// variable CUPS_SERVER of cups-client.conf(5). Empty: the system's own socket. An address of another machine is
	// refused as ErrNoService: documents would go there in clear.
	Socket string
	// User is the account that jobs are sent, listed and canceled for. It must not be empty.
	User string
	// Peer is the name of the account that this process runs as, which the service compares with what the kernel says
	// about the socket. Empty: root for a process of root, else User.
	Peer string
	// Within bounds one exchange: the whole of it, or each pause in sending a document. 0: 10 seconds.
	Within time.Duration
}

// Spooler talks to a print service. It keeps no connection and no state, so that it may be used by many goroutines.
type Spooler struct {
	network, address string
	user, peer       string
	within           time.Duration
	pause, longest   time.Duration // between two looks at a job: the first one, and the longest
	err              error         // why nothing can be asked
}

// New returns a Spooler. It asks nothing yet.
func New(o Options) *Spooler {
	s := &Spooler{
		user: o.User, peer: o.Peer, within: cmp.Or(o.Within, 10*time.Second),
		pause: 500 * time.Millisecond, longest: 2 * time.Second,
	}
	if s.peer == "" {
		s.peer = o.User
		if os.Geteuid() == 0 {
			s.peer = "root"
		}
	}
	switch {
	case defaultSocket == "":
		s.err = errors.ErrUnsupported
		return s
	case !plain(o.User) || !plain(s.peer):
		s.err = ErrNotPermitted // it would stand in a header
		return s
	}
	var ok bool
	if s.network, s.address, ok = server(cmp.Or(o.Socket, defaultSocket)); !ok {
		s.err = ErrNoService
	}
	return s
}

// server reads a value of CUPS_SERVER: a path, or a host with an optional port, both with an optional version of IPP.
func server(value string) (network, address string, ok bool) {
	value, _, _ = strings.Cut(value, "/version=")
	if strings.HasPrefix(value, "/") {
		return "unix", value, true
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		host, port = strings.Trim(value, "[]"), "631" // RFC 8010, section 5
	}
	if ip := net.ParseIP(host); host == "localhost" {
		host = "127.0.0.1"
	} else if ip == nil || !ip.IsLoopback() {
		return "", "", false
	}
	return "tcp", net.JoinHostPort(host, port), true
}

// plain tells that a name can stand in a header and in a message: something, and neither white space nor control
// characters, of at most as many bytes as IPP gives a name (RFC 8011, section 5.1.3).
func plain(name string) bool {
	return name != "" && len(name) <= 255 && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}
