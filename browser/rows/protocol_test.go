package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
)

// double is a process that runs a function. Killing it ends its reads and writes.
type double struct {
	io.Reader
	io.Writer
	kill  func()
	ended sync.WaitGroup
}

func (d *double) Kill() { d.kill(); d.ended.Wait() }

func newDouble(run func(in io.Reader, out io.Writer)) *double {
	theirIn, in := io.Pipe()
	out, theirOut := io.Pipe()
	d := &double{Reader: out, Writer: in, kill: func() { in.Close(); out.Close(); theirIn.Close(); theirOut.Close() }}
	d.ended.Go(func() {
		run(theirIn, theirOut)
		theirIn.Close()
		theirOut.Close()
	})
	return d
}

func TestAskAndServe(t *testing.T) {
	missing := t.TempDir() + "/missing"
	profiles := []Profile{{browser.Gecko, t.TempDir()}, {browser.Chromium, missing}, {"other", "/"}}
	d := newDouble(func(in io.Reader, out io.Writer) {
		if err := Serve(t.Context(), in, out); err != nil {
			t.Error(err)
		}
	})
	got, err := Ask(t.Context(), d, profiles)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Count{{Known: true}, {Code: Gone}, {Code: Family}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestServeRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":        "",
		"no line":        `{"profiles":[]}`,
		"no JSON":        "profiles\n",
		"a relative dir": `{"profiles":[{"family":"gecko","dir":"home"}]}` + "\n",
		"too many":       `{"profiles":[` + strings.Repeat(`{"dir":"/"},`, MaxProfiles) + `{"dir":"/"}]}` + "\n",
		"too long":       `{"profiles":[{"dir":"/` + strings.Repeat("x", maxRequest) + `"}]}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := Serve(t.Context(), strings.NewReader(in), &out); !errors.Is(err, errRequest) || out.Len() > 0 {
				t.Errorf("%v, answered %q", err, out.String())
			}
		})
	}
}

// The process has the account's rights: what it says may be the account's words.
func TestAskHostile(t *testing.T) {
	say := func(text string) func(io.Reader, io.Writer) {
		return func(in io.Reader, out io.Writer) {
			go io.Copy(io.Discard, in)
			io.WriteString(out, text)
		}
	}
	for name, run := range map[string]func(in io.Reader, out io.Writer){
		"ends at once":  func(io.Reader, io.Writer) {},
		"reads nothing": func(_ io.Reader, out io.Writer) { _, _ = out.Write([]byte("x")); _, _ = out.Write([]byte("x")) },
		"is silent":     func(in io.Reader, _ io.Writer) { io.Copy(io.Discard, in) },
		"never ends a line": func(in io.Reader, out io.Writer) {
			go io.Copy(io.Discard, in)
			for ok(fmt.Fprint(out, "x")) {
			}
		},
		"too few":           say(`{"counts":[]}` + "\n"),
		"too many":          say(`{"counts":[{},{}]}` + "\n"),
		"below zero":        say(`{"counts":[{"visits":-1}]}` + "\n"),
		"beyond all":        say(`{"counts":[{"cookies":1000001}]}` + "\n"),
		"a code of its own": say(`{"counts":[{"code":"/home/jan"}]}` + "\n"),
		"another field":     say(`{"counts":[{"host":"example.org"}]}` + "\n"),
		"another type":      say(`{"counts":[{"visits":"1"}]}` + "\n"),
		"null":              say("null\n"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDouble(run)
				if got, err := Ask(t.Context(), d, []Profile{{browser.Gecko, "/x"}}); !errors.Is(err, ErrLost) {
					t.Errorf("%v, %v", got, err)
				}
			})
		})
	}
}

func ok(_ int, err error) bool { return err == nil }

func TestAskEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := newDouble(func(in io.Reader, _ io.Writer) { io.Copy(io.Discard, in) })
		go func() { synctest.Wait(); cancel() }()
		if _, err := Ask(ctx, d, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
