package erase

import (
	"context"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// Strays is the visitor that removes from a root whatever the baseline does not have there, or overwrites it first.
type Strays struct {
	Remover *Remover
	// Restorable says that a changed entry of the baseline can be put back; nil: none can. Only such a one is overwritten.
	Restorable func(*baseline.Frame, *baseline.Entry) bool
}

// Extra implements baseline.Visitor.
func (s Strays) Extra(ctx context.Context, f *baseline.Frame, name string, info walk.Info) {
	s.Remover.Remove(ctx, f.Dir, name, info, f.Match.Child(name))
}

// Differs implements baseline.Visitor: restoring is another phase, but what it replaces is overwritten in this one.
func (s Strays) Differs(ctx context.Context, f *baseline.Frame, e *baseline.Entry) {
	o := s.Remover.Overwriter
	if o == nil || s.Restorable == nil || !s.Restorable(f, e) {
		return
	}
	if info, err := f.Dir.Stat(e.Name); err == nil {
		o.Changed(ctx, f.Dir, e.Name, info)
	}
}

// Missing implements baseline.Visitor: restoring is another phase.
func (s Strays) Missing(context.Context, *baseline.Frame, *baseline.Entry) {}

// Leave implements baseline.Visitor: what a directory of the baseline got in attributes is overwritten before restoring
// takes it away.
func (s Strays) Leave(f *baseline.Frame) {
	s.Remover.Volume.steps.Add(1)
	if o := s.Remover.Overwriter; o != nil && f.Group.Self.Type == walk.Directory && f.Match.Kind() != wipe.KindKept {
		o.Own(f.Dir, f.Group.Self.Xattrs)
	}
}

// Mounted implements baseline.Visitor: what is mounted belongs to somebody else, and is told.
func (s Strays) Mounted(f *baseline.Frame, name string) {
	s.Remover.Tally.Add(f.Match.Child(name), wipe.Skipped, wipe.CodeMount, 1, 0)
}

// Failed implements baseline.Visitor.
func (s Strays) Failed(f *baseline.Frame, name string, err error) {
	m := f.Match
	if name != "" {
		m = m.Child(name)
	}
	s.Remover.fail(m, err)
}

var _ baseline.Visitor = Strays{}
