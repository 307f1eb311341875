package managed

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"ipguard/browser"
)

// What keeps a store from writing. They come wrapped; whatever else an error says comes from the system.
var (
	// ErrUnsafe says that somebody other than the administrator could change what would be written.
	ErrUnsafe = errors.New("somebody other than the administrator can write there")
	// ErrOccupied says that there is something of others in the place that is neither a file nor empty.
	ErrOccupied = errors.New("something else is in its place")
	// ErrImmutable says that the file system holds a folder, or a file of others, immutable.
	ErrImmutable = errors.New("the file system holds it immutable")
)

// Store is one place where browsers read settings. Every method looks afresh.
type Store interface {
	// Sources returns everything that the browser reads there, the weakest first.
	Sources() []Source
	// Apply writes the settings, next to what others wrote. Nothing is written when it is there already.
	Apply(Settings) (changed bool, err error)
	// Remove takes back what Apply wrote, and gives others' values back that it had replaced.
	Remove() (changed bool, err error)
	// Watch names the folders in which a change can change what the browser reads; some may not exist. Nil where nothing
	// can be watched.
	Watch() []string
}

// Source is one file, or what stands for one, that a browser reads.
type Source struct {
	Name   string // file or key, for people
	Own    bool   // ipguard's
	Values map[string]any
	// Fault is why the browser cannot read it, or would not; empty: it can. Values are empty then, except with FaultUnsafe:
	// the browser reads such a file all the same.
	Fault Fault
	// Since is when it was last written, as far as the system says; zero: unknown.
	Since time.Time
	// Shared says that settings of others are in it too, and their members in objects of ours.
	Shared bool
	// Loose says that 0 and 1 stand for booleans there, and text for lists and objects, as in a registry.
	Loose bool
}

// Fault is what is wrong with a source.
type Fault string

// The faults.
const (
	FaultMissing    Fault = "missing"    // there is no such file
	FaultUnreadable Fault = "unreadable" // an ordinary account may not read it, or cannot reach it
	FaultSyntax     Fault = "syntax"     // not JSON, or not what the format wants
	FaultTooBig     Fault = "too_big"    // more than any sane file has
	FaultKind       Fault = "kind"       // not a regular file, or a folder in its place
	FaultUnsafe     Fault = "unsafe"     // somebody other than the administrator can change it
)

// Finding is one reason why a browser does not do what it is told.
type Finding struct {
	Code Code
	// Source is the file or key that is to blame; empty when none is.
	Source string
	// Setting is the vendor's name of the setting; empty when the whole source is meant.
	Setting string
	// Decisive says that private windows are not forced because of it.
	Decisive bool
}

// Code is what is found.
type Code string

// The codes.
const (
	CodeMissing    Code = "missing"    // ours is not there
	CodeFault      Code = "fault"      // the browser cannot read ours, or any of it
	CodeChanged    Code = "changed"    // ours says something else
	CodeOverridden Code = "overridden" // another source says something else and counts more
	CodeWrongType  Code = "wrong_type" // the value has a type that the browser ignores
	CodeUnsafe     Code = "unsafe"     // somebody other than the administrator can change it
)

// Failing tells whether any of the findings is decisive.
func Failing(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Decisive })
}

// NewStore returns the store for a place on the system that the program runs on, with prefix before every path; a folder
// that is itself a prefix, and what is above, is trusted. The error wraps errors.ErrUnsupported when the system has no such
// format.
func NewStore(p browser.Place, family browser.Family, prefix string) (Store, error) {
	d := disk{prefix: prefix}
	if prefix != "" {
		d.prefix = filepath.Clean(prefix)
	}
	switch p.Format {
	case browser.JSONFolder:
		return folder{disk: d, path: d.below(p.Path)}, nil
	case browser.PoliciesJSON:
		f := file{disk: d, path: d.below(p.Path), codec: policiesJSON{}}
		if p.Instead != "" {
			f.instead = d.below(p.Instead)
		}
		return f, nil
	case browser.Plist:
		return file{disk: d, path: d.below(p.Path), codec: propertyList{family: family}}, nil
	case browser.RegistryKey:
		r, err := systemRegistry()
		if err != nil {
			return nil, err
		}
		return NewRegistryStore(r, p, family, prefix), nil
	}
	return nil, fmt.Errorf("opening a place: %w", errors.ErrUnsupported)
}
