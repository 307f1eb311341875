package ipc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
)

// Why nothing came of a request, beside the codes.
var (
	// ErrNoService means that nobody listens: the command goes on without the service.
	ErrNoService = errors.New("no service is listening")
	// ErrForeign means that what listens is not the service. Nothing was sent to it.
	ErrForeign = errors.New("what listens is not the service")
	// ErrNotAnswering means that the service is there and says nothing.
	ErrNotAnswering = errors.New("the service does not answer")
	// ErrBroken means that the service went away in the middle of an answer, or that the answer makes no sense.
	ErrBroken = errors.New("the service's answer broke off")
)

// How long a client waits.
const (
	connectMost = 2 * time.Second
	answerMost  = 5 * time.Second
	lookMost    = 60 * time.Second // for a look at the disk, and the one that runs already
	changeMost  = backendMost + 2*time.Second
	movedMost   = deskMost + 2*time.Second // for documents that are set aside, erased or given back
	// silenceMost is how long a wipe may say nothing; the service says something every heartbeat.
	silenceMost = 15 * time.Second
	// keepMost is how long an unused connection is kept: less than the service does.
	keepMost = idleMost / 2
)

// Client asks the service. It is safe for concurrent use.
type Client struct {
	self bool
	dial func(ctx context.Context) (net.Conn, error)

	mu   sync.Mutex
	idle *link
	used time.Time
}

// TrustSelf makes a client accept a service that runs as the client's own account, for the demonstration and for tests;
// otherwise it must be an administrator's.
func TrustSelf(c *Client) { c.self = true }

// Dial returns a client of the service that listens at path. It connects when something is asked.
func Dial(path string, options ...func(*Client)) *Client {
	c := &Client{}
	for _, o := range options {
		o(c)
	}
	c.dial = func(ctx context.Context) (net.Conn, error) { return dial(ctx, path, c.self) }
	return c
}

// Close closes what is open and unused.
func (c *Client) Close() error {
	c.mu.Lock()
	l := c.idle
	c.idle = nil
	c.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.Close()
}

// Status asks what the service knows of the account, an id, or empty for the only one that is enrolled. Like those of every
// call here, its errors are a Code, a wipe.Refusal, one of this package's, or the context's.
func (c *Client) Status(ctx context.Context, account string) (Status, error) {
	query := ""
	if account != "" {
		query = "?" + url.Values{"account": {account}}.Encode()
	}
	var st Status
	err := c.call(ctx, http.MethodGet, "/v1/status"+query, nil, &st, answerMost)
	return st, err
}

// Check has the service look at the disk afresh. That may take a while: Status says much sooner that a service does not
// answer.
func (c *Client) Check(ctx context.Context, account string) (agent.Status, error) {
	var st agent.Status
	err := c.call(ctx, http.MethodPost, "/v1/check", target{account}, &st, lookMost)
	return st, err
}

// Browsers has the service look afresh how the browsers of an account stand.
func (c *Client) Browsers(ctx context.Context, account string) (governor.Report, error) {
	var r governor.Report
	err := c.call(ctx, http.MethodPost, "/v1/browsers", target{account}, &r, lookMost)
	return r, err
}

// Stop ends the countdown of a wipe.
func (c *Client) Stop(ctx context.Context, account string) error {
	return c.call(ctx, http.MethodPost, "/v1/stop", target{account}, &nothing{}, changeMost)
}

// Reload has the service look again which accounts are enrolled.
func (c *Client) Reload(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/reload", nothing{}, &nothing{}, changeMost)
}

// Wipe begins a wipe, or joins the one that runs, and yields what it says. The last pair has the report, or an error; to
// stop listening does not stop the wipe. While nothing happens the latest message comes again every few seconds.
func (c *Client) Wipe(ctx context.Context, req WipeRequest) iter.Seq2[Message, error] {
	return c.following(ctx, "/v1/wipe", req)
}

// Stow begins the end of a permanence, or joins the one that runs, and yields what it says as Wipe does; the last pair has
// a stow report. To stop listening does not stop it. Where the machine is switched off afterwards, that is some seconds
// after the last pair.
func (c *Client) Stow(ctx context.Context, req StowRequest) iter.Seq2[Message, error] {
	return c.following(ctx, "/v1/stow", req)
}

func (c *Client) following(ctx context.Context, target string, req any) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if err := c.follow(ctx, target, req, func(m Message) bool { return yield(m, nil) }); err != nil {
			yield(Message{}, err)
		}
	}
}

// follow has every message but an error said, until the report or until say returns false.
func (c *Client) follow(ctx context.Context, target string, req any, say func(Message) bool) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	l, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	l.silence = silenceMost
	resp, err := l.send(http.MethodPost, target, body)
	if err != nil {
		return l.why(ctx, err)
	}
	// Closing the body would read it to its end first; the connection is closed instead.
	if resp.StatusCode != http.StatusOK {
		return l.refused(ctx, resp)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, lineSize)
	for lines.Scan() {
		var m Message
		if json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &m) != nil {
			return ErrBroken
		}
		if m.Error != "" {
			return m.Error
		}
		if m != (Message{}) && !say(m) || m.last() {
			return nil
		}
	}
	return l.why(ctx, lines.Err())
}
