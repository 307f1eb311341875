package printer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser/browsertest"
	"ipguard/devices/printer/printertest"
)

// canary is in each document, so that it is found wherever one is left.
const canary = "CanaryOfADocument"

func text(s string) Document {
	return Document{Type: "text/plain", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(s)), nil
	}}
}

// small is a page that says hello, without a table of its objects' places: readers make one.
const small = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n% " + canary + "\ntrailer<</Root 1 0 R>>\n%%EOF\n"

func pdf() Document {
	d := text(small)
	d.Type = "application/pdf"
	return d
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Two accounts' jobs wait in a paused queue: each one sees and cancels its own, and no other one's file is touched.
func TestPausedQueue(t *testing.T) {
	s := newService(t)
	s.Queue("desk", "file:"+filepath.Join(s.Dir, "paper"))
	s.Run("/usr/sbin/cupsdisable", "desk")
	alice, bob := browsertest.NewUser(t), browsertest.NewUser(t)
	a, b := s.as(alice.Name), s.as(bob.Name)

	got := must[[]Printer](t)(a.Printers(t.Context()))
	want := []Printer{{Name: "desk", Info: "desk", Paused: true, Accepting: true, Reason: Paused}}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("printers (-want +got):\n%s", d)
	}
	var mine []Job
	for range 2 {
		mine = append(mine, must[Job](t)(a.Print(t.Context(), "desk", text(canary+" alice"))))
	}
	other := must[Job](t)(b.Print(t.Context(), "desk", text(canary+" bob")))
	// A program of the account sends one with a title.
	s.Write("letter", canary+" alice")
	out, err := alice.Command(t.Context(), "lp", "-h", s.Socket, "-d", "desk", "-t", "TitleOfAlice", filepath.Join(s.Dir, "letter")).CombinedOutput()
	if err != nil {
		t.Fatalf("lp (install cups-client): %v: %s", err, out)
	}
	os.Remove(filepath.Join(s.Dir, "letter"))

	for i, j := range must[[]Job](t)(a.Jobs(t.Context(), alice.Name)) {
		want := Job{ID: j.ID, Printer: "desk", State: Pending, Mine: true, Bytes: 1024, Reason: Paused}
		if d := cmp.Diff(want, j); d != "" || i < 2 && j.ID != mine[i].ID || i > 2 {
			t.Errorf("job %d (-want +got):\n%s", i, d)
		}
	}
	if err := a.Cancel(t.Context(), other); !errors.Is(err, ErrNotYours) {
		t.Errorf("root canceled another account's job: %v", err)
	}
	if err := a.Cancel(t.Context(), Job{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("job 0: %v", err)
	}
	if got := asAccount(t, s, bob, "cancel", mine[0].ID); got != ErrNotYours.Error() {
		t.Errorf("an account canceled another one's job: %s", got)
	}
	if got := asAccount(t, s, alice, "jobs", 0); got != "3" {
		t.Errorf("the account lists %s jobs of its own, not 3", got)
	}
	if got := asAccount(t, s, alice, "cancel", mine[0].ID); got != "" {
		t.Errorf("an account could not cancel its own job: %s", got)
	}
	for _, j := range must[[]Job](t)(a.Jobs(t.Context(), alice.Name)) {
		if err := a.Cancel(t.Context(), j); err != nil {
			t.Error(err)
		}
	}
	if left := must[[]Job](t)(a.Jobs(t.Context(), alice.Name)); len(left) > 0 {
		t.Errorf("%d jobs left", len(left))
	}
	n := strconv.Itoa(other.ID)
	if d := cmp.Diff([]string{"c0000" + n, "d0000" + n + "-001"}, s.Files()); d != "" {
		t.Errorf("spool (-want +got):\n%s", d)
	}
	if left := s.Holds(canary+" alice", "error_log"); len(left) > 0 {
		t.Errorf("the account's document is in %q", left)
	}
	if err := b.Cancel(t.Context(), other); err != nil {
		t.Error(err)
	}
	s.Stop() // it writes its history at the latest now
	for _, trace := range []string{canary, alice.Name, bob.Name, "TitleOfAlice"} {
		if left := s.Holds(trace, "access_log", "error_log", "job.cache.O"); len(left) > 0 {
			t.Errorf("%q is in %q", trace, left)
		}
	}
	if left := s.Files(); len(left) > 0 {
		t.Errorf("left in the spool: %q", left)
	}
}

// asAccount runs a step as an account, in a process of its own, with the account's own rights.
func asAccount(t *testing.T, s *service, u browsertest.User, step string, id int) string {
	t.Helper()
	cmd := u.Command(t.Context(), "/proc/self/exe", "-test.run=^TestStep$")
	cmd.Env = append(cmd.Env, "IPGT_STEP="+step, "IPGT_SOCKET="+s.Socket, "IPGT_JOB="+strconv.Itoa(id))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running as the account: %v: %s", err, out)
	}
	got, _, _ := strings.Cut(string(out), "<end>")
	return got
}

