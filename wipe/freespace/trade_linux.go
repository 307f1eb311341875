package freespace

import (
	"cmp"
	"context"
	"slices"
)

const (
	// tradeSteps bounds the work for the reserve, and tradeWorth is the least that a step must bring.
	tradeSteps = 8
	tradeWorth = mib
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
	for range tradeSteps {
		held, _, _, err := lowest(c.filler.files, 0)
		if err != nil {
			return err
		}
		at, err := c.filler.space()
		if err != nil {
			return err
		}
		back, err := c.give(held, at.free-sum(given))
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
			return nil
		}
	}
	return nil
}

// give gives back that many bytes, the longest extents first because they are few.
func (c *cleaning) give(held []extent, n int64) ([]extent, error) {
	var back []extent
	held = slices.SortedFunc(slices.Values(held), func(a, b extent) int { return cmp.Compare(b.length, a.length) })
	for _, e := range held {
		e.length = min(e.length, n)
		if e.length <= 0 {
			break
		}
		if err := c.filler.free(e); err != nil {
			return nil, err
		}
		n -= e.length
		back = append(back, e)
	}
	slices.SortFunc(back, byPlace)
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
