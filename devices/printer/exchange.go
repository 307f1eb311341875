package printer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/OpenPrinting/goipp"
)

// upload bounds the sending of one document as a whole.
const upload = 10 * time.Minute

// pipe is a connection on which no single read or write takes longer than within.
type pipe struct {
	net.Conn
	within time.Duration
}

func (p pipe) Write(b []byte) (int, error) {
	if err := p.SetDeadline(time.Now().Add(p.within)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// Read does not move the deadline: an answer as a whole has the time that is left after the last write.

// exchange sends one request, with a document after it or none, and reads the answer. The HTTP client of the standard
// library is not used because it reads a body from a goroutine of its own, which may outlive the call.
func (s *Spooler) exchange(ctx context.Context, at string, m *goipp.Message, doc *content, as string) (*answer, error) {
	if s.err != nil {
		return nil, s.err
	}
	bound := s.within
	if doc != nil {
		bound = upload
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: s.within}).DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, unreached(outer, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() }) // a read or write that waits ends with it
	defer stop()
	res, raw, err := s.send(pipe{conn, s.within}, at, m, doc, as)
	if err != nil {
		return nil, unreached(outer, err)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUpgradeRequired:
		return nil, ErrNotPermitted
	case http.StatusRequestEntityTooLarge:
		return nil, ErrTooLarge
	case http.StatusNotFound:
		return nil, ErrNotFound
	default:
		return nil, fmt.Errorf("%w: HTTP status %d", ErrAnswer, res.StatusCode)
	}
	return decode(raw, m.RequestID)
}

// send does the HTTP of an exchange and returns the body of the answer.
func (s *Spooler) send(conn pipe, at string, m *goipp.Message, doc *content, as string) (*http.Response, []byte, error) {
	head, err := m.EncodeBytes()
	if err != nil {
		return nil, nil, fmt.Errorf("encoding a request: %w", err)
	}
	req := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: "localhost", Path: at}, Host: "localhost",
		Header: http.Header{"Content-Type": {"application/ipp"}, "User-Agent": {""}},
		Body:   io.NopCloser(bytes.NewReader(head)), ContentLength: int64(len(head)), Close: true,
	}
	if doc != nil {
		req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), doc))
		req.ContentLength = -1 // in chunks
	}
	if as != "" && s.network == "unix" {
		// Peer credentials: the service asks the kernel who is at the other end, and takes the name where it is that
		// account's (cupsdAuthorize in scheduler/auth.c; https://www.cups.org/doc/spec-ipp.html is silent about it).
		req.Header.Set("Authorization", "PeerCred "+as)
	}
	sent := req.Write(conn)
	if doc != nil && doc.err != nil {
		return nil, nil, doc.err // what was sent has no end, so it makes no job
	}
	if err := conn.SetDeadline(time.Now().Add(s.within)); err != nil {
		return nil, nil, err
	}
	// A service that refuses early answers and closes: its answer says more than the error of the write.
	in := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	res, err := http.ReadResponse(in, req)
	for i := 0; err == nil && res.StatusCode/100 == 1 && i < 5; i++ {
		res, err = http.ReadResponse(in, req)
	}
	if err != nil {
		if sent != nil {
			return nil, nil, sent
		}
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res, raw, err
}

// unreached turns an error of the connection into one without an address.
func unreached(ctx context.Context, err error) error {
	if errors.Is(err, errDocument) || errors.Is(err, ErrTooLarge) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var errno syscall.Errno
	var timeout net.Error
	var network *net.OpError
	switch {
	case errors.As(err, &errno):
		return fmt.Errorf("%w: %w", ErrNoService, errno)
	case errors.Is(err, net.ErrClosed), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %w", ErrNoService, os.ErrDeadlineExceeded)
	case errors.Is(err, io.EOF), errors.As(err, &network):
		return ErrNoService
	}
	return ErrAnswer // no HTTP, an answer without an end, or one that is too long
}
