package service

import (
	_ "embed"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
)

//go:embed ipguard.service
var unitText string

//go:embed ipguard.plist
var plistText string

// arguments are the words after the program file.
func (o Options) arguments() []string {
	args := []string{"service", "run"}
	if o.StateDir != "" {
		args = append(args, "--state-dir", o.StateDir)
	}
	return args
}

// Unit is the systemd unit. ErrProgram when the paths in the options cannot stand in one.
func Unit(o Options) (string, error) {
	if err := o.check("linux"); err != nil {
		return "", err
	}
	words := []string{`"` + o.Exe + `"`}
	for _, arg := range o.arguments() {
		if strings.ContainsFunc(arg, func(r rune) bool { return r == ' ' || r == '(' || r == ')' }) {
			arg = `"` + arg + `"`
		}
		words = append(words, arg)
	}
	return strings.Replace(unitText, "@COMMAND@", strings.Join(words, " "), 1), nil
}

// PropertyList is the property list for launchd. ErrProgram when the paths in the options cannot stand in one.
func PropertyList(o Options) (string, error) {
	if err := o.check("darwin"); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, arg := range append([]string{o.Exe}, o.arguments()...) {
		fmt.Fprintf(&b, "\t\t<string>%s</string>\n", arg)
	}
	return strings.Replace(plistText, "@ARGUMENTS@", b.String(), 1), nil
}

// entry is the service as the table of Windows has it.
type entry struct {
	Name, DisplayName, Description string
	Exe                            string
	Arguments                      []string
	StartType                      string        // with the machine, and not delayed: a wipe that is due comes before people
	RestartAfter                   time.Duration // when it failed, be it by its exit code
	StopWithin                     time.Duration // at power-off; Windows 10 gives 10 s when nothing is said
}

func tableEntry(o Options) (entry, error) {
	if err := o.check("windows"); err != nil {
		return entry{}, err
	}
	return entry{
		Name: Name, DisplayName: displayName, Description: description, Exe: o.Exe, Arguments: o.arguments(),
		StartType: "automatic", RestartAfter: 5 * time.Second, StopWithin: 2 * time.Minute,
	}, nil
}

// check refuses paths with characters that mean something to a service manager or to the library's template engine:
// quotes, %, $, braces, backslashes outside Windows, anything that cannot be seen.
func (o Options) check(goos string) error {
	for _, p := range []string{o.Exe, o.StateDir} {
		if p == "" && o.Exe != "" {
			continue // the default state directory
		}
		if !absolute(goos, p) || strings.ContainsFunc(p, func(r rune) bool { return !plainRune(goos, r) }) {
			return ErrProgram
		}
	}
	return nil
}

func absolute(goos, p string) bool {
	if goos == "windows" {
		return len(p) > 3 && p[1:3] == `:\`
	}
	return path.IsAbs(p) && path.Clean(p) == p && p != "/"
}

func plainRune(goos string, r rune) bool {
	if r == '\\' {
		return goos == "windows"
	}
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._+-@:,=~ ()", r))
}
