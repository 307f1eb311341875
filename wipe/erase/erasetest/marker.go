package erasetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Class says what a marker was planted in.
type Class byte

// The classes of markers.
const (
	Content Class = 'C' // content of a file that is there at the end of the session
	Name    Class = 'N' // name of a file, folder or link that is there at the end
	XAttr   Class = 'X' // value of an extended attribute
	Old     Class = 'O' // content that was replaced or deleted in the session
	OldName Class = 'M' // name that was deleted or renamed in the session
	Link    Class = 'L' // target of a symbolic link
	Row     Class = 'S' // row of a database, there at the end or deleted by the application
)

// Classes are all classes of markers, in the order in which they are printed.
func Classes() []Class { return []Class{Content, Name, XAttr, Old, OldName, Link, Row} }

const (
	lead       = "qz7" // the filler around markers has no q
	seedDigits = 8     // hexadecimal, as those of the ID
	idDigits   = 5
	maxID      = 1<<20 - 1
	markerLen  = len(lead) + 1 + seedDigits + idDigits
)

// Marker is a text of 17 characters that stands nowhere but where it was planted: its seed tells the session, its class
// what it was planted in, its ID (from 0 to 1,048,575) which of them. It is no longer because the time that some tools
// take grows with the length of the names.
type Marker struct {
	Class Class
	Seed  uint32
	ID    int
}

// String is the marker as it is planted.
func (m Marker) String() string { return fmt.Sprintf("%s%c%08x%05x", lead, m.Class, m.Seed, m.ID) }

// parseMarker reads a marker from the bytes at i, i+step, i+2*step and so on.
func parseMarker(b []byte, i, step int) (Marker, bool) {
	if i+(markerLen-1)*step >= len(b) {
		return Marker{}, false
	}
	for k := 1; k < len(lead); k++ {
		if b[i+k*step] != lead[k] {
			return Marker{}, false
		}
	}
	i += len(lead) * step
	m := Marker{Class: Class(b[i])}
	if m.Class < 'A' || m.Class > 'Z' {
		return Marker{}, false
	}
	var n uint64
	for range seedDigits + idDigits {
		i += step
		switch c := b[i]; {
		case '0' <= c && c <= '9':
			n = n<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			return Marker{}, false
		}
	}
	m.Seed, m.ID = uint32(n>>(4*idDigits)), int(n&maxID)
	return m, true
}

// Counts says how often each marker was found.
type Counts map[Marker]int

// IDs is the number of different markers of a class: files for Content, names for Name.
func (c Counts) IDs(class Class) int {
	n := 0
	for m := range c {
		if m.Class == class {
			n++
		}
	}
	return n
}

// Hits is how often markers of a class were found: about the number of sectors for Content.
func (c Counts) Hits(class Class) int {
	n := 0
	for m, hits := range c {
		if m.Class == class {
			n += hits
		}
	}
	return n
}

// Filter returns the counts of those markers only that keep wants.
func (c Counts) Filter(keep func(Marker) bool) Counts {
	some := maps.Clone(c)
	maps.DeleteFunc(some, func(m Marker, _ int) bool { return !keep(m) })
	return some
}

// Of returns the counts of one session only.
func (c Counts) Of(seed uint32) Counts {
	return c.Filter(func(m Marker) bool { return m.Seed == seed })
}

// String is a short table cell: the number of different markers by class, and after a slash how often they were found
// where that is more, as in "C 12/340 N 3". It is "0" when there are none.
func (c Counts) String() string {
	ids, hits := map[Class]int{}, map[Class]int{}
	for m, n := range c {
		ids[m.Class]++
		hits[m.Class] += n
	}
	classes := Classes()
	for _, class := range slices.Sorted(maps.Keys(ids)) {
		if !slices.Contains(classes, class) {
			classes = append(classes, class)
		}
	}
	var cells []string
	for _, class := range classes {
		switch {
		case ids[class] == 0:
		case hits[class] == ids[class]:
			cells = append(cells, fmt.Sprintf("%c %d", class, ids[class]))
		default:
			cells = append(cells, fmt.Sprintf("%c %d/%d", class, ids[class], hits[class]))
		}
	}
	if len(cells) == 0 {
		return "0"
	}
	return strings.Join(cells, " ")
}
