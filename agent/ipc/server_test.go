package ipc

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/pin"
	"ipguard/agent/state"
	"ipguard/wipe"
)

const shared = "1001"

var (
	root  = Caller{Account: "0", Admin: true, PID: 1}
	self  = Caller{Account: shared, PID: 2}
	other = Caller{Account: "1002", PID: 3}
)

// last follows a wipe to its end and returns what it ended with.
func last(seq func(func(Message, error) bool)) (Message, error) {
	var m Message
	var err error
	for m, err = range seq {
	}
	return m, err
}

func request() WipeRequest { return WipeRequest{Documents: agent.Hold, Countdown: time.Second} }

func TestWhoMayAskForWhat(t *testing.T) {
	for _, c := range []struct {
		name    string
		as      Caller
		changes bool // may wipe and stop
		reloads bool
	}{
		{"administrator", root, true, true},
		{"the account", self, true, false},
		{"another account", other, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, f, ctx := newPipes(), &fake{account: shared}, t.Context()
				serve(t, &Server{Backend: f}, p.listener())
				client := p.client(c.as)
				defer client.Close()
				want, _ := f.Status("")
				if got, err := client.Status(ctx, ""); err != nil || !cmp.Equal(got, want) {
					t.Errorf("status: %v, %s", err, cmp.Diff(want, got))
				}
				if got, err := client.Check(ctx, shared); err != nil || !cmp.Equal(got, reading()) {
					t.Errorf("check: %v, %s", err, cmp.Diff(reading(), got))
				}
				refused := func(what string, err error, may bool) {
					if may && err != nil || !may && (!errors.Is(err, CodeNotPermitted) || !errors.Is(err, agent.ErrNotPermitted)) {
						t.Errorf("%s: %v", what, err)
					}
				}
				refused("stop", client.Stop(ctx, ""), c.changes)
				refused("reload", client.Reload(ctx), c.reloads)
				only := []handover.Mark{{Device: 1, Inode: 2, Size: 3, MTime: 4, CTime: 5}}
				for what, do := range map[string]func() (agent.Moved, error){
					"hold":   func() (agent.Moved, error) { return client.Hold(ctx, "", only) },
					"refuse": func() (agent.Moved, error) { return client.Refuse(ctx, shared, nil) },
					"back": func() (agent.Moved, error) {
						return client.Back(ctx, BackRequest{PIN: "123456", Batch: "RANDOM", Folder: "Documents rendus"})
					},
				} {
					m, err := do()
					refused(what, err, c.changes)
					if want := (agent.Moved{Count: 1, Bytes: 2, Failed: 3}); err == nil && m != want {
						t.Errorf("%s answers %+v", what, m)
					}
				}
				batches, err := client.Held(ctx, "")
				refused("held", err, c.changes)
				if err == nil && !cmp.Equal(batches, held()) {
					t.Errorf("held: %v", batches)
				}
				if c.changes && (len(f.backs) != 1 || f.backs[0] != BackRequest{shared, "123456", "RANDOM", "Documents rendus"}) {
					t.Errorf("the backend was asked for %d returns", len(f.backs))
				}
				if c.changes {
					go func() {
						synctest.Wait()
						f.say(report())
					}()
				}
				var m Message
				m, err = last(client.Wipe(ctx, request()))
				refused("wipe", err, c.changes)
				if c.changes {
					go func() {
						synctest.Wait()
						f.say(stowReport())
					}()
				}
				end, err := last(client.Stow(ctx, StowRequest{Given: only, PowerOff: true}))
				refused("stow", err, c.changes)
				if !c.changes {
					if f.stops+f.reloads+len(f.wipes)+len(f.moves)+len(f.stows) > 0 {
						t.Error("the backend was asked for what the caller may not do")
					}
					return
				}
				if !cmp.Equal(m, report()) {
					t.Errorf("report: %s", cmp.Diff(report(), m))
				}
				if !cmp.Equal(end, stowReport()) || !cmp.Equal(f.stows, []StowRequest{{Account: shared, Given: only, PowerOff: true}}) {
					t.Errorf("stow: %s", cmp.Diff(stowReport(), end))
				}
				r := request()
				r.Account = shared // resolved
				if !cmp.Equal(f.wipes, []WipeRequest{r}) || f.callers[0] != c.as {
					t.Errorf("the backend was asked for %v by %v", f.wipes, f.callers)
				}
			})
		})
	}
}

// What a backend returns is found again on the other side, and no more than that.
func TestErrorsCross(t *testing.T) {
	for _, c := range []struct {
		err  error
		want error
	}{
		{CodeStopped, CodeStopped},
		{fmt.Errorf("waiting: %w", CodeEnding), CodeEnding},
		{agent.ErrNotPermitted, agent.ErrNotPermitted},
		{fmt.Errorf("waiting: %w", state.ErrLocked), CodeBusy},
		{agent.ErrNoBatch, agent.ErrNoBatch},
		{pin.ErrWrong, CodeWrongPIN},
		{pin.ErrWrong, pin.ErrWrong},
		{pin.ErrFormat, pin.ErrWrong},
		{pin.ErrNone, pin.ErrNone},
		{&pin.Locked{Wait: time.Second}, CodeWait},
		{fmt.Errorf("looking up: %w", agent.ErrUnknownAccount), agent.ErrUnknownAccount},
		{wipe.RefusedMoved, wipe.RefusedMoved},
		{errors.New("/home/someone/secret.txt"), CodeFailed},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes()
			serve(t, &Server{Backend: &fake{account: shared, err: c.err}}, p.listener())
			client := p.client(root)
			defer client.Close()
			err := client.Stop(t.Context(), "")
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v became %v", c.err, err)
			}
			if _, err := last(client.Wipe(t.Context(), request())); !errors.Is(err, c.want) {
				t.Errorf("%v became %v in a wipe", c.err, err)
			}
		})
	}
	for _, c := range []struct {
		enrolled, account string
		want              error
	}{
		{"", "", agent.ErrNoneEnrolled},
		{shared, "77", agent.ErrUnknownAccount},
		{shared, "someone", CodeBadRequest},
		{shared, "S-", CodeBadRequest},
		{"S-1-5-21-7", "S-1-5-21-7", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes()
			serve(t, &Server{Backend: &fake{account: c.enrolled}}, p.listener())
			client := p.client(root)
			defer client.Close()
			if _, err := client.Status(t.Context(), c.account); !errors.Is(err, c.want) {
				t.Errorf("status of %q: %v, want %v", c.account, err, c.want)
			}
			if err := client.Stop(t.Context(), c.account); !errors.Is(err, c.want) {
				t.Errorf("stop of %q: %v, want %v", c.account, err, c.want)
			}
		})
	}
}

