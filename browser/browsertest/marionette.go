package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// marionette is a connection to Firefox's own remote control: one tab, one question at a time. A message is its length
// in decimal, a colon, and JSON.
type marionette struct {
	conn net.Conn
	in   *bufio.Reader
	id   int
}

func newMarionette(ctx context.Context, port int) (*marionette, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("connecting to the browser: %w", err)
	}
	m := &marionette{conn: conn, in: bufio.NewReader(conn)}
	m.until(ctx)
	if _, err := m.read(); err != nil { // who it is; says nothing that is needed
		conn.Close()
		return nil, fmt.Errorf("reading the browser's greeting: %w", err)
	}
	// Without "none" each click on a download waits five seconds for a page that never comes.
	if _, err := m.call(ctx, "WebDriver:NewSession", map[string]any{"pageLoadStrategy": "none"}); err != nil {
		conn.Close()
		return nil, err
	}
	return m, nil
}

func (m *marionette) until(ctx context.Context) {
	deadline, _ := ctx.Deadline() // the zero time means no deadline, here and there
	m.conn.SetDeadline(deadline)
}

func (m *marionette) read() ([]byte, error) {
	head, err := m.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil || n < 0 || n > 1<<24 {
		return nil, fmt.Errorf("message of length %q", head)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(m.in, b)
	return b, err
}

// call sends a command and returns the result's "value", or the whole result when it has none.
func (m *marionette) call(ctx context.Context, name string, params map[string]any) (json.RawMessage, error) {
	m.until(ctx)
	m.id++
	b, err := json.Marshal([]any{0, m.id, name, params})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(b), b); err != nil {
		return nil, fmt.Errorf("sending %s: %w", name, err)
	}
	if b, err = m.read(); err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", name, err)
	}
	var answer [4]json.RawMessage
	if err := json.Unmarshal(b, &answer); err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", name, err)
	}
	if string(answer[2]) != "null" {
		var problem struct{ Error, Message string }
		json.Unmarshal(answer[2], &problem)
		return nil, fmt.Errorf("%s: %s: %s", name, problem.Error, problem.Message)
	}
	var result struct{ Value json.RawMessage }
	if json.Unmarshal(answer[3], &result) == nil && result.Value != nil {
		return result.Value, nil
	}
	return answer[3], nil
}

func (m *marionette) open(ctx context.Context, url string) error {
	if _, err := m.call(ctx, "WebDriver:Navigate", map[string]any{"url": url}); err != nil {
		return err
	}
	for {
		// A question that arrives while the page changes is answered with an error: ask again.
		done, err := m.call(ctx, "WebDriver:ExecuteScript", map[string]any{
			"script": "return document.readyState === 'complete' && location.href === arguments[0]", "args": []any{url},
		})
		if string(done) == "true" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("loading a page: %w", ctx.Err()), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (m *marionette) find(ctx context.Context, id string) (string, error) {
	v, err := m.call(ctx, "WebDriver:FindElement", map[string]any{"using": "css selector", "value": "#" + id})
	if err != nil {
		return "", err
	}
	var element map[string]string
	if err := json.Unmarshal(v, &element); err != nil {
		return "", fmt.Errorf("reading an element: %w", err)
	}
	for _, ref := range element {
		return ref, nil
	}
	return "", fmt.Errorf("no element %s", id)
}

func (m *marionette) typeInto(ctx context.Context, id, text string) error {
	ref, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	_, err = m.call(ctx, "WebDriver:ElementSendKeys", map[string]any{"id": ref, "text": text})
	return err
}

func (m *marionette) click(ctx context.Context, id string) error {
	ref, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	_, err = m.call(ctx, "WebDriver:ElementClick", map[string]any{"id": ref})
	return err
}

// chrome runs script, the body of a function, with args in "arguments" and the browser's own rights, and waits for the
// promise that it returns.
func (m *marionette) chrome(ctx context.Context, script string, args ...any) error {
	if _, err := m.call(ctx, "Marionette:SetContext", map[string]any{"value": "chrome"}); err != nil {
		return err
	}
	if _, err := m.call(ctx, "WebDriver:ExecuteScript", map[string]any{
		"script": script, "args": args, "scriptTimeout": (20 * time.Second).Milliseconds(),
	}); err != nil {
		return err
	}
	_, err := m.call(ctx, "Marionette:SetContext", map[string]any{"value": "content"})
	return err
}
