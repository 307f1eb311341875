package ipc

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
)

// A second caller joins; one that leaves changes nothing for the others or for the wipe.
func TestFollowersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		ctx, leave := context.WithCancel(t.Context())
		var first, second []Message
		var errs [2]error
		done := make(chan struct{}, 2)
		go func() {
			for m, err := range p.client(self).Wipe(ctx, request()) {
				if errs[0] = err; err == nil {
					first = append(first, m)
				}
			}
			done <- struct{}{}
		}()
		synctest.Wait()
		f.say(progress(wipe.PhaseClose, 1))
		synctest.Wait()
		go func() {
			for m, err := range p.client(root).Wipe(t.Context(), request()) {
				if errs[1] = err; err == nil {
					second = append(second, m)
				}
			}
			done <- struct{}{}
		}()
		synctest.Wait()
		leave()
		<-done
		synctest.Wait()
		if n := f.following(); n != 1 {
			t.Errorf("%d follow, want the one that stayed", n)
		}
		f.say(progress(wipe.PhaseErase, 2))
		synctest.Wait()
		f.say(report())
		<-done
		if !errors.Is(errs[0], context.Canceled) || !cmp.Equal(first, []Message{progress(wipe.PhaseClose, 1)}) {
			t.Errorf("the first saw %v, %v", first, errs[0])
		}
		want := []Message{progress(wipe.PhaseClose, 1), progress(wipe.PhaseErase, 2), report()}
		if errs[1] != nil || !cmp.Equal(second, want) {
			t.Errorf("the second saw %v %s", errs[1], cmp.Diff(want, second))
		}
		if len(f.wipes) != 1 {
			t.Errorf("%d wipes began, want one", len(f.wipes))
		}
	})
}

// A consumer may stop listening in the middle of the loop.
func TestBreakLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		go func() {
			synctest.Wait()
			f.say(progress(wipe.PhaseErase, 1))
		}()
		for range p.client(self).Wipe(t.Context(), request()) {
			break
		}
		synctest.Wait()
		if n := f.following(); n != 0 {
			t.Errorf("%d still follow", n)
		}
	})
}

// While nothing happens there is a sign of life, so that a long phase is not taken for a dead service.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		go func() {
			time.Sleep(time.Minute) // before the first word
			f.say(progress(wipe.PhaseErase, 1))
			time.Sleep(time.Minute)
			f.say(report())
		}()
		repeated := 0
		for m, err := range p.client(self).Wipe(t.Context(), request()) {
			switch {
			case err != nil:
				t.Errorf("gave up: %v", err)
			case m.Progress != nil:
				repeated++
			}
		}
		if repeated < 20 || repeated > 31 {
			t.Errorf("the step came %d times in a minute", repeated)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p, began := newPipes(), time.Now()
		go func() { // a service that has stopped
			c, _ := p.Accept()
			c.Read(make([]byte, 4096))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}\n")
			<-p.done
			c.Close()
		}()
		defer p.Close()
		if _, err := last(p.client(self).Wipe(t.Context(), request())); !errors.Is(err, ErrNotAnswering) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != silenceMost {
			t.Errorf("gave up after %v, want %v", took, silenceMost)
		}
	})
}

// Somebody who does not read is dropped, and nobody waits for them.
func TestSlowReaderIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		c, err := p.connect(self)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "POST /v1/wipe HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"+`{"documents":"hold"}`)
		var m Message
		done := make(chan struct{})
		go func() {
			m, err = last(p.client(root).Wipe(t.Context(), request()))
			close(done)
		}()
		synctest.Wait()
		if n := f.following(); n != 2 {
			t.Fatalf("%d follow, want 2", n)
		}
		for i := range 100 {
			time.Sleep(writeMost / 10)
			f.say(progress(wipe.PhaseErase, i))
		}
		if n := f.following(); n != 1 {
			t.Errorf("%d follow, want the one that reads", n)
		}
		f.say(report())
		<-done
		if err != nil || m.Report == nil {
			t.Errorf("the one that reads got %v, %v", m, err)
		}
	})
}

// Ten thousand steps a second are thinned out; the last word is not.
func TestStepsAreThinnedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		serve(t, &Server{Backend: f}, p.listener())
		go func() {
			synctest.Wait()
			for i := range 20_000 {
				f.say(progress(wipe.PhaseErase, i))
				time.Sleep(100 * time.Microsecond)
			}
			f.say(report())
		}()
		steps, done, ended := 0, -1, false
		for m, err := range p.client(self).Wipe(t.Context(), request()) {
			switch {
			case err != nil:
				t.Fatal(err)
			case m.Progress != nil && m.Progress.Done <= done:
				t.Errorf("step %d after %d", m.Progress.Done, done)
			case m.Progress != nil:
				steps, done = steps+1, m.Progress.Done
			}
			ended = m.Report != nil
		}
		if !ended || steps < 15 || steps > 22 {
			t.Errorf("%d steps in two seconds, ended %v", steps, ended)
		}
	})
}

func TestTheEndOfTheServiceIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, f := newPipes(), &fake{account: shared}
		stop := serve(t, &Server{Backend: f}, p.listener())
		go func() {
			synctest.Wait()
			stop()
		}()
		if _, err := last(p.client(self).Wipe(t.Context(), request())); !errors.Is(err, CodeEnding) {
			t.Errorf("got %v", err)
		}
		stop() // it is about to
		if _, err := p.client(self).Status(t.Context(), ""); !errors.Is(err, ErrNoService) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// A service that is killed in the middle of an answer is no success.
func TestBrokenAnswers(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	for name, c := range map[string]struct {
		answer string
		want   error
	}{
		"nothing":     {"", ErrBroken},
		"half a head": {"HTTP/1.1 20", ErrBroken},
		"no report":   {head + "\r\n" + `{"progress":{"Phase":"erase"}}` + "\n", ErrBroken},
		"half a line": {head + "\r\n" + `{"report":{"Verd`, ErrBroken},
		"not JSON":    {head + "\r\nhello\n", ErrBroken},
		"endless":     {head + "\r\n" + strings.Repeat("x", 2*lineSize), ErrBroken},
		"old version": {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", CodeBadRequest},
		"turned away": {surplus, CodeBusy},
		"bare 500":    {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", CodeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				defer p.Close()
				go func() {
					for {
						conn, err := p.Accept()
						if err != nil {
							return
						}
						go func() {
							conn.Read(make([]byte, 4096))
							io.WriteString(conn, c.answer)
							conn.Close()
						}()
					}
				}()
				client := p.client(self)
				if _, err := last(client.Wipe(t.Context(), request())); !errors.Is(err, c.want) {
					t.Errorf("wipe: %v, want %v", err, c.want)
				}
				if err := client.Stop(t.Context(), ""); c.answer[:min(len(c.answer), len(head))] != head && !errors.Is(err, c.want) {
					t.Errorf("stop: %v, want %v", err, c.want)
				}
			})
		})
	}
}

// Half-open requests and idle connections give their places back.
func TestIdleCallersAreDropped(t *testing.T) {
	for _, text := range []string{
		"", "GET /v1/sta", "GET /v1/status HTTP/1.1\r\nHost: x\r\n",
		"POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
		"POST /v1/stop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			p, began := newPipes(), time.Now()
			serve(t, &Server{Backend: &fake{account: shared}}, p.listener())
			c, err := p.connect(self)
			if err != nil {
				t.Fatal(err)
			}
			go io.WriteString(c, text)
			io.Copy(io.Discard, c)
			if took := time.Since(began); took > headerMost+idleMost {
				t.Errorf("%q kept a place for %v", text, took)
			}
		})
	}
}
