package launcher

import (
	"errors"
	"slices"
	"strings"
)

// ErrNoTerminal says that no program is there that could show a terminal.
var ErrNoTerminal = errors.New("no terminal program")

// terminal is a program that shows a terminal: how it is told to be large, to have a title, and to run something.
type terminal struct {
	program  string
	desktops []string // where it is at home, as XDG_CURRENT_DESKTOP names them
	large    []string // fills the screen, in large type
	title    string   // the option for the title; empty: there is none
	run      string   // the option before the command
}

// terminals are the ones that the usual desktops bring, from their manual pages. Those that hand the window over to a server
// are told to wait for it where they can; the server is then what the command was started from.
func terminals() []terminal {
	return []terminal{
		{"gnome-terminal", []string{"GNOME", "X-Cinnamon"}, []string{"--wait", "--full-screen", "--zoom=1.8"}, "--title", "--"},
		{"xfce4-terminal", []string{"XFCE"}, []string{"--disable-server", "--fullscreen", "--hide-menubar", "--font=Monospace 20"}, "--title", "-x"},
		{"konsole", []string{"KDE"}, []string{"--separate", "--fullscreen", "--hide-menubar", "-p", "Font=Monospace,20"}, "", "-e"},
		{"mate-terminal", []string{"MATE"}, []string{"--disable-factory", "--full-screen", "--zoom=1.8"}, "--title", "-x"},
		{"kgx", []string{"GNOME"}, nil, "--title", "--"},
		{"xterm", nil, []string{"-fullscreen", "-fa", "Monospace", "-fs", "20"}, "-T", "-e"},
	}
}

// Command returns the command that opens a large window of type and runs argv in it. getenv reads the caller's environment;
// find returns the path of a program. Error: ErrNoTerminal.
func Command(getenv func(string) string, find func(string) (string, bool), title string, argv []string) ([]string, error) {
	here := strings.Split(getenv("XDG_CURRENT_DESKTOP"), ":")
	all := terminals()
	slices.SortStableFunc(all, func(a, b terminal) int { return a.at(here) - b.at(here) })
	for _, t := range all {
		path, ok := find(t.program)
		if !ok {
			continue
		}
		cmd := append([]string{path}, t.large...)
		if t.title != "" {
			cmd = append(cmd, t.title, title)
		}
		return append(append(cmd, t.run), argv...), nil
	}
	return nil, ErrNoTerminal
}

// at is 0 where the terminal is at home and 1 elsewhere.
func (t terminal) at(desktops []string) int {
	if slices.ContainsFunc(t.desktops, func(d string) bool { return slices.Contains(desktops, d) }) {
		return 0
	}
	return 1
}
