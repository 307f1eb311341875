package erase

import (
	"context"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// Strays is the visitor that removes from a root whatever the baseline does not have there.
type Strays struct {
	Remover *Remover
}

// Extra implements baseline.Visitor.
func (s Strays) Extra(ctx context.Context, f *baseline.Frame, name string, info walk.Info) {
	s.Remover.Remove(ctx, f.Dir, name, info, f.Match.Child(name))
}

// Differs implements baseline.Visitor: restoring is another phase.
func (s Strays) Differs(context.Context, *baseline.Frame, *baseline.Entry) {}

// Missing implements baseline.Visitor: restoring is another phase.
func (s Strays) Missing(context.Context, *baseline.Frame, *baseline.Entry) {}

// Leave implements baseline.Visitor.
func (s Strays) Leave(*baseline.Frame) {}

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
