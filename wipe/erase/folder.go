package erase

import (
	"context"
	"path/filepath"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// Folder erases one folder with everything in it, as strongly as what it lies on allows. dir must be out of reach for
// everybody but administrators. privileged says that the process may clear journals and discard. Errors: those of
// package walk when something is left, or the context's.
func Folder(ctx context.Context, dir string, privileged bool) error {
	v, done := Open(dir, "", privileged)
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
	if o := v.Overwriter(); o != nil {
		(&Remover{Top: parent, Volume: v, Overwriter: o}).Remove(ctx, parent, name, info, catalog.Match{})
		v.Flush()
	}
	rm := &Remover{Top: parent, Volume: v, Tally: tally, UID: info.UID, Root: privileged}
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

// Open finds out what a folder lies on and returns the volume, with the method that the floor and the process's rights
// allow. Where it cannot be found out, unlinking is all that is promised. done gives it back.
func Open(dir string, floor wipe.Assurance, privileged bool) (v *Volume, done func()) {
	s, err := storage.Detect(dir)
	if err != nil {
		s = storage.Storage{FileSystem: storage.Other, Medium: storage.Unknown}
	}
	v = &Volume{Storage: s, Method: Choose(s, floor, privileged)}
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
