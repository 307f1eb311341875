package disktest

import "golang.org/x/sys/unix"

// sector is the least that a disk reads or writes: a fault is rounded out to it.
const sector = 512

// faults is what the disk refuses.
type faults struct {
	writes, reads, discards []Range
	limited                 bool  // whether left counts
	left                    int64 // how many more operations may change the disk
}

// outward rounds a range out to whole sectors.
func outward(r Range) Range {
	return Range{r.From / sector * sector, (r.To + sector - 1) / sector * sector}
}

// without returns what is left of r when the bad ranges are taken out of it, in order.
func without(r Range, bad []Range) []Range {
	parts := []Range{r}
	for _, b := range bad {
		var next []Range
		for _, p := range parts {
			if b.To <= p.From || b.From >= p.To {
				next = append(next, p)
				continue
			}
			if p.From < b.From {
				next = append(next, Range{p.From, b.From})
			}
			if b.To < p.To {
				next = append(next, Range{b.To, p.To})
			}
		}
		parts = next
	}
	return parts
}

// whole tells whether the parts are all of r.
func whole(r Range, parts []Range) bool { return len(parts) == 1 && parts[0] == r }

// spend takes one operation that changes the disk off the number that may still succeed.
func (f *faults) spend() error {
	if !f.limited {
		return nil
	}
	if f.left <= 0 {
		return unix.EIO
	}
	f.left--
	return nil
}
