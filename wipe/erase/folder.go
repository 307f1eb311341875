package erase

import (
	"context"
	"math"
	"path/filepath"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// Terms are the conditions under which a method is chosen.
type Terms struct {
	Floor      wipe.Assurance // the least that policy asks for
	Privileged bool           // the process may clear journals and discard
	// Distrust says that the devices were found to keep what they were asked to discard.
	Distrust bool
}

// Folder erases one folder with everything in it, as strongly as what it lies on allows. dir must be out of reach for
// everybody but administrators. Errors: those of package walk when something is left, or the context's.
func Folder(ctx context.Context, dir string, terms Terms) error {
	v, done := Open(dir, terms)
	defer done()
	parent, err := walk.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer parent.Close()
	name := filepath.Base(dir)
	info, err := parent.Stat(name)
	if err != nil {
		return err
	}
	tally := &Tally{}
	for again := true; again; again = v.Flush() {
		if o := v.Overwriter(); o != nil {
			(&Remover{Top: parent, Volume: v, Overwriter: o}).Remove(ctx, parent, name, info, catalog.Match{})
		}
	}
	rm := &Remover{Top: parent, Volume: v, Tally: tally, UID: info.UID, Root: terms.Privileged}
	rm.Remove(ctx, parent, name, info, catalog.Match{})
	if rm.Waiting() {
		v.Checkpoint()
		rm.Clear(ctx, catalog.Match{})
	}
	v.Settle(ctx, nil)
	if rest := (wipe.Report{Results: tally.Results()}).Totals().Residual; rest > 0 {
		return walk.ErrInUse
	}
	return ctx.Err()
}

// Open finds out what a folder lies on and returns the volume, with the method that the terms allow. Where it cannot be
// found out, unlinking is all that is promised. done gives it back.
func Open(dir string, terms Terms) (v *Volume, done func()) {
	s, err := storage.Detect(dir)
	if err != nil {
		s = storage.Storage{FileSystem: storage.Other, Medium: storage.Unknown}
	}
	if terms.Distrust {
		s.DiscardStep = math.MaxInt64 // worth asking for, and nothing to rely on
	}
	v = &Volume{Storage: s, Method: Choose(s, terms.Floor, terms.Privileged)}
	if s.Base == "" {
		return v, func() {}
	}
	d, err := storage.Open(s.Base)
	if err != nil {
		return v, func() {}
	}
	v.Device = d
	return v, func() { _ = d.Close() }
}

var _ Device = (*storage.Volume)(nil)
