package handover

import (
	"context"
	"crypto/rand"
	"errors"

	"ipguard/wipe"
	"ipguard/wipe/erase"
	"ipguard/wipe/walk"
)

// Discarded is what taking documents out of a session did.
type Discarded struct {
	Count int
	Bytes int64
	// Failed are documents that could not be moved.
	Failed int
	// Left are documents that have to be erased where they are: they have several names, or lie on another file system.
	Left map[Identity]Mark
}

// Discard moves every document out of the session's sight, into a batch whose time is over: Batch.Destroy is to follow,
// and whatever comes instead of it, the next look at the holding destroys them. No name is written down. Without a batch,
// for which there may be no room, all are left.
func (s Session) Discard(ctx context.Context, b *Batch) (Discarded, error) {
	out := Discarded{Left: map[Identity]Mark{}}
	err := s.each(ctx, func(f Found) {
		err := walk.ErrXDev
		if b != nil && f.Info.Links == 1 {
			err = f.moveTo(b.dir, rand.Text())
		}
		switch {
		case err == nil:
			b.count++
			out.Count++
			out.Bytes += f.Document.Bytes
		case errors.Is(err, walk.ErrXDev):
			out.Left[IdentityOf(f.Info)] = f.Document.Mark
		default:
			out.Failed++
		}
	})
	return out, err
}

// Destroy closes the batch and destroys what is in it, as strongly as its medium allows.
func (b *Batch) Destroy(ctx context.Context) error {
	if b == nil {
		return nil
	}
	err := b.Close()
	if b.count == 0 {
		return err
	}
	return errors.Join(err, Held{dir: b.path}.erase(ctx))
}

// Erase erases documents where they are, as strongly as what they lie on allows, all their names that are documents. One
// that was written to since stays. It returns what went, a name each, and how many names stayed.
func (s Session) Erase(ctx context.Context, which map[Identity]Mark, uid uint32, terms erase.Terms) (Discarded, error) {
	var out Discarded
	if len(which) == 0 {
		return out, nil
	}
	home, err := walk.Open(s.Home)
	if err != nil {
		return out, err
	}
	defer home.Close()
	v, done := erase.Open(s.Home, terms)
	defer done()
	same := map[Identity]bool{} // overwriting changes the mark
	s.Choose = nil
	look := func(f Found) {
		id, mark := IdentityOf(f.Info), f.Document.Mark
		if was, ok := which[id]; ok && was.Size == mark.Size && was.MTime == mark.MTime {
			same[id] = true
		}
	}
	if err := s.each(ctx, look); err != nil {
		return out, err
	}
	for again := true; again; again = v.Flush() {
		o := v.Overwriter()
		if o == nil {
			break
		}
		rm := &erase.Remover{Top: home, Volume: v, Overwriter: o, UID: uid, Root: true}
		if err := s.each(ctx, func(f Found) {
			if same[IdentityOf(f.Info)] {
				rm.Remove(ctx, f.Dir, f.Name, f.Info, f.Match)
			}
		}); err != nil {
			return out, err
		}
	}
	tally := &erase.Tally{}
	rm := &erase.Remover{Top: home, Volume: v, Tally: tally, UID: uid, Root: true}
	err = s.each(ctx, func(f Found) {
		id := IdentityOf(f.Info)
		if _, asked := which[id]; !asked {
			return
		}
		if same[id] {
			rm.Remove(ctx, f.Dir, f.Name, f.Info, f.Match)
		}
		if _, err := f.Dir.Stat(f.Name); !errors.Is(err, walk.ErrNotExist) {
			out.Failed++
			return
		}
		out.Count++
		out.Bytes += f.Document.Bytes
	})
	v.Settle(ctx, nil)
	if rest := (wipe.Report{Results: tally.Results()}).Totals().Residual; rest > 0 && out.Failed == 0 {
		out.Failed = rest
	}
	return out, errors.Join(err, ctx.Err())
}
