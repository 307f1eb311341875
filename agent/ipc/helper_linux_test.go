package ipc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ipguard/agent/handover"
	"ipguard/browser/browsertest"
)

// modeVariable makes the test program act as somebody else's: it is run again as a throw-away account.
const modeVariable = "IPGUARD_IPC_TEST"

func TestMain(m *testing.M) {
	mode := os.Getenv(modeVariable)
	if mode == "" {
		os.Exit(m.Run())
	}
	var err error
	switch path := os.Args[1]; mode {
	case "ask":
		err = askAll(path)
	case "poll":
		err = poll(path)
	case "flood":
		err = flood(path)
	case "listen":
		err = squat(path)
	case "serve":
		var l *Listener
		if l, err = Listen(path); err == nil {
			fmt.Println("listening")
			err = (&Server{Backend: &fake{account: shared}}).Run(context.Background(), l)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// as runs the test program in a mode as an account.
func as(t testing.TB, u browsertest.User, mode, path string) *exec.Cmd {
	t.Helper()
	cmd := u.Command(t.Context(), "/proc/self/exe", path)
	cmd.Env = append(cmd.Env, modeVariable+"="+mode)
	cmd.Stderr = os.Stderr
	return cmd
}

// place makes a folder as the service's manager would, and returns where the socket goes.
func place(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ipgt-ipc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "ipguard", "s")
}

// up serves at a fresh place.
func up(t testing.TB, f *fake) string {
	t.Helper()
	path := place(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, &Server{Backend: f, Fault: func(code string) { t.Errorf("fault: %s", code) }}, l)
	return path
}

// askAll asks everything once and prints what came of it.
func askAll(path string) error {
	c, ctx := Dial(path), context.Background()
	defer c.Close()
	say := func(err error) string {
		if err == nil {
			return "ok"
		}
		return err.Error()
	}
	answers := map[string]string{}
	_, err := c.Status(ctx, "")
	answers["status"] = say(err)
	_, err = c.Check(ctx, "")
	answers["check"] = say(err)
	answers["stop"] = say(c.Stop(ctx, ""))
	answers["reload"] = say(c.Reload(ctx))
	_, err = last(c.Wipe(ctx, request()))
	answers["wipe"] = say(err)
	_, err = c.Hold(ctx, "", make([]handover.Mark, marksMost))
	answers["hold"] = say(err)
	_, err = c.Refuse(ctx, "", nil)
	answers["refuse"] = say(err)
	_, err = c.Held(ctx, "")
	answers["held"] = say(err)
	_, err = c.Back(ctx, BackRequest{PIN: "123456", Batch: "x", Folder: "y"})
	answers["back"] = say(err)
	_, err = last(c.Stow(ctx, StowRequest{}))
	answers["stow"] = say(err)
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// polled is what poll prints.
type polled struct{ Answers, Failures int }

// poll asks for the status on fresh connections until its input ends.
func poll(path string) error {
	var over atomic.Bool
	go func() {
		io.Copy(io.Discard, os.Stdin)
		over.Store(true)
	}()
	var p polled
	for !over.Load() {
		c := Dial(path)
		if st, err := c.Status(context.Background(), ""); err != nil || st.Sessions != 1 {
			fmt.Fprintln(os.Stderr, "poll:", err)
			p.Failures++
		} else {
			p.Answers++
		}
		c.Close()
	}
	return json.NewEncoder(os.Stdout).Encode(p)
}

// squat listens with something that is not the service, says so, and prints what it was sent.
func squat(path string) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return err
	}
	fmt.Println("listening")
	c, err := l.Accept()
	if err != nil {
		return err
	}
	got, _ := io.ReadAll(c)
	fmt.Printf("%d bytes\n", len(got))
	return nil
}

// connections is how often the flood connects, holders how many do at once.
const connections, holders = 10_000, 100

// flood does everything at once that a hostile account can, and prints how often it connected. It keeps what it opened.
func flood(path string) error {
	var next, connected atomic.Int64
	var all sync.WaitGroup
	for range holders {
		all.Go(func() {
			for {
				i := next.Add(1)
				if i > connections {
					return
				}
				for {
					c, err := net.Dial("unix", path)
					if err != nil {
						time.Sleep(time.Millisecond) // the queue is full
						continue
					}
					connected.Add(1)
					assault(c, int(i))
					break
				}
			}
		})
	}
	all.Wait()
	fmt.Println(connected.Load())
	return nil
}

// assault sends something unpleasant and leaves the connection open, unless the service has closed it.
func assault(c net.Conn, i int) {
	c.SetWriteDeadline(time.Now().Add(8 * time.Second))
	const large = 100 << 20
	var err error
	switch i % 9 {
	case 0: // nothing at all
	case 1:
		_, err = io.WriteString(c, "POST /v1/wipe HTTP/1.1\r\nHos")
	case 2:
		_, err = fmt.Fprintf(c, "POST /v1/wipe HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n{\"account\":\"", large)
		err = pour(c, err, large)
	case 3:
		_, err = io.WriteString(c, "POST /v1/check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n")
		err = pour(c, err, large)
	case 4: // asks without end and reads nothing
		err = pour(askEndlessly{c}, nil, large)
	case 5:
		garbage := make([]byte, 1<<16)
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for j := range garbage {
			garbage[j] = byte(r.Uint32())
		}
		_, err = c.Write(garbage)
	case 6:
		_, err = io.WriteString(c, "GET /v1/status HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("A: b\r\n", 1<<17))
	case 8: // as long as a request with marks may be, and longer once it is read
		list := `{"documents":"hold","given":[{}` + strings.Repeat(",{}", marksSize/3-20) + "]}"
		_, err = fmt.Fprintf(c, "POST /v1/wipe HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(list), list)
	case 7: // one byte at a time
		for _, b := range []byte("GET /v1/status HTTP/1.1\r\n") {
			if _, err = c.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err != nil && i%2 == 0 {
		c.Close() // half of them never let go
	}
}

// askEndlessly turns whatever is written into questions.
type askEndlessly struct{ net.Conn }

func (a askEndlessly) Write(p []byte) (int, error) {
	question := []byte("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := a.Conn.Write(bytes.Repeat(question, len(p)/len(question))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// pour writes n bytes as far as the other end takes them.
func pour(c io.Writer, err error, n int) error {
	chunk := bytes.Repeat([]byte("1"), 1<<16)
	for ; n > 0 && err == nil; n -= len(chunk) {
		_, err = c.Write(chunk)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
