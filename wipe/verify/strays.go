package verify

import (
	"context"
	"errors"
	"io"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// maxDepth is how deep strays are counted one by one; what lies deeper counts as one.
const maxDepth = 256

// strays counts entries that should not be there.
type strays struct {
	out   *Findings
	mount uint64
	live  bool
	owner func(walk.Info) bool // nil: every entry is in scope
	spare func(walk.Info) bool // directories that are roots of their own
	depth int
	kept  bool // inside a folder that a keep rule lets stay
}

func (s strays) spared(info walk.Info) bool {
	return s.spare != nil && info.Type == walk.Directory && s.spare(info)
}

// count counts an entry and what is below it. A directory that holds nothing but mount points, kept or live entries is
// not counted itself: it cannot go before they do.
func (s strays) count(ctx context.Context, d *walk.Dir, name string, info walk.Info, m catalog.Match) (excused bool) {
	if info.Mount != s.mount {
		s.out.add(m, wipe.Skipped, wipe.CodeMount, 1, 0)
		return true
	}
	if s.spared(info) {
		return true
	}
	if s.owner != nil && !s.owner(info) {
		s.out.add(m, wipe.Skipped, wipe.CodeForeignOwner, 1, 0)
		return true
	}
	outcome, code := wipe.Residual, wipe.CodeRemains
	switch kind := m.Kind(); {
	case s.kept || kind == wipe.KindKept:
		s.kept = true
		outcome, code = wipe.Skipped, wipe.CodeKeepRule
	case kind == wipe.KindVolatile:
		outcome, code = wipe.Skipped, wipe.CodeVolatile
	case kind == wipe.KindLive && s.live:
		outcome, code = wipe.Skipped, wipe.CodeLiveSession
	}
	if info.Type == walk.Directory {
		below, holds := s.below(ctx, d, name, m)
		if holds && below {
			return true
		}
	}
	s.out.add(m, outcome, code, 1, info.Size)
	return outcome == wipe.Skipped
}

// below counts what a stray directory contains: whether all of it is excused, and whether there is any.
func (s strays) below(ctx context.Context, d *walk.Dir, name string, m catalog.Match) (excused, any bool) {
	if s.depth >= maxDepth {
		return false, true
	}
	s.depth++
	sub, err := d.Enter(name)
	if err != nil {
		return false, false
	}
	defer sub.Close()
	excused = true
	for ctx.Err() == nil {
		names, err := sub.Names(512)
		for _, name := range names {
			child := m.Child(name)
			info, err := sub.Stat(name)
			if errors.Is(err, walk.ErrNotExist) {
				continue
			}
			any = true
			if err != nil {
				s.out.add(child, wipe.Residual, wipe.CodeUnreadable, 1, 0)
				excused = false
			} else if !s.count(ctx, sub, name, info, child) {
				excused = false
			}
		}
		if err == io.EOF {
			break
		} else if err != nil {
			s.out.add(m, wipe.Residual, wipe.CodeUnreadable, 1, 0)
			return false, true
		}
	}
	return excused, any
}
