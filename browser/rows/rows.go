package rows

import (
	"context"
	"os"
	"path/filepath"

	"ipguard/browser"
)

// Count is how many rows the stores of a profile hold.
type Count struct {
	// Visits are pages that were opened; in the Gecko family downloads are among them. Downloads is the Chromium family's
	// own list. No number is above the limit of one million, at which counting stops.
	Visits, Downloads, Cookies int
	// Known says that everything was counted. Without it the numbers are what was counted nevertheless: there are at least
	// so many.
	Known bool
	// Code is why not everything is known; empty when it is.
	Code Code
}

// Code is why rows could not be counted.
type Code string

// The codes.
const (
	Gone       Code = "gone"       // there is no such profile
	Kind       Code = "kind"       // a file is a link, a FIFO or anything else that no browser makes
	Unreadable Code = "unreadable" // the system refuses to open or to read a file
	TooBig     Code = "too_big"    // more than is read into memory
	Broken     Code = "broken"     // not a database, damaged, or never at rest while it was read
	Layout     Code = "layout"     // a database without the table that should be there: the browser has changed
	Late       Code = "late"       // there was not enough time
	Family     Code = "family"     // the family of browsers is not known
)

// codes lists the codes.
func codes() []Code {
	return []Code{Gone, Kind, Unreadable, TooBig, Broken, Layout, Late, Family}
}

// Error implements error.
func (c Code) Error() string { return "counting rows: " + string(c) }

// question is a table of a store and the number of its rows.
type question struct {
	table string
	into  *int
}

// store is one database of a profile.
type store struct {
	files     []string // the first that exists counts
	questions []question
}

// stores says what is counted. Measured with Chromium 156 and Firefox ESR 153: an ordinary window writes at least a row of
// these, a private one none. On Windows Chromium keeps its cookies in a folder of their own.
func stores(f browser.Family, c *Count) []store {
	switch f {
	case browser.Chromium:
		return []store{
			{[]string{"History"}, []question{{"visits", &c.Visits}, {"downloads", &c.Downloads}}},
			{[]string{filepath.Join("Network", "Cookies"), "Cookies"}, []question{{"cookies", &c.Cookies}}},
		}
	case browser.Gecko:
		return []store{
			{[]string{"places.sqlite"}, []question{{"moz_historyvisits", &c.Visits}}},
			{[]string{"cookies.sqlite"}, []question{{"moz_cookies", &c.Cookies}}},
		}
	}
	return nil
}

// OfProfile counts the rows of the profile in dir, also while the browser runs and holds its locks. A store that was never
// made has no rows. It returns soon after ctx ends, but a file on a file system that does not answer makes it wait as long
// as that does: whoever runs it ends the process then, as Ask does.
func OfProfile(ctx context.Context, f browser.Family, dir string) Count {
	var c Count
	all := stores(f, &c)
	if all == nil {
		return Count{Code: Family}
	}
	if info, err := os.Lstat(dir); err != nil {
		return Count{Code: codeOf(err)}
	} else if !info.IsDir() {
		return Count{Code: Kind}
	}
	for _, s := range all {
		for _, file := range s.files {
			found, code := count(ctx, filepath.Join(dir, file), s.questions)
			if code != "" && c.Code == "" {
				c.Code = code
			}
			if found {
				break
			}
		}
	}
	c.Known = c.Code == ""
	return c
}

// count counts in one store. It looks again when the browser wrote in the middle of the reading, which it may do at any time.
func count(ctx context.Context, file string, questions []question) (found bool, code Code) {
	for range 4 {
		var image []byte
		image, code = read(ctx, file)
		switch {
		case code == Gone:
			return false, ""
		case code == "" && len(image) == 0:
			return true, "" // made, and nothing was ever written
		case code == "":
			code = ask(ctx, image, questions)
		}
		if ctx.Err() != nil {
			return true, Late
		}
		if code != Broken && code != Layout {
			break
		}
		if !pause(ctx) {
			return true, Late
		}
	}
	return true, code
}
