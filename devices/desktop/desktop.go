// Package desktop asks the windows of a person's programs to close, as a click on the cross does, so that a program offers
// to save what it holds.
//
// It ends no program, answers no question for the person, and never reads the title of a window: titles name documents.
// It sees what an X server shows to the caller. Under Wayland no program sees another one's windows: that is an error, also
// where some programs still use X.
package desktop

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNoScreen says that the caller has no screen, or that it does not answer.
	ErrNoScreen = errors.New("no screen")
	// ErrWayland says that the screen is one on which windows cannot be seen.
	ErrWayland = errors.New("windows cannot be seen under Wayland")
)

// Window is a window of a program.
type Window struct {
	PID    int    // as the program says; 0 when it says nothing
	Class  string // what the program calls itself (WM_CLASS); 64 bytes at most
	Asking bool   // a dialog: the program wants to know something

	id uint32
}

// Screen is the caller's screen. It connects anew each time it is asked.
type Screen struct {
	display string
	wayland bool
	own     string // the window that the caller's terminal has, as it says
}

// New returns the screen that the caller's environment names.
func New(getenv func(string) string) *Screen {
	return &Screen{
		display: getenv("DISPLAY"), own: getenv("WINDOWID"),
		wayland: getenv("WAYLAND_DISPLAY") != "" || getenv("XDG_SESSION_TYPE") == "wayland",
	}
}

// Windows lists the windows of programs, without panels, backgrounds and the terminal that the caller runs in. Errors:
// ErrNoScreen, ErrWayland, errors.ErrUnsupported.
func (s *Screen) Windows(ctx context.Context) ([]Window, error) {
	var all []Window
	err := s.with(ctx, func(v view) (err error) {
		all, err = v.windows()
		return err
	})
	if err != nil {
		return nil, err // a screen that answers too late may still be writing
	}
	return all, nil
}

// AskToClose asks every window to close for which keep says no. A dialog is left to the person, and so is a program that has
// one open. It returns how many were asked; what comes of it, Wait tells.
func (s *Screen) AskToClose(ctx context.Context, keep func(Window) bool) (int, error) {
	asked := 0
	err := s.with(ctx, func(v view) error {
		all, err := v.windows()
		if err != nil {
			return err
		}
		asking := map[int]bool{}
		for _, w := range all {
			if w.Asking && w.PID != 0 {
				asking[w.PID] = true
			}
		}
		for _, w := range all {
			if keep(w) || w.Asking || asking[w.PID] {
				continue
			}
			if v.close(w) {
				asked++
			}
		}
		return v.flush()
	})
	if err != nil {
		return 0, err
	}
	return asked, nil
}

// waitStep is the pause between two looks.
const waitStep = 300 * time.Millisecond

// Wait looks again and again until there is no window left for which keep says no, and tells each time how many there are,
// and how many of them are dialogs. The error is the context's when it ends first, or one of Windows.
func (s *Screen) Wait(ctx context.Context, keep func(Window) bool, told func(left, asking int)) error {
	for {
		all, err := s.Windows(ctx)
		if err != nil {
			return err
		}
		left, asking := 0, 0
		for _, w := range all {
			if keep(w) {
				continue
			}
			if left++; w.Asking {
				asking++
			}
		}
		if left == 0 {
			return nil
		}
		told(left, asking)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitStep):
		}
	}
}

// view is a screen that answers.
type view interface {
	windows() ([]Window, error)
	close(Window) (asked bool)
	flush() error
}
