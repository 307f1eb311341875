package managedtest

import (
	"testing"

	"ipguard/browser"
)

// Target is a place with settings that were applied.
type Target struct {
	Format browser.Format
	Own    string // file in which ours are
	// Instead is the file that counts only without Own; empty: none.
	Instead string
	// Decisive is the setting that forces private windows, a whole number.
	Decisive string
	// Elsewhere is a folder outside of the place that belongs to the administrator, with nothing in it.
	Elsewhere string
}

// Damage is something that happens to settings.
type Damage struct {
	Name string
	// Formats are those to which it can happen; empty: all that are files.
	Formats []browser.Format
	// Repairable says that writing the settings again makes them count. Otherwise that there is something wrong must be said.
	Repairable bool
	// Harmless says that browsers do what they are told all the same, so that nothing need be noticed.
	Harmless bool
	// Do does it, and returns the files of others that must say the same afterwards. It needs root.
	Do func(t testing.TB, at Target) map[string]string
}
