package freespace

import (
	"cmp"
	"slices"

	"ipguard/wipe/storage"
)

// extent is a run of a filler's bytes that lie together on the volume.
type extent struct {
	file                     int
	offset, physical, length int64
}

func (e extent) end() int64 { return e.physical + e.length }

// from cuts away what lies below a place of the volume.
func (e extent) from(position int64) extent {
	if cut := position - e.physical; cut > 0 {
		e.offset, e.physical, e.length = e.offset+cut, e.physical+cut, e.length-cut
	}
	return e
}

func byPlace(a, b extent) int { return cmp.Compare(a.physical, b.physical) }

// windowExtents bounds the memory for extents: a badly fragmented volume is read in several windows.
const windowExtents = 1 << 17

// eachExtent calls do for every extent of an open file that has a place on the volume.
func eachExtent(fd int, do func(offset, physical, length int64)) error {
	return storage.ExtentsOf(fd, func(x storage.Extent) bool {
		if x.Placed {
			do(x.Logical, x.Physical, x.Length)
		}
		return true
	})
}

// lowest returns the extents of the files at or above a place, the lowest first, as many as a window holds; total is the
// length of all of them and below that of those under the place.
func lowest(files []int, position int64) (window []extent, total, below int64, err error) {
	more := false
	for i, fd := range files {
		err = eachExtent(fd, func(offset, physical, length int64) {
			e := extent{i, offset, physical, length}
			if e.end() <= position {
				below += length
				return
			}
			cut := e.from(position)
			below += length - cut.length
			total += cut.length
			window = append(window, cut)
			if len(window) == 2*windowExtents {
				slices.SortFunc(window, byPlace)
				window, more = window[:windowExtents], true
			}
		})
		if err != nil {
			return nil, 0, 0, err
		}
	}
	slices.SortFunc(window, byPlace)
	if more && len(window) > windowExtents {
		window = window[:windowExtents]
	}
	return window, total, below, nil
}
