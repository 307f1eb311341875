// Package log makes the only logger of the service: one that cannot say anything about people.
//
// What reaches the log is a plain sentence, keys of a closed list, and values of closed kinds: numbers, yes and no,
// durations, a day, and words of this program's own types. An error becomes a word for its cause. Everything else is
// dropped, and a mark says that something was. So a path, a name, a host or an address does not come out whatever callers
// put in, but for one thing that only they can see to: that the message is a constant, and that what is turned into a
// Word is. A rule over the whole tree looks at that.
//
// It opens no file, and adds no time where the journal does.
package log

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say how the lines look.
type Options struct {
	// Level is the least that is logged; the zero value is slog.LevelInfo.
	Level slog.Level
	// Journal says that the lines go to the journal of systemd: each begins with its priority, as sd-daemon(3) has it, and
	// bears no date, which the journal adds. See Journal.
	Journal bool
	// Now gives the day where Journal is false; nil: no day.
	Now func() time.Time
	// Causes are words for further errors; they go before those that are known here.
	Causes []Cause
}

// Cause is a word for an error and for all that wrap it.
type Cause struct {
	Err  error
	Word Word
}

// Word is a value for which there is no type of its own. Only constants are turned into it.
type Word string

// New returns a logger that writes to w, a line a record, each in one write.
func New(w io.Writer, o Options) *slog.Logger {
	return slog.New(&handler{out: &output{w: w}, o: o})
}

// output is shared by a handler and those that it became with more attributes.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

// handler is the slog.Handler. The attributes given beforehand are kept as text that was checked already.
type handler struct {
	out    *output
	o      Options
	before string // the attributes, each with a blank before it
	group  string // the names of the groups that are open, each with a point after it
	lost   bool   // a group or an attribute was dropped
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.o.Level }

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if h.o.Journal {
		b.WriteString(priority(r.Level))
	} else {
		if h.o.Now != nil {
			b.WriteString(h.o.Now().Format(time.DateOnly) + " ")
		}
		b.WriteString(name(r.Level) + " ")
	}
	b.WriteString(sentence(r.Message))
	b.WriteString(h.before)
	lost := h.lost
	r.Attrs(func(a slog.Attr) bool {
		lost = !h.attr(&b, h.group, a, 0) || lost
		return true
	})
	if lost {
		b.WriteString(" " + dropped)
	}
	b.WriteByte('\n')
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := io.WriteString(h.out.w, b.String())
	return err
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	next := *h
	for _, a := range attrs {
		next.lost = !h.attr(&b, h.group, a, 0) || next.lost
	}
	next.before += b.String()
	return &next
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(group string) slog.Handler {
	if group == "" {
		return h
	}
	next := *h
	if !known(group) || strings.Count(h.group, ".") >= maxDepth {
		next.lost = true // its attributes are still worth having
		return &next
	}
	next.group += group + "."
	return &next
}

const (
	dropped  = "dropped=true" // something was said that may not be said
	maxDepth = 4              // groups in one another
)

// attr writes an attribute, and tells whether all of it could be.
func (h *handler) attr(b *strings.Builder, prefix string, a slog.Attr, depth int) bool {
	if a.Equal(slog.Attr{}) {
		return true
	}
	value := a.Value.Resolve() // a LogValuer that panics, or never ends, becomes an error
	if depth > maxDepth {
		return false
	}
	if value.Kind() == slog.KindGroup {
		whole := true
		if a.Key != "" {
			if whole = known(a.Key); whole {
				prefix += a.Key + "."
			}
		}
		for _, member := range value.Group() {
			whole = h.attr(b, prefix, member, depth+1) && whole
		}
		return whole
	}
	if !known(a.Key) {
		return false
	}
	text, ok := h.render(a.Key, value)
	if ok {
		b.WriteString(" " + prefix + a.Key + "=" + text)
	}
	return ok
}

// priority is the prefix by which the journal knows how grave a line is: syslog(3).
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}

func name(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warning"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

// Journal tells whether what is written to a file goes to the journal, from its device and inode number as fstat(2) gives
// them and what systemd put into JOURNAL_STREAM: systemd.exec(5). The variable alone is no proof: a shell below the
// service has it too.
func Journal(stream string, device, inode uint64) bool {
	dev, ino, ok := strings.Cut(stream, ":")
	if !ok {
		return false
	}
	d, err := strconv.ParseUint(dev, 10, 64)
	if err != nil || d != device {
		return false
	}
	i, err := strconv.ParseUint(ino, 10, 64)
	return err == nil && i == inode
}
