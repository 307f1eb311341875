package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// devtools is a connection to Chromium's remote control over two pipes: one tab, one question at a time. A message is
// JSON, ended by a zero byte.
type devtools struct {
	out     io.WriteCloser
	answers chan answer
	id      int
	session string // the tab; empty is the browser
}

type answer struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

// newDevtools speaks over out and in, which belong to it from then on.
func newDevtools(out io.WriteCloser, in io.ReadCloser) *devtools {
	d := &devtools{out: out, answers: make(chan answer, 16)}
	go func() {
		defer close(d.answers)
		defer in.Close()
		r := bufio.NewReader(in)
		for {
			b, err := r.ReadBytes(0)
			if err != nil {
				return
			}
			var a answer
			// An event has no id; no event is asked for, and none is waited for.
			if json.Unmarshal(b[:len(b)-1], &a) == nil && a.ID != 0 {
				d.answers <- a
			}
		}
	}()
	return d
}

func (d *devtools) close() {
	d.out.Close()
	for range d.answers { // until the browser has closed its side
	}
}

// call sends a command to the tab (to the browser when there is none yet) and stores its result in into, unless nil.
func (d *devtools) call(ctx context.Context, method string, params map[string]any, into any) error {
	d.id++
	b, err := json.Marshal(struct {
		ID      int            `json:"id"`
		Method  string         `json:"method"`
		Params  map[string]any `json:"params,omitempty"`
		Session string         `json:"sessionId,omitempty"`
	}{d.id, method, params, d.session})
	if err != nil {
		return err
	}
	if _, err := d.out.Write(append(b, 0)); err != nil {
		return fmt.Errorf("sending %s: %w", method, err)
	}
	for {
		select {
		case a, ok := <-d.answers:
			switch {
			case !ok:
				return fmt.Errorf("waiting for the answer to %s: %w", method, io.ErrUnexpectedEOF)
			case a.ID != d.id: // the answer to a question that was given up
			case a.Error != nil:
				return errors.New(method + ": " + a.Error.Message)
			case into != nil:
				return json.Unmarshal(a.Result, into)
			default:
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting for the answer to %s: %w", method, ctx.Err())
		}
	}
}

// attach makes a tab and speaks to it from then on.
func (d *devtools) attach(ctx context.Context) error {
	var target struct{ TargetID string }
	if err := d.call(ctx, "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	err := d.call(ctx, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	d.session = attached.SessionID
	return err
}

// eval runs an expression in the page and returns its value once it is there.
func (d *devtools) eval(ctx context.Context, expression string) (any, error) {
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	err := d.call(ctx, "Runtime.evaluate", map[string]any{
		"expression": expression, "awaitPromise": true, "returnByValue": true,
	}, &r)
	if err == nil && r.ExceptionDetails != nil {
		err = errors.New(r.ExceptionDetails.Text + ": " + r.ExceptionDetails.Exception.Description)
	}
	return r.Result.Value, err
}

func (d *devtools) open(ctx context.Context, url string) error {
	var nav struct{ ErrorText string }
	if err := d.call(ctx, "Page.navigate", map[string]any{"url": url}, &nav); err != nil {
		return err
	}
	if nav.ErrorText != "" {
		return errors.New("loading a page: " + nav.ErrorText)
	}
	want := quote(url)
	for {
		// A question that arrives while the page changes is answered with an error: ask again.
		done, err := d.eval(ctx, "document.readyState === 'complete' && location.href === "+want)
		if done == true {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("loading a page: %w", ctx.Err()), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *devtools) typeInto(ctx context.Context, id, text string) error {
	if _, err := d.eval(ctx, "document.getElementById("+quote(id)+").focus()"); err != nil {
		return err
	}
	for key := range strings.SplitSeq(text, "") {
		for _, kind := range []string{"keyDown", "keyUp"} {
			params := map[string]any{"type": kind, "key": key}
			if kind == "keyDown" {
				params["text"] = key
			}
			if err := d.call(ctx, "Input.dispatchKeyEvent", params, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// click presses the mouse: a second download that only a script asks for makes the browser ask first.
func (d *devtools) click(ctx context.Context, id string) error {
	at := map[string]any{"button": "left", "clickCount": 1}
	for axis, side := range map[string]string{"x": "left + r.width / 2", "y": "top + r.height / 2"} {
		var err error
		at[axis], err = d.eval(ctx, "(r => r."+side+")(document.getElementById("+quote(id)+").getBoundingClientRect())")
		if err != nil {
			return err
		}
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		at["type"] = kind
		if err := d.call(ctx, "Input.dispatchMouseEvent", at, nil); err != nil {
			return err
		}
	}
	return nil
}

// quote returns s as a literal of JavaScript.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}
