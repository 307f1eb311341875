package handover

import (
	"context"
	"errors"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// maxListed is how many documents a list names; more are counted.
const maxListed = 1000

// Session finds the documents of a session in one home.
type Session struct {
	// Compare runs a visitor over the home beside its baseline.
	Compare func(context.Context, *walk.Dir, baseline.Visitor) error
	// Bare runs a visitor over the home as if nothing in it belonged to the laptop; for when the baseline is damaged.
	Bare func(context.Context, *walk.Dir, baseline.Visitor) error
	Home string
}

// List returns the documents, at most a thousand of them, and how many there are with how many bytes.
func (s Session) List(ctx context.Context) (docs []Document, count int, bytes int64, err error) {
	err = s.each(ctx, func(_ *walk.Dir, _ string, _ walk.Info, doc Document, _ bool) {
		count++
		bytes += doc.Bytes
		if len(docs) < maxListed {
			docs = append(docs, doc)
		}
	})
	return docs, count, bytes, err
}

// Kept is what holding did.
type Kept struct {
	Count int
	Bytes int64
	// Failed are documents that could not be set aside: they must stay where they are.
	Failed map[Identity]wipe.Code
}

// Identity tells a file whatever its name.
type Identity struct{ mount, device, inode uint64 }

// IdentityOf returns the identity of an entry.
func IdentityOf(info walk.Info) Identity { return Identity{info.Mount, info.Device, info.Inode} }

// Hold sets every document aside in a new batch of the holding. A document with one name is moved; one that has more,
// that belongs to the baseline or that lies on another file system is copied, and the original left to the eraser.
func (s Session) Hold(ctx context.Context, b *Batch, progress func(count int, bytes int64)) (Kept, error) {
	kept := Kept{Failed: map[Identity]wipe.Code{}}
	err := s.each(ctx, func(d *walk.Dir, name string, info walk.Info, doc Document, changed bool) {
		err := b.take(ctx, d, name, info, doc, changed)
		if err != nil {
			kept.Failed[IdentityOf(info)] = walk.CodeOf(err)
			return
		}
		kept.Count++
		kept.Bytes += doc.Bytes
		progress(kept.Count, kept.Bytes)
	})
	return kept, err
}

// Refuse marks every document as one that must stay where it is, for a holding that cannot take any.
func (s Session) Refuse(ctx context.Context, code wipe.Code) (Kept, error) {
	kept := Kept{Failed: map[Identity]wipe.Code{}}
	err := s.each(ctx, func(_ *walk.Dir, _ string, info walk.Info, _ Document, _ bool) {
		kept.Failed[IdentityOf(info)] = code
	})
	return kept, err
}

func (s Session) each(ctx context.Context, found func(*walk.Dir, string, walk.Info, Document, bool)) error {
	home, err := walk.Open(s.Home)
	if errors.Is(err, walk.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer home.Close()
	info, err := home.Info()
	if err != nil {
		return err
	}
	err = s.Compare(ctx, home, &finder{found: found, mount: info.Mount})
	if !errors.Is(err, baseline.ErrCorrupt) {
		return err
	}
	// Nobody knows what is the laptop's, so only what can never be its own is erased, and only that is set aside.
	if err := home.Rewind(); err != nil {
		return err
	}
	return s.Bare(ctx, home, &finder{found: found, mount: info.Mount, personal: true})
}