// raw sends text and returns the status of the answer, 0 if there is none.
func raw(t *testing.T, c net.Conn, text string) (status int, body string) {
	t.Helper()
	defer c.Close()
	go io.WriteString(c, text)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestBadInput(t *testing.T) {
	post := func(path, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"good":                           {post("/v1/stop", `{}`), 200},
		"unknown field":                  {post("/v1/stop", `{"account":"1001","path":"/etc"}`), 400},
		"two values":                     {post("/v1/stop", `{}{}`), 400},
		"not JSON":                       {post("/v1/stop", `account=1001`), 400},
		"empty":                          {post("/v1/wipe", ``), 400},
		"nothing chosen":                 {post("/v1/wipe", `{}`), 400},
		"unknown choice":                 {post("/v1/wipe", `{"documents":"give"}`), 400},
		"endless countdown":              {post("/v1/wipe", `{"documents":"hold","countdown":99999999999999}`), 400},
		"negative countdown":             {post("/v1/wipe", `{"documents":"hold","countdown":-1}`), 400},
		"wrong type":                     {post("/v1/wipe", `{"documents":7}`), 400},
		"deep":                           {post("/v1/wipe", strings.Repeat("[", 4000)), 400},
		"large":                          {post("/v1/stop", `{"account":"`+strings.Repeat("1", 1<<20)+`"}`), 400},
		"account too long":               {post("/v1/stop", `{"account":"`+strings.Repeat("1", 200)+`"}`), 400},
		"a path":                         {post("/v1/stop", `{"account":"../0"}`), 400},
		"a stow of what":                 {post("/v1/stow", `{"what":1}`), 400},
		"marks are no list":              {post("/v1/wipe", `{"documents":"hold","given":{"inode":1}}`), 400},
		"a mark with a name":             {post("/v1/documents/hold", `{"only":[{"inode":1,"name":"x"}]}`), 400},
		"a mark below zero":              {post("/v1/documents/hold", `{"only":[{"inode":-1}]}`), 400},
		"half a list":                    {post("/v1/documents/refuse", `{"only":[{"inode":1}`), 400},
		"no documents are not all":       {post("/v1/documents/refuse", `{"only":[]}`), 200},
		"a long list where none belongs": {post("/v1/documents/held", `{"account":"`+strings.Repeat(" ", 1<<16)+`"}`), 400},
		"no batch":                       {post("/v1/documents/back", `{"pin":"123456","folder":"x"}`), 400},
		"no folder":                      {post("/v1/documents/back", `{"pin":"123456","batch":"x"}`), 400},
		"an endless PIN":                 {post("/v1/documents/back", `{"pin":"`+strings.Repeat("1", 300)+`","batch":"x","folder":"x"}`), 400},
		"an endless folder":              {post("/v1/documents/back", `{"batch":"x","folder":"`+strings.Repeat("a", 300)+`"}`), 400},
		"wrong method":                   {"GET /v1/wipe HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		"unknown version":                {"GET /v9/status HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		"no host":                        {"GET /v1/status HTTP/1.1\r\n\r\n", 400},
		"other protocol":                 {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		"options":                        {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"long header":                    {"GET /v1/status HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 1<<16) + "\r\n\r\n", 431},
		"bytes":                          {"\x00\xff\x16\x03\x01\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				faults := 0
				stop := serve(t, &Server{Backend: &fake{account: shared}, Fault: func(string) { faults++ }}, p.listener())
				conn, err := p.connect(root)
				if err != nil {
					t.Fatal(err)
				}
				status, body := raw(t, conn, c.text)
				if status != c.want {
					t.Errorf("answered %d %q, want %d", status, body, c.want)
				}
				if got := (problem{}); status == 400 && strings.HasPrefix(body, "{") {
					if err := json.Unmarshal([]byte(body), &got); err != nil || got.Error != CodeBadRequest {
						t.Errorf("answered %q", body)
					}
				}
				stop()
				if faults > 0 {
					t.Error("a bad request is no fault of the service")
				}
			})
		})
	}
}

func TestPanicIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		var told []string
		f := &fake{account: shared, check: func(context.Context, string) (agent.Status, error) { panic("a name") }}
		serve(t, &Server{Backend: f, Fault: func(code string) { told = append(told, code) }}, p.listener())
		client := p.client(other)
		defer client.Close()
		for range 3 {
			if _, err := client.Check(t.Context(), ""); !errors.Is(err, CodeFailed) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := client.Status(t.Context(), ""); err != nil {
			t.Errorf("after a panic: %v", err)
		}
		if !cmp.Equal(told, []string{FaultPanic}) {
			t.Errorf("told %q, want one code in a minute and nothing else", told)
		}
	})
}
