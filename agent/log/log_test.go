package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent/state"
	"ipguard/wipe"
	"ipguard/wipe/walk"
)

func TestLines(t *testing.T) {
	day := time.Date(2026, 11, 23, 14, 5, 6, 7, time.UTC)
	now := func() time.Time { return day }
	for _, c := range []struct {
		name string
		o    Options
		say  func(*slog.Logger)
		want string
	}{
		{"plain", Options{Now: now}, func(l *slog.Logger) { l.Info("wipe ended", "state", state.Clean, "count", 31) },
			"2026-11-23 info wipe ended state=clean count=31\n"},
		{"journal", Options{Journal: true, Now: now}, func(l *slog.Logger) { l.Error("wipe ended", "verdict", wipe.Residual) },
			"<3>wipe ended verdict=residual\n"},
		{"warning", Options{Journal: true}, func(l *slog.Logger) { l.Warn("slow") }, "<4>slow\n"},
		{"no day", Options{}, func(l *slog.Logger) { l.Warn("slow") }, "warning slow\n"},
		{"debug is off", Options{}, func(l *slog.Logger) { l.Debug("slow") }, ""},
		{"debug is on", Options{Level: slog.LevelDebug, Journal: true}, func(l *slog.Logger) { l.Debug("slow") }, "<7>slow\n"},
		{"values", Options{Journal: true}, func(l *slog.Logger) {
			l.Info("values", "live", true, "bytes", uint64(math.MaxUint64), "seconds", 1.5, "elapsed", 90*time.Second+time.Microsecond,
				"day", day, "day", "2026-11-23", "version", "v1.2.3", "trigger", Word("boot"), "account", 0, "cause", nil)
		}, "<6>values live=true bytes=18446744073709551615 seconds=1.500 elapsed=1m30s day=2026-11-23 day=2026-11-23 version=v1.2.3 trigger=boot account=0 cause=none\n"},
		{"groups", Options{Journal: true}, func(l *slog.Logger) {
			l.With("worker", 1).WithGroup("phase").With("step", 2).Info("x", "count", 3, slog.Group("erased", "files", 4), slog.Group("", "folders", 5))
		}, "<6>x worker=1 phase.step=2 phase.count=3 phase.erased.files=4 phase.folders=5\n"},
		{"a logger is not changed by its children", Options{Journal: true}, func(l *slog.Logger) {
			a := l.With("worker", 1)
			a.With("step", 1).Info("a")
			a.WithGroup("phase").Info("b", "step", 2)
			a.Info("c")
		}, "<6>a worker=1 step=1\n<6>b worker=1 phase.step=2\n<6>c worker=1\n"},
		{"an unknown key", Options{Journal: true}, func(l *slog.Logger) { l.Info("x", "path", 1, "count", 2) }, "<6>x count=2 dropped=true\n"},
		{"a bare string", Options{Journal: true}, func(l *slog.Logger) { l.Info("x", "state", "marie") }, "<6>x dropped=true\n"},
		{"no key", Options{Journal: true}, func(l *slog.Logger) { l.Info("x", []any{5}...) }, "<6>x dropped=true\n"},
		{"own causes", Options{Journal: true, Causes: []Cause{{fs.ErrNotExist, "gone"}}}, func(l *slog.Logger) { l.Info("x", "error", os.ErrNotExist) }, "<6>x error=gone\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			c.say(New(&b, c.o))
			if diff := cmp.Diff(c.want, b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCauses(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{context.Canceled, "canceled"},
		{fmt.Errorf("reading /home/ip/x: %w", context.DeadlineExceeded), "deadline"},
		{&fs.PathError{Op: "open", Path: "/home/ip/x", Err: fs.ErrPermission}, "denied"},
		{fmt.Errorf("loading: %w", state.ErrCorrupt), "state_corrupt"},
		{errors.Join(errors.New("x"), walk.ErrNoSpace), "no_space"},
		{errors.New("marie"), "other"},
		{&net.DNSError{Err: "no such host", Name: "mail.example.org"}, "other"},
	} {
		if got := cause(c.err, nil); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
	for _, c := range causes() {
		if !isWord(string(c.Word)) {
			t.Errorf("%q is no word", c.Word)
		}
		if got := cause(c.Err, nil); got == "other" {
			t.Errorf("%v has no word", c.Err)
		}
	}
	if !slices.IsSorted(keys()) || len(slices.Compact(keys())) != len(keys()) {
		t.Error("the keys are not in order, or one is there twice")
	}
}

// Types through which a canary could come.
type (
	valuer   struct{ v slog.Value }
	breaks   struct{ s string }
	stringer struct{ s string }
	failure  struct{ s string }
	marshals struct{ S string }
	secret   string
)

func (v valuer) LogValue() slog.Value                { return v.v }
func (b breaks) LogValue() slog.Value                { panic(b.s) }
func (s stringer) String() string                    { return s.s }
func (s secret) String() string                      { return string(s) }
func (f failure) Error() string                      { return f.s }
func (m marshals) MarshalText() ([]byte, error)      { return []byte(m.S), nil }
func (s stringer) Format(f fmt.State, _ rune)        { fmt.Fprint(f, s.s) }
func (f failure) LogValue() slog.Value               { return slog.StringValue(f.s) }
func (m marshals) MarshalJSON() ([]byte, error)      { return []byte(m.S), nil }
func (s stringer) GoString() string                  { return s.s }
func (f failure) Unwrap() []error                    { return []error{errors.New(f.s)} }
func (m marshals) AppendText([]byte) ([]byte, error) { return []byte(m.S), nil }

// What a person brings must not come out, whatever way it goes in.
func TestCanaries(t *testing.T) {
	for _, canary := range []string{
		"/home/ip/Documents/Attest Dupont.pdf", "Dupont", "Marie Dupont", `C:\Users\ip\Downloads\cv.docx`, "mail.example.org",
		"https://example.org/login?user=marie", "marie@example.org", "BE68539007547034", "85.07.30-033.28", "Élodie", "x\n<3>y",
		"10:42:07", "192.168.1.20", "E1:02:AF", "dupont.pdf", "../secret", "état civil", "\x1b[2Jred", "a=b", "1985",
	} {
		var b bytes.Buffer
		l := New(&b, Options{Level: slog.LevelDebug, Journal: true, Causes: []Cause{{fs.ErrExist, Word(canary)}}})
		link, _ := url.Parse(canary)
		for _, v := range []any{
			canary, []byte(canary), []string{canary}, map[string]string{canary: canary}, &canary, errors.New(canary),
			fmt.Errorf("%s: %w", canary, fs.ErrExist), &fs.PathError{Op: "open", Path: canary, Err: fs.ErrNotExist},
			&os.LinkError{Op: "link", Old: canary, New: canary, Err: fs.ErrExist}, stringer{canary}, &stringer{canary}, secret(canary),
			failure{canary}, marshals{canary}, valuer{slog.StringValue(canary)}, valuer{slog.AnyValue(valuer{slog.AnyValue(canary)})},
			valuer{slog.GroupValue(slog.String(canary, canary), slog.String("state", canary))}, breaks{canary}, link,
			slog.StringValue(canary), slog.GroupValue(slog.Any("state", secret(canary))), Word(canary), state.State(canary),
			wipe.Class(canary), struct{ A any }{canary}, func() string { return canary },
		} {
			l.Info("said", "state", v)
			l.Info("said", "error", v)
			l.Info("said", "day", v)
			l.Info("said", "version", v)
			l.Info("said", canary, v)
			l.Info("said", v)
			l.Info("said", slog.Group(canary, "state", v))
			l.Info("said", slog.Group("phase", canary, v, "state", v))
			l.With("state", v).Info("said")
			l.With(canary, v).Info("said")
			l.WithGroup(canary).Info("said", "state", v)
			l.WithGroup("phase").With("state", v, canary, v).Info("said", "code", v)
		}
		l.Info(canary)
		l.Info("wiping " + canary)
		l.Log(t.Context(), slog.Level(7), canary, "count", 1)
		for i := range len(canary) - 2 {
			if strings.Contains("<6>said state error day version phase code cause dropped=true other not_found exists", canary[i:i+3]) {
				continue // a piece that our own words have too
			}
			if strings.Contains(b.String(), canary[i:i+3]) {
				t.Errorf("%q: a piece of it, %q, came out:\n%.2000s", canary, canary[i:i+3], b.String())
				break
			}
		}
		for line := range strings.Lines(b.String()) {
			if !strings.HasPrefix(line, "<") || !strings.HasSuffix(line, "\n") {
				t.Errorf("%q: a line of its own came out: %q", canary, line)
			}
		}
	}
}

// Each record is one write: the journal reads a line at a time, and two must not mix.
func TestOneWriteARecord(t *testing.T) {
	var w writes
	l := New(&w, Options{Journal: true})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				l.With("worker", 1).Info("step done", "count", i)
			}
		})
	}
	all.Wait()
	if len(w.texts) != 800 {
		t.Errorf("%d writes, want 800", len(w.texts))
	}
	for _, text := range w.texts {
		if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "<6>step done worker=1 count=") {
			t.Fatalf("wrote %q", text)
		}
	}
}

type writes struct{ texts []string }

func (w *writes) Write(p []byte) (int, error) {
	w.texts = append(w.texts, string(p))
	return len(p), nil
}

func TestJournal(t *testing.T) {
	for _, c := range []struct {
		stream     string
		dev, inode uint64
		want       bool
	}{
		{"8:12345", 8, 12345, true},
		{"8:12345", 8, 12346, false},
		{"8:12345", 9, 12345, false},
		{"", 0, 0, false},
		{":", 0, 0, false},
		{"8", 8, 0, false},
		{"-1:5", math.MaxUint64, 5, false},
	} {
		if got := Journal(c.stream, c.dev, c.inode); got != c.want {
			t.Errorf("%q on %d:%d: %v, want %v", c.stream, c.dev, c.inode, got, c.want)
		}
	}
}
