package catalog

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/locate"
)

// unique makes sure that an identifier names one artifact only.
func unique(arts []wipe.Artifact) error {
	seen := make(map[wipe.ArtifactID]bool, len(arts))
	for _, art := range arts {
		if seen[art.ID] {
			return fmt.Errorf("%w: artifact %q: appears twice", ErrInvalid, art.ID)
		}
		seen[art.ID] = true
	}
	return nil
}

func check(art wipe.Artifact) error {
	if art.ID == "" || strings.Trim(string(art.ID), "abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
		return errors.New("id is not made of a-z, 0-9, _ and .")
	}
	reserved := art.Class == wipe.ClassUnknown || art.Class == wipe.ClassKept // for what no rule describes
	if reserved || !slices.Contains(wipe.Classes(), art.Class) {
		return fmt.Errorf("unknown class %q", art.Class)
	}
	enrolls := []wipe.Enroll{wipe.EnrollKeep, wipe.EnrollPersonal, wipe.EnrollRebuilt, wipe.EnrollMixed}
	if !slices.Contains(enrolls, art.Enroll) {
		return fmt.Errorf("unknown enrollment rule %q", art.Enroll)
	}
	if strings.TrimSpace(art.Doc) == "" {
		return errors.New("no doc")
	}
	if len(art.URLs) == 0 {
		return errors.New("no url")
	}
	for _, u := range art.URLs {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
			return errors.New("a url that is not plain https")
		}
	}
	if len(art.Locations) == 0 {
		return errors.New("no location")
	}
	for i, loc := range art.Locations {
		if err := checkLocation(loc); err != nil {
			return fmt.Errorf("location %d: %w", i+1, err)
		}
	}
	return nil
}

func checkLocation(loc wipe.Location) error {
	base, ok := locate.Lookup(loc.Base)
	if !ok {
		return fmt.Errorf("unknown token %q", loc.Base)
	}
	if len(loc.OS) == 0 {
		return errors.New("no os")
	}
	for i, goos := range loc.OS {
		if !slices.Contains([]string{"linux", "windows", "darwin"}, goos) || slices.Contains(loc.OS[:i], goos) {
			return fmt.Errorf("os %q is unknown or named twice", goos)
		}
		if !slices.Contains(base.OS, goos) {
			return fmt.Errorf("token %q means nothing on %s", loc.Base, goos)
		}
	}
	if err := checkPattern(loc.Pattern); err != nil {
		return err
	}
	switch loc.Kind {
	case wipe.KindHome, wipe.KindVolatile:
		return checkInside(loc, base)
	case wipe.KindLive:
		if base.Live {
			return checkOutside(loc, true)
		}
		return checkInside(loc, base)
	case wipe.KindOwned, wipe.KindMatched, wipe.KindBaselined, wipe.KindPrintJob:
		if base.Inside {
			return fmt.Errorf("kind %q needs a token outside the home", loc.Kind)
		}
		return checkOutside(loc, loc.Kind != wipe.KindOwned)
	default:
		return fmt.Errorf("unknown kind %q", loc.Kind)
	}
}

func checkPattern(pattern string) error {
	if pattern == "" {
		return nil
	}
	if strings.ContainsAny(pattern, "\x00\n\r") {
		return errors.New("pattern has a control character")
	}
	for part := range strings.SplitSeq(pattern, "/") {
		switch {
		case part == "":
			return errors.New("pattern is absolute or has an empty component")
		case part == "." || part == "..":
			return errors.New("pattern has a component . or ..")
		case len(part) > 1 && part[1] == ':':
			return errors.New("pattern has a drive")
		}
		rest := strings.NewReplacer("${ACCOUNT}", "x", "${UID}", "1").Replace(part)
		if strings.Contains(rest, "$") && !strings.HasPrefix(part, "$Recycle") {
			return errors.New("pattern has an unknown variable")
		}
		if _, err := path.Match(rest, "x"); err != nil {
			return errors.New("pattern is malformed")
		}
	}
	return nil
}

// checkInside guards the home: whatever the rule, it must name less than the home.
func checkInside(loc wipe.Location, base locate.Info) error {
	if !base.Inside {
		return fmt.Errorf("kind %q needs a token inside the home", loc.Kind)
	}
	if locate.HasVariable(loc.Pattern) {
		return errors.New("a variable inside the home")
	}
	if loc.Base != locate.HomeFolder {
		return nil
	}
	first, _, _ := strings.Cut(loc.Pattern, "/")
	if first == "" || strings.Trim(first, "*?.") == "" {
		return errors.New("names a whole home")
	}
	// A first component that matches names which have nothing in common is a whole home by another spelling.
	for _, pair := range [][2]string{{"a", "z1"}, {".a", ".z1"}} {
		x, _ := path.Match(first, pair[0])
		y, _ := path.Match(first, pair[1])
		if x && y {
			return errors.New("names a whole home")
		}
	}
	return nil
}

// checkOutside keeps rules for shared folders exact: only the last component may be a pattern, and a rule that takes
// things whoever owns them must say whose they are.
func checkOutside(loc wipe.Location, needPattern bool) error {
	if needPattern && loc.Pattern == "" {
		return fmt.Errorf("kind %q needs a pattern", loc.Kind)
	}
	dir, _ := path.Split(loc.Pattern)
	if strings.ContainsAny(dir, `*?[\`) || locate.HasVariable(dir) {
		return errors.New("only the last component may be a pattern outside the home")
	}
	if loc.Kind == wipe.KindMatched && !locate.HasVariable(loc.Pattern) {
		return errors.New("kind \"matched\" needs ${UID} or ${ACCOUNT}")
	}
	return nil
}
