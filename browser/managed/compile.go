package managed

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ipguard/browser"
	"ipguard/policy"
)

// ErrUnknown says that a mode, a family of browsers or an operating system is not one of those that the package knows.
var ErrUnknown = errors.New("unknown mode, browser family or operating system")

// Compile returns what one browser is told so that it does what the policy asks. It is pure: the same arguments always give
// the same settings, and nothing is read or changed. Without a mode, or when the mode is BrowsersUnmanaged, there are no
// values. The error is ErrUnknown, wrapped.
//
// In mode BrowsersPrivate the settings force private windows where the vendor has that; elsewhere they are the strongest
// that the vendor documents, and Private is false. In mode BrowsersEphemeral windows are ordinary and Private is false.
func Compile(b policy.Browsers, d browser.Descriptor, f Facts) (Settings, error) {
	s := Settings{Browser: d.ID, Family: d.Family, Values: map[string]any{}}
	if !slices.Contains([]string{"linux", "windows", "darwin"}, f.GOOS) {
		return Settings{}, fmt.Errorf("compiling for an operating system: %w", ErrUnknown)
	}
	switch b.Mode {
	case policy.BrowsersUnmanaged, "":
		return s, nil
	case policy.BrowsersPrivate, policy.BrowsersEphemeral:
	default:
		return Settings{}, fmt.Errorf("compiling for a mode: %w", ErrUnknown)
	}
	switch d.Family {
	case browser.Chromium:
		compileChromium(&s, b, f)
	case browser.Gecko:
		compileGecko(&s, b, f)
	default:
		return Settings{}, fmt.Errorf("compiling for a family: %w", ErrUnknown)
	}
	return s, nil
}

// A setting is one row of the tables: what is set, on which systems, and which versions know it. Where the limits are not
// known, or every version that is still in use knows it, there are none.
type setting struct {
	name  string
	value any
	on    string // GOOS values, separated by spaces; empty: all
	from  int    // first major version that knows it; 0: all
	to    int    // last major version that is told; 0: no end
}

// add puts those rows in the settings that the system and the version know. An unknown version is told everything: browsers
// pass over names that they do not know.
func (s *Settings) add(f Facts, rows []setting) {
	for _, r := range rows {
		if r.on != "" && !slices.Contains(strings.Fields(r.on), f.GOOS) {
			continue
		}
		if f.Major != 0 && (f.Major < r.from || r.to != 0 && f.Major > r.to) {
			continue
		}
		s.Values[r.name] = r.value
	}
}

// when returns the rows if the condition holds.
func when(condition bool, rows ...setting) []setting {
	if condition {
		return rows
	}
	return nil
}

// list turns strings to what JSON knows.
func list(texts []string) []any {
	values := make([]any, 0, len(texts))
	for _, t := range texts {
		values = append(values, t)
	}
	return values
}

// allExtensions are those of the policy and of the card, the card's last.
func allExtensions(b policy.Browsers) []policy.Extension {
	return slices.Concat(b.Extensions, b.Card.Extensions)
}
