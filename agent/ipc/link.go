package ipc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	answerSize = 4 << 20 // of an answer
	lineSize   = 1 << 20 // of a message
)

// link is a connection to the service. It stands in for http.Transport, which keeps goroutines and would lose the answer
// of a service that turns a caller away without reading.
type link struct {
	net.Conn
	br      *bufio.Reader
	silence time.Duration // if set, how long each read may wait
}

// Read implements io.Reader.
func (l *link) Read(p []byte) (int, error) {
	if l.silence > 0 {
		l.SetReadDeadline(time.Now().Add(l.silence))
	}
	return l.Conn.Read(p)
}

// connect opens a connection.
func (c *Client) connect(ctx context.Context) (*link, error) {
	within, cancel := context.WithTimeout(ctx, connectMost)
	defer cancel()
	conn, err := c.dial(within)
	if over := over(ctx); over != nil {
		if err == nil {
			conn.Close()
		}
		return nil, over
	}
	if err != nil {
		return nil, err
	}
	l := &link{Conn: conn}
	l.br = bufio.NewReader(l)
	return l, nil
}

// over is the context's error, or what it is about to be: a connection's timer may be a moment before it.
func over(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// send writes a request and reads the head of the answer.
func (l *link) send(method, target string, body []byte) (*http.Response, error) {
	req, err := http.NewRequest(method, "http://ipguard"+target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	l.SetWriteDeadline(time.Now().Add(answerMost))
	// A service that turned us away has closed its end; what it said before is there to be read.
	sent := req.Write(l.Conn)
	resp, err := http.ReadResponse(l.br, req)
	if err != nil && sent != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, sent
	}
	return resp, err
}

// why turns an error of a connection into one for the caller, without the path that is in it.
func (l *link) why(ctx context.Context, err error) error {
	if over := over(ctx); over != nil {
		return over
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrNotAnswering
	}
	return ErrBroken
}

// refused reads why a request was not carried out.
func (l *link) refused(ctx context.Context, resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerSize))
	if err != nil {
		return l.why(ctx, err)
	}
	var p problem
	switch {
	case json.Unmarshal(body, &p) == nil && p.err() != nil:
		return p.err()
	case resp.StatusCode < http.StatusInternalServerError:
		return CodeBadRequest // another version of the service may not know the question
	}
	return CodeFailed
}

// call asks and reads the whole answer into v. A connection that was kept may have been closed meanwhile: then it asks
// once more on a fresh one, so every question that comes here must be one that can be asked twice.
func (c *Client) call(ctx context.Context, method, target string, question, v any, most time.Duration) error {
	var body []byte
	if question != nil {
		var err error
		if body, err = json.Marshal(question); err != nil {
			return err
		}
	}
	if l := c.kept(); l != nil {
		if err := c.exchange(ctx, l, method, target, body, v, most); !errors.Is(err, ErrBroken) {
			return err
		}
	}
	return c.fresh(ctx, method, target, body, v, most)
}

// once asks on a fresh connection, and never twice: what is asked must not be done twice, or counts.
func (c *Client) once(ctx context.Context, target string, question, v any, most time.Duration) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	return c.fresh(ctx, http.MethodPost, target, body, v, most)
}

func (c *Client) fresh(ctx context.Context, method, target string, body []byte, v any, most time.Duration) error {
	l, err := c.connect(ctx)
	if err != nil {
		return err
	}
	return c.exchange(ctx, l, method, target, body, v, most)
}

// exchange asks on one connection, and keeps it if it can be used again.
func (c *Client) exchange(ctx context.Context, l *link, method, target string, body []byte, v any, most time.Duration) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	reuse := false
	defer func() {
		if stop() && reuse {
			c.keep(l)
		} else {
			l.Close()
		}
	}()
	l.SetReadDeadline(time.Now().Add(most))
	resp, err := l.send(method, target, body)
	if err != nil {
		return l.why(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		err := l.refused(ctx, resp)
		reuse = !resp.Close && errors.As(err, new(Code))
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerSize))
	if err != nil {
		return l.why(ctx, err)
	}
	if json.Unmarshal(answer, v) != nil {
		return ErrBroken
	}
	reuse = !resp.Close
	return nil
}

// kept takes the unused connection, if there is one that the service still has.
func (c *Client) kept() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.idle
	c.idle = nil
	if l != nil && time.Since(c.used) > keepMost {
		l.Close()
		return nil
	}
	return l
}

// keep puts a connection by for the next question.
func (c *Client) keep(l *link) {
	c.mu.Lock()
	old := c.idle
	c.idle, c.used = l, time.Now()
	c.mu.Unlock()
	if old != nil {
		old.Close()
	}
}