// TestStep is what asAccount runs; alone it does nothing.
func TestStep(t *testing.T) {
	p := New(Options{Socket: os.Getenv("IPGT_SOCKET"), User: os.Getenv("USER")})
	switch os.Getenv("IPGT_STEP") {
	case "jobs":
		jobs, err := p.Jobs(t.Context(), os.Getenv("USER"))
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString(strconv.Itoa(len(jobs)) + "<end>")
	case "cancel":
		id, _ := strconv.Atoi(os.Getenv("IPGT_JOB"))
		err := p.Cancel(t.Context(), Job{ID: id})
		for e := err; e != nil; e = errors.Unwrap(e) {
			err = e
		}
		if err != nil {
			os.Stdout.WriteString(err.Error())
		}
		os.Stdout.WriteString("<end>")
	}
}

// A document is printed to the end, told on the way, and nothing of it stays with the service.
func TestPrintToTheEnd(t *testing.T) {
	s := newService(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	paper := make(chan []byte, 1)
	go func() {
		defer close(paper)
		if conn, err := l.Accept(); err == nil {
			defer conn.Close()
			raw, _ := io.ReadAll(conn)
			paper <- raw
		}
	}()
	s.Queue("desk", "socket://"+l.Addr().String(), "-P", s.Write("test.ppd", printertest.Description))
	s.Run("/usr/sbin/cupsdisable", "desk")
	user := browsertest.NewUser(t)
	p := s.as(user.Name)
	j := must[Job](t)(p.Print(t.Context(), "desk", pdf()))
	var told []string
	last := must[Job](t)(p.Follow(t.Context(), j, func(j Job) {
		if told = append(told, strings.TrimSpace(string(j.State+" "+State(j.Reason)))); j.Reason == Paused {
			s.Run("/usr/sbin/cupsenable", "desk")
		}
	}))
	if last.State != Completed || !last.Mine || told[0] != "pending paused" {
		t.Fatalf("%+v after %q", last, told)
	}
	if raw := <-paper; !bytes.Contains(raw, []byte("%PDF")) {
		t.Errorf("printed: %d bytes", len(raw))
	}
	t.Logf("before purging: files %q, document in %q", s.Files(), s.Holds(canary))
	if h := must[[]Job](t)(p.History(t.Context(), user.Name)); len(h) != 1 || h[0].ID != j.ID {
		t.Errorf("history: %+v", h)
	}
	if err := p.Cancel(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if got := must[Job](t)(p.Follow(t.Context(), j, func(Job) {})); got.State != Gone {
		t.Errorf("after purging: %+v", got)
	}
	if err := p.Cancel(t.Context(), last); err != nil {
		t.Errorf("canceling again: %v", err)
	}
	if left := s.Files(); len(left) > 0 {
		t.Errorf("left in the spool: %q", left)
	}
	s.Stop()
	for _, trace := range []string{canary, user.Name} {
		if left := s.Holds(trace, "access_log", "error_log", "job.cache.O"); len(left) > 0 {
			t.Errorf("%q is in %q", trace, left)
		}
	}
}

// A job that a printer takes slowly is canceled in the middle of it.
func TestCancelWhileSending(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newService(t, "JobKillDelay 1")
	s.Queue("slow", "socket://"+l.Addr().String())
	p := s.as(browsertest.NewUser(t).Name)
	j := must[Job](t)(p.Print(t.Context(), "slow", text(strings.Repeat(canary, 1<<20))))
	l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // nothing is read
	ctx, cancel := context.WithCancel(t.Context())
	last, err := p.Follow(ctx, j, func(now Job) {
		if now.State == Processing {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last.State == Completed {
		t.Fatalf("%+v, %v", last, err)
	}
	if err := p.Cancel(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if left := s.Files(); len(left) > 0 {
		t.Errorf("left in the spool: %q", left)
	}
}

// What cannot be printed is refused with a reason, and leaves nothing.
func TestRefused(t *testing.T) {
	s := newService(t, "LimitRequestBody 1m")
	s.Queue("desk", "file:/dev/null", "-P", s.Write("test.ppd", printertest.Description))
	s.Queue("closed", "file:/dev/null")
	s.Run("/usr/sbin/cupsreject", "closed")
	p := s.as(browsertest.NewUser(t).Name)
	typed := func(media, content string) Document {
		d := text(content)
		d.Type = media
		return d
	}
	broken := Document{Type: "text/plain", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat(canary, 1000)), faulty{})), nil
	}}
	for _, c := range []struct {
		name, printer string
		doc           Document
		want          error
	}{
		{"closed queue", "closed", pdf(), ErrNotAccepting},
		{"no such queue", "other", pdf(), ErrNotFound},
		{"no name", "../jobs", pdf(), ErrNotFound},
		{"office file", "desk", typed("application/vnd.oasis.opendocument.text", canary), ErrFormat},
		{"web page", "desk", typed("text/html", canary), ErrFormat},
		{"unknown picture", "desk", typed("image/x-unknown", canary), ErrFormat},
		{"too large", "desk", text(strings.Repeat(canary, 1<<17)), ErrTooLarge},
		{"unreadable in the middle", "desk", broken, errDocument},
	} {
		j, err := p.Print(t.Context(), c.printer, c.doc)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: job %+v, %v, want %v", c.name, j, err, c.want)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); len(s.Files()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left in the spool: %q", s.Files())
		}
	}
	if jobs := must[[]Job](t)(p.Jobs(t.Context(), p.user)); len(jobs) > 0 {
		t.Errorf("jobs: %+v", jobs)
	}
}

// faulty is a medium that is pulled out.
type faulty struct{}

func (faulty) Read([]byte) (int, error) { return 0, errors.New("/home/secret: input/output error") }
