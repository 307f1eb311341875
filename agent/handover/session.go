package handover

import (
	"context"
	"errors"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// maxListed is how many documents a list names; more are counted.
const maxListed = 10_000

// Session finds the documents of a session in one home.
type Session struct {
	// Compare runs a visitor over the home beside its baseline.
	Compare func(context.Context, *walk.Dir, baseline.Visitor) error
	// Bare runs a visitor over the home as if nothing in it belonged to the laptop; for when the baseline is damaged.
	Bare func(context.Context, *walk.Dir, baseline.Visitor) error
	Home string
	// Choose picks documents; nil: all.
	Choose func(Document) bool
}

// Found is a document where it lies.
type Found struct {
	Dir      *walk.Dir // only until the next one
	Name     string
	Info     walk.Info
	Match    catalog.Match
	Document Document
	Changed  bool // a file of the laptop's that the person filled in
}

// moveTo moves the document out of its folder.
func (f Found) moveTo(to *walk.Dir, name string) error {
	err := f.Dir.Rename(f.Name, to, name)
	if errors.Is(err, walk.ErrDenied) && f.Dir.Unlock(f.Name) == nil {
		err = f.Dir.Rename(f.Name, to, name)
	}
	return err
}

// List returns the documents, at most ten thousand of them, and how many there are with how many bytes.
func (s Session) List(ctx context.Context) (docs []Document, count int, bytes int64, err error) {
	err = s.each(ctx, func(f Found) {
		count++
		bytes += f.Document.Bytes
		if len(docs) < maxListed {
			docs = append(docs, f.Document)
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
	// Copied are documents that were copied: the originals are still there, as they were at that moment.
	Copied map[Identity]Mark
}

// Identity tells a file whatever its name.
type Identity struct{ mount, device, inode uint64 }

// IdentityOf returns the identity of an entry.
func IdentityOf(info walk.Info) Identity { return Identity{info.Mount, info.Device, info.Inode} }

// Hold sets every document aside in a new batch of the holding. A document with one name is moved; one that has more,
// that belongs to the baseline or that lies on another file system is copied, and the original left to the eraser.
func (s Session) Hold(ctx context.Context, b *Batch, progress func(count int, bytes int64)) (Kept, error) {
	kept := Kept{Failed: map[Identity]wipe.Code{}, Copied: map[Identity]Mark{}}
	err := s.each(ctx, func(f Found) {
		copied, err := b.take(ctx, f)
		if err != nil {
			kept.Failed[IdentityOf(f.Info)] = walk.CodeOf(err)
			return
		}
		if copied {
			kept.Copied[IdentityOf(f.Info)] = f.Document.Mark
		}
		kept.Count++
		kept.Bytes += f.Document.Bytes
		progress(kept.Count, kept.Bytes)
	})
	for id := range kept.Failed {
		delete(kept.Copied, id) // one of its names is not set aside
	}
	return kept, err
}

// Refuse marks every document as one that must stay where it is, for a holding that cannot take any.
func (s Session) Refuse(ctx context.Context, code wipe.Code) (Kept, error) {
	kept := Kept{Failed: map[Identity]wipe.Code{}}
	err := s.each(ctx, func(f Found) { kept.Failed[IdentityOf(f.Info)] = code })
	return kept, err
}

func (s Session) each(ctx context.Context, found func(Found)) error {
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
	chosen := func(f Found) {
		if s.Choose == nil || s.Choose(f.Document) {
			found(f)
		}
	}
	err = s.Compare(ctx, home, &finder{found: chosen, mount: info.Mount})
	if !errors.Is(err, baseline.ErrCorrupt) {
		return err
	}
	// Nobody knows what is the laptop's, so only what can never be its own is erased, and only that is set aside.
	if err := home.Rewind(); err != nil {
		return err
	}
	return s.Bare(ctx, home, &finder{found: chosen, mount: info.Mount, personal: true})
}
