package freespace

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

const (
	// hiddenShare is the part of a volume that a file system may keep free for itself without telling (xfs does).
	hiddenShare = 50
	// tradeSteps bounds the work for the reserve, tradeWorth is the least that a step must bring, and idleMost how many may
	// bring less.
	tradeSteps = 24
	tradeWorth = 64 << 10
	idleMost   = 4
	// pieceLeast is the least that is given back in one piece, and piecesMost about the number of pieces.
	pieceLeast = mib
	piecesMost = 4096
	pieceAlign = 64 << 10
)

// trade reaches what the reserve held: it gives back as much overwritten space as is free, and takes the same amount
// again, so that others never have less than before. A file system does not hand out what was freed before its journal
// has that, so what comes was in the reserve, as a rule. What comes back all the same is known by its place and is not
// written twice. Where freed space is not even counted before it is committed (btrfs), the reserve stays as it is.
func (c *cleaning) trade(ctx context.Context) error {
	if c.late {
		return nil
	}
	var given []extent // overwritten and given back; sorted, apart from each other
	steps := int64(0)
	for idle := 0; idle < idleMost; {
		if c.filler.gone() {
			return errReleased
		}
		held, _, _, err := lowest(c.filler.files, 0)
		if err != nil {
			return err
		}
		at, err := c.filler.space()
		if err != nil {
			return err
		}
		if len(held) > windowExtents/2 {
			return nil // too scattered for the reserve to be worth it
		}
		back, err := c.give(held, max(at.free-sum(given), at.total/hiddenShare), steps)
		if errors.Is(err, unix.ENOSPC) {
			return nil // no room for the records of more pieces
		}
		if err != nil {
			return err
		}
		given = union(given, back)
		if err := c.take(ctx, sum(back)); err != nil {
			return err
		}
		now, _, _, err := lowest(c.filler.files, 0)
		if err != nil {
			return err
		}
		fresh := without(without(now, held), given)
		given = without(given, now)
		c.total += sum(fresh)
		if err := c.writer.all(ctx, fresh); err != nil {
			return err
		}
		if sum(fresh) < tradeWorth {
			idle++
		}
		if rest, err := freeExtents(int(c.filler.dir.Fd())); err == nil {
			c.left = sum(without(rest, given))
			if c.left == 0 {
				return nil
			}
		}
		if steps++; steps == tradeSteps {
			break
		}
	}
	return nil
}

// give gives back about that many bytes, in pieces with at least as much between them: a file system asked for much
// prefers what lies together, which is the reserve. The first step gives from all over the volume. The others give from
// one region each, always another, because a file system may keep a part of each region for itself.
func (c *cleaning) give(held []extent, n, step int64) ([]extent, error) {
	var back []extent
	total := sum(held)
	piece := max(pieceLeast, n/piecesMost/pieceLeast*pieceLeast)
	stride, next := 2*piece, total/8*(step*5%8) // next is how much to pass over before the next piece
	if step == 0 {
		stride = max(stride, int64(0.9*float64(total)/float64(max(n, 1))*float64(piece)))
	}
	for _, e := range held {
		for ; n > 0 && next < e.length; next += stride {
			part := e.from(e.physical + next/pieceAlign*pieceAlign)
			part.length = min(part.length, piece, n)
			if err := c.filler.free(part); err != nil {
				return nil, err
			}
			n -= part.length
			back = append(back, part)
		}
		next = max(0, next-e.length)
	}
	return back, nil
}

func sum(extents []extent) (n int64) {
	for _, e := range extents {
		n += e.length
	}
	return n
}

// union joins two sorted lists of extents that do not overlap.
func union(a, b []extent) []extent {
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, byPlace)
	return all
}

// without returns what of a lies at no place of b; both are sorted.
func without(a, b []extent) []extent {
	var left []extent
	i := 0
	for _, e := range a {
		for i < len(b) && b[i].end() <= e.physical {
			i++
		}
		for j := i; e.length > 0; j++ {
			if j == len(b) || b[j].physical >= e.end() {
				left = append(left, e)
				break
			}
			if gap := b[j].physical - e.physical; gap > 0 {
				part := e
				part.length = gap
				left = append(left, part)
			}
			e = e.from(b[j].end())
		}
	}
	return left
}
