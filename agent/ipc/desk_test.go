package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ipguard/agent/handover"
	"ipguard/agent/pin"
)

// largest are as many marks as a request may have, each as long as it can be written.
func largest() Marks {
	all := make(Marks, marksMost)
	for i := range all {
		all[i] = handover.Mark{
			Device: math.MaxUint64, Inode: math.MaxUint64 - uint64(i), Size: math.MaxInt64, MTime: math.MinInt64, CTime: math.MinInt64,
		}
	}
	return all
}

// Ten thousand documents can be decided about one by one, and one more is refused rather than left out.
func TestManyMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		client := p.client(self)
		defer client.Close()
		all := largest()
		if _, err := client.Hold(t.Context(), "", all); err != nil {
			t.Fatal(err)
		}
		if len(f.only) != 1 || len(f.only[0]) != marksMost || f.only[0][marksMost-1] != all[marksMost-1] {
			t.Error("the marks did not arrive")
		}
		for what, req := range map[string]WipeRequest{
			"given":    {Documents: "hold", Given: make(Marks, marksMost+1)},
			"together": {Documents: "hold", Given: make(Marks, marksMost), Refused: make(Marks, 1)},
		} {
			if _, err := last(client.Wipe(t.Context(), req)); !errors.Is(err, CodeBadRequest) {
				t.Errorf("one more mark, %s: %v", what, err)
			}
		}
		if _, err := client.Refuse(t.Context(), "", make(Marks, marksMost+1)); !errors.Is(err, CodeBadRequest) {
			t.Errorf("one more mark: %v", err)
		}
		if _, err := client.Refuse(t.Context(), "", Marks{}); err != nil || len(f.moves) != 1 {
			t.Errorf("no document was taken for all: %v, %v", err, f.moves)
		}
		if _, err := client.Refuse(t.Context(), "", nil); err != nil || len(f.moves) != 2 || f.only[1] != nil {
			t.Errorf("all documents: %v, %v", err, f.moves)
		}
	})
}

// A long request of somebody who may not ask for anything is not read.
func TestLongRequestsOfStrangers(t *testing.T) {
	for _, path := range []string{"/v1/wipe", "/v1/stow", "/v1/documents/hold", "/v1/documents/refuse"} {
		synctest.Test(t, func(t *testing.T) {
			p := newPipes()
			serve(t, &Server{Backend: &fake{account: shared}}, p.listener())
			conn, err := p.connect(other)
			if err != nil {
				t.Fatal(err)
			}
			// The head alone: the answer comes without the body.
			status, body := raw(t, conn, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, marksSize))
			if status != http.StatusForbidden || !strings.Contains(body, string(CodeNotPermitted)) {
				t.Errorf("%s answers %d %q", path, status, body)
			}
		})
	}
}

// What is longer than it says, or does not say how long it is, is not read to its end.
func TestLongRequestsAreBounded(t *testing.T) {
	list := `{"documents":"hold","given":[{}` + strings.Repeat(",{}", 5000) + `]}`
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"too long":  {fmt.Sprintf("Content-Length: %d\r\n\r\n", marksSize+1), 400},
		"chunked":   {fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(list), list), 400},
		"many":      {length(`{"documents":"hold","given":[{}` + strings.Repeat(",{}", 400_000) + `]}`), 400},
		"blank":     {length(`{"documents":"hold","given":[` + strings.Repeat(" ", marksSize-100) + `]} x`), 400},
		"unlimited": {"Content-Length: 9223372036854775807\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, f := newPipes(), &fake{account: shared}
				serve(t, &Server{Backend: f}, p.listener())
				conn, err := p.connect(self)
				if err != nil {
					t.Fatal(err)
				}
				status, body := raw(t, conn, "POST /v1/wipe HTTP/1.1\r\nHost: x\r\n"+c.text)
				if status != c.want || len(f.wipes) > 0 {
					t.Errorf("answered %d %q", status, body)
				}
			})
		})
	}
}

func length(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

// An account that sends a long request slowly keeps only itself waiting, and not for long.
func TestSlowLongRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		conn, err := p.connect(self)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go fmt.Fprintf(conn, "POST /v1/wipe HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n{", marksSize)
		synctest.Wait()
		if _, err := p.client(self).Hold(t.Context(), "", largest()); !errors.Is(err, CodeBusy) {
			t.Errorf("a second long request of the same account: %v", err)
		}
		if _, err := p.client(root).Hold(t.Context(), "", largest()); err != nil {
			t.Errorf("an administrator's: %v", err)
		}
		if _, err := p.client(self).Hold(t.Context(), "", largest()[:10]); err != nil {
			t.Errorf("a short one: %v", err)
		}
		go io.Copy(io.Discard, conn)
		time.Sleep(requestMost)
		if _, err := p.client(self).Hold(t.Context(), "", largest()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// Many callers at once that ask for something long are served one by one or told that it is too much.
func TestManyLongRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		var all sync.WaitGroup
		for range connEach {
			all.Go(func() {
				if _, err := p.client(self).Hold(t.Context(), "", largest()); err != nil && !errors.Is(err, CodeBusy) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(f.moves) == 0 {
			t.Error("nobody was served")
		}
	})
}

// How long somebody has to wait crosses, and the PIN is sent once whatever happens to the answer.
func TestPIN(t *testing.T) {
	req := BackRequest{PIN: "246810", Batch: "RANDOM", Folder: "x"}
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared, err: fmt.Errorf("looking: %w", &pin.Locked{Wait: 61*time.Second + 1})}
		serve(t, &Server{Backend: f}, p.listener())
		_, err := p.client(self).Back(t.Context(), req)
		var wait Wait
		var locked *pin.Locked
		if !errors.Is(err, CodeWait) || !errors.As(err, &wait) || !errors.As(err, &locked) || wait.For != 62*time.Second || locked.Wait != wait.For {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), req.PIN) {
			t.Error("the error has the PIN")
		}
	})
	for _, c := range []struct {
		text string
		want time.Duration
	}{{`{"error":"wait","wait":-5}`, 0}, {`{"error":"wait","wait":9223372036854775807}`, waitMost * time.Second}, {`{"error":"wait"}`, 0}} {
		var p problem
		if err := json.Unmarshal([]byte(c.text), &p); err != nil || p.err() != error(Wait{c.want}) {
			t.Errorf("%s became %v", c.text, p.err())
		}
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		defer p.Close()
		asked := 0
		go func() {
			for {
				conn, err := p.Accept()
				if err != nil {
					return
				}
				asked++
				conn.Read(make([]byte, 4096))
				conn.Close()
			}
		}()
		client := p.client(self)
		if _, err := client.Back(t.Context(), req); !errors.Is(err, ErrBroken) || asked != 1 {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
}

// Who leaves while documents are moved is not waited for; the backend hears of it.
func TestLeavingWhileDocumentsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f, left := newPipes(), &fake{account: shared}, false
		f.hold = func(ctx context.Context) { <-ctx.Done(); left = true }
		serve(t, &Server{Backend: f}, p.listener())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.client(self).Hold(ctx, "", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if !left {
			t.Error("the backend was not told")
		}
	})
}
