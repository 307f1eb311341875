package verify

import (
	"context"
	"errors"
	"io"
	"path"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// Probe looks whether something is left in a folder outside the home.
type Probe struct {
	Dir     *walk.Dir
	Match   catalog.Match
	Live    bool
	Spare   func(walk.Info) bool   // directories that are roots of their own
	Owner   func(walk.Info) bool   // what is the account's, also in folders of others; nil: judge by name
	Pattern string                 // names directly in Dir; empty: all
	Further func(name string) bool // asked about a name that matches; nil: yes
}

// Read adds what is left to the findings.
func (p Probe) Read(ctx context.Context, out *Findings) error {
	info, err := p.Dir.Info()
	if err != nil {
		return err
	}
	s := strays{out: out, mount: info.Mount, live: p.Live, owner: p.Owner, spare: p.Spare}
	return p.dir(ctx, s, p.Dir, p.Match, 0)
}

func (p Probe) dir(ctx context.Context, s strays, d *walk.Dir, m catalog.Match, depth int) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		names, err := d.Names(512)
		for _, name := range names {
			p.name(ctx, s, d, name, m.Child(name), depth)
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			s.out.add(m, wipe.Residual, wipe.CodeUnreadable, 1, 0)
			return nil
		}
	}
}

func (p Probe) name(ctx context.Context, s strays, d *walk.Dir, name string, m catalog.Match, depth int) {
	info, err := d.Stat(name)
	if errors.Is(err, walk.ErrNotExist) || errors.Is(err, walk.ErrMount) {
		return // a file system that only the account can look into that mounted it: the account's own were taken away
	} else if err != nil {
		s.out.add(m, wipe.Residual, wipe.CodeUnreadable, 1, 0)
		return
	}
	if s.spared(info) {
		return
	}
	if p.Owner == nil {
		if p.matches(name) {
			s.count(ctx, d, name, info, m)
		}
		return
	}
	if p.Owner(info) {
		s.count(ctx, d, name, info, m)
		return
	}
	closed := info.Mode&0o011 == 0 // to everybody but an owner who is not the account
	if info.Type != walk.Directory || info.Mount != s.mount || depth >= 32 || closed {
		return
	}
	sub, err := d.Enter(name)
	if err != nil {
		return // somebody else's, closed to this process
	}
	defer sub.Close()
	// A folder that cannot be read to its end was counted; the context's error comes back at the next name.
	_ = p.dir(ctx, s, sub, m, depth+1)
}

func (p Probe) matches(name string) bool {
	if ok, err := path.Match(p.Pattern, name); err != nil || p.Pattern != "" && !ok {
		return false
	}
	return p.Further == nil || p.Further(name)
}
