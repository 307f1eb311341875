package desktop

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"ipguard/devices/host"
)

const (
	// answerMost is how long a screen has for all that one call asks it.
	answerMost = 3 * time.Second
	// maxWindows bounds how many windows are looked at.
	maxWindows = 500
	// maxClass is how much of what a program calls itself is read, in bytes.
	maxClass = 64
)

// with connects, has something done, and lets go. A screen that does not answer in time costs one goroutine, until the
// connection ends.
func (s *Screen) with(ctx context.Context, do func(view) error) error {
	if s.wayland {
		return ErrWayland
	}
	if s.display == "" {
		return ErrNoScreen
	}
	ctx, cancel := context.WithTimeout(ctx, answerMost)
	defer cancel()
	xgb.Logger.SetOutput(io.Discard) // its words would stand in the middle of what a person reads
	done := make(chan error, 1)
	go func() {
		c, err := xgb.NewConnDisplay(s.display)
		if err != nil {
			done <- ErrNoScreen
			return
		}
		stop := context.AfterFunc(ctx, c.Close)
		v := &x11{conn: c, atoms: map[string]xproto.Atom{}, own: s.own, ancestors: host.New("linux").Ancestors(os.Getpid())}
		err = do(v)
		if stop() {
			c.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		if ctx.Err() != nil {
			return fmt.Errorf("asking the screen: %w", ctx.Err())
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("asking the screen: %w: %w", ErrNoScreen, ctx.Err())
	}
}

// x11 is an X server. The names of properties are those of the Inter-Client Communication Conventions and of the Extended
// Window Manager Hints.
type x11 struct {
	conn      *xgb.Conn
	atoms     map[string]xproto.Atom
	own       string
	ancestors []int
}

func (x *x11) root() xproto.Window { return xproto.Setup(x.conn).DefaultScreen(x.conn).Root }

func (x *x11) atom(name string) xproto.Atom {
	if a, ok := x.atoms[name]; ok {
		return a
	}
	reply, err := xproto.InternAtom(x.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return xproto.AtomNone
	}
	x.atoms[name] = reply.Atom
	return reply.Atom
}

// property reads a property, as far as size bytes; nil when there is none.
func (x *x11) property(w xproto.Window, name string, size int) []byte {
	reply, err := xproto.GetProperty(x.conn, false, w, x.atom(name), xproto.GetPropertyTypeAny, 0, uint32(size+3)/4).Reply()
	if err != nil || reply.Type == xproto.AtomNone {
		return nil
	}
	return append([]byte{}, reply.Value...)
}

// numbers reads a property of 32-bit numbers; nil when there is none.
func (x *x11) numbers(w xproto.Window, name string, most int) []uint32 {
	value := x.property(w, name, 4*most)
	if value == nil {
		return nil
	}
	all := make([]uint32, 0, len(value)/4)
	for ; len(value) >= 4; value = value[4:] {
		all = append(all, binary.LittleEndian.Uint32(value)) // the connection was opened that way
	}
	return all
}

// windows lists what the window manager manages; without one, what is shown.
func (x *x11) windows() ([]Window, error) {
	ids := x.numbers(x.root(), "_NET_CLIENT_LIST", maxWindows)
	if ids == nil || len(x.property(x.root(), "_NET_SUPPORTING_WM_CHECK", 4)) == 0 {
		tree, err := xproto.QueryTree(x.conn, x.root()).Reply()
		if err != nil {
			return nil, ErrNoScreen
		}
		ids = nil
		for _, w := range tree.Children[:min(len(tree.Children), maxWindows)] {
			a, err := xproto.GetWindowAttributes(x.conn, w).Reply()
			if err == nil && a.MapState == xproto.MapStateViewable && !a.OverrideRedirect && a.Class == xproto.WindowClassInputOutput {
				ids = append(ids, uint32(w))
			}
		}
	}
	var all []Window
	for _, id := range ids {
		if w, ok := x.window(xproto.Window(id)); ok {
			all = append(all, w)
		}
	}
	return all, nil
}

// window looks at one window; it is false for the desktop's own and the caller's.
func (x *x11) window(id xproto.Window) (Window, bool) {
	w := Window{id: uint32(id)}
	types := x.numbers(id, "_NET_WM_WINDOW_TYPE", 8)
	for _, t := range []string{"DOCK", "DESKTOP", "SPLASH", "NOTIFICATION"} {
		if slices.Contains(types, uint32(x.atom("_NET_WM_WINDOW_TYPE_"+t))) {
			return w, false
		}
	}
	if pid := x.numbers(id, "_NET_WM_PID", 1); len(pid) == 1 {
		w.PID = int(pid[0])
	}
	if strconv.Itoa(int(id)) == x.own || w.PID != 0 && (w.PID == os.Getpid() || slices.Contains(x.ancestors, w.PID)) {
		return w, false
	}
	if parts := bytes.Split(x.property(id, "WM_CLASS", 4*maxClass), []byte{0}); len(parts) > 1 {
		w.Class = string(parts[1][:min(len(parts[1]), maxClass)])
	}
	w.Asking = slices.Contains(types, uint32(x.atom("_NET_WM_WINDOW_TYPE_DIALOG"))) ||
		slices.Contains(x.numbers(id, "_NET_WM_STATE", 32), uint32(x.atom("_NET_WM_STATE_MODAL"))) ||
		len(x.property(id, "WM_TRANSIENT_FOR", 4)) > 0
	return w, true
}

// close asks as the window manager does when somebody clicks on the cross. A window that knows no such question stays.
func (x *x11) close(w Window) bool {
	if slices.Contains(x.numbers(x.root(), "_NET_SUPPORTED", 1024), uint32(x.atom("_NET_CLOSE_WINDOW"))) {
		const fromPager = 2 // as if the person had asked a task bar
		mask := uint32(xproto.EventMaskSubstructureRedirect | xproto.EventMaskSubstructureNotify)
		x.send(x.root(), w, "_NET_CLOSE_WINDOW", mask, 0, fromPager)
		return true
	}
	if slices.Contains(x.numbers(xproto.Window(w.id), "WM_PROTOCOLS", 32), uint32(x.atom("WM_DELETE_WINDOW"))) {
		x.send(xproto.Window(w.id), w, "WM_PROTOCOLS", xproto.EventMaskNoEvent, uint32(x.atom("WM_DELETE_WINDOW")), 0)
		return true
	}
	return false
}

// send sends a message about a window. That it has closed meanwhile is no error.
func (x *x11) send(to xproto.Window, w Window, kind string, mask uint32, data ...uint32) {
	e := xproto.ClientMessageEvent{
		Format: 32, Window: xproto.Window(w.id), Type: x.atom(kind),
		Data: xproto.ClientMessageDataUnionData32New(append(data, 0, 0, 0)[:5]),
	}
	_ = xproto.SendEventChecked(x.conn, false, to, mask, string(e.Bytes())).Check()
}

// flush waits until the server has taken everything.
func (x *x11) flush() error {
	if _, err := xproto.GetInputFocus(x.conn).Reply(); err != nil {
		return ErrNoScreen
	}
	return nil
}
