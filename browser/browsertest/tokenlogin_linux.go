package browsertest

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SignIn opens the site's page on the desktop in chromium or firefox, with the page's address on the command line as an
// icon has it, types the token's PIN into the question of the browser, and returns the browser once it shows the page.
// Nothing controls the browser but the keyboard, so no setting of it is other than a person's. No other browser may be
// open on the desktop: the keys go to the window in front. Ending ctx kills the browser. It needs xdotool.
//
// The PIN is asked for by the browser. The middleware of a real card may ask in a window of its own.
func (k *Token) SignIn(ctx context.Context, d *Desktop, browser string, s *TokenSite) (*Browser, error) {
	program, question, window := "chromium", "^Unlock Security Device$", "Chromium$"
	if browser == firefox {
		program, question, window = "firefox-esr", "^Password Required", "Mozilla Firefox$"
	}
	select {
	case <-s.news: // of a visit before
	default:
	}
	cmd := d.Command(ctx, program, s.URL)
	cmd.Env = append(cmd.Env, k.Env()...)
	cmd.WaitDelay = time.Second // a helper of Firefox outlives it for some seconds, with its output
	b, err := launch(browser, d.User, cmd)
	if err != nil {
		return nil, err
	}
	b.quit = func(ctx context.Context) error { return closeWindow(ctx, d, b, window) }
	err = k.answer(ctx, d, b, s, question)
	if err != nil {
		b.kill()
		return nil, fmt.Errorf("signing in with %s: %w: %s", browser, err, b.output)
	}
	return b, nil
}

// answer types the PIN whenever the question is there, until the page is.
func (k *Token) answer(ctx context.Context, d *Desktop, b *Browser, s *TokenSite, question string) error {
	asked := false
	for pause := 50 * time.Millisecond; ; {
		select {
		case <-s.news:
			return nil
		case <-b.done:
			return fmt.Errorf("the browser ended (had asked for the PIN: %v)", asked)
		case <-ctx.Done():
			return fmt.Errorf("waiting for the page (had asked for the PIN: %v): %w", asked, ctx.Err())
		case <-time.After(pause):
		}
		pause = 50 * time.Millisecond
		window, there := inFront(ctx, d, question)
		if !there {
			continue
		}
		asked = true
		// When a part of the PIN was lost the browser asks again; "ctrl+a" lets it be replaced. The steps are apart because
		// "type" takes all words that follow, and its newline is no Return for Firefox.
		for _, args := range [][]string{{"windowfocus", window, "sleep", "0.1", "key", "ctrl+a"}, {"type", "--delay", "20", k.PIN}, {"key", "Return"}} {
			if err := d.Run(ctx, append([]string{"xdotool"}, args...)...); err != nil {
				return err
			}
		}
		pause = 2 * time.Second // for the question to go away: later keys would be the page's
	}
}

// inFront gives the keyboard to the window with such a title, if there is one, and returns its number.
func inFront(ctx context.Context, d *Desktop, title string) (window string, there bool) {
	out, err := d.Command(ctx, "xdotool", "search", "--onlyvisible", "--name", title).Output()
	window, _, _ = strings.Cut(string(out), "\n")
	if err != nil || window == "" {
		return "", false
	}
	// Keys are for the window in front, so that nothing may be typed unless it is this one.
	return window, d.Run(ctx, "xdotool", "windowactivate", "--sync", window) == nil
}

// closeWindow closes the only window, and with it the browser, with the keys that the window manager knows for it.
func closeWindow(ctx context.Context, d *Desktop, b *Browser, title string) error {
	for {
		var err error
		if _, there := inFront(ctx, d, title); there {
			err = d.Run(ctx, "xdotool", "key", "alt+F4")
		}
		select {
		case <-b.done:
			return nil
		case <-ctx.Done():
			return err
		case <-time.After(time.Second): // it may have gone to another window
		}
	}
}
