package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Titles returns the titles of the windows that are to be seen on the screen, as X11 has them.
func (d *Desktop) Titles(ctx context.Context) ([]string, error) {
	out, err := d.Command(ctx, "xdotool", "search", "--onlyvisible", "--name", ".", "getwindowname", "%@").Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.ExitCode() == 1 {
		err = nil // there is none, or one that went meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("reading the titles (install xdotool): %w", err)
	}
	var titles []string
	for line := range strings.Lines(string(out)) {
		if title := strings.TrimSpace(line); title != "" {
			titles = append(titles, title)
		}
	}
	return titles, nil
}

// Press gives the keyboard to the window whose title matches a regular expression and presses keys there, as "ctrl+n".
func (d *Desktop) Press(ctx context.Context, title, keys string) error {
	// In two steps: after a search xdotool would send the keys as messages, which browsers may ignore.
	out, err := d.Command(ctx, "sh", "-c", `
		window=$(xdotool search --onlyvisible --name "$1" | tail -n 1) && [ -n "$window" ] &&
		xdotool windowactivate --sync "$window" && xdotool key --clearmodifiers "$2"`, "sh", title, keys).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pressing keys: %w: %s", err, out)
	}
	return nil
}

// Run starts another program of the account and waits for it to end, as the one that hands a link to the open browser.
func (d *Desktop) Run(ctx context.Context, argv ...string) error {
	out, err := d.Command(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running: %w: %s", err, out)
	}
	return nil
}

// Link opens a page as another program does (xdg-open), with that browser as the account's choice.
func (d *Desktop) Link(ctx context.Context, browser, url string) error {
	program := map[string]string{chromium: "chromium", firefox: "firefox-esr"}[browser]
	return d.Run(ctx, "sh", "-c", `mkdir -p ~/.config &&
		printf '[Default Applications]\nx-scheme-handler/http=%s.desktop\n' "$1" >~/.config/mimeapps.list && exec xdg-open "$2"`,
		"sh", program, url)
}
