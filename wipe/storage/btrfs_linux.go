package storage

import (
	"math"
	"unsafe"
)

const (
	iocBtrfsLookup = 0xD0009412 // BTRFS_IOC_INO_LOOKUP: read and write, 0x94, 18, 4096 bytes
	iocBtrfsSearch = 0xD0009411 // BTRFS_IOC_TREE_SEARCH: read and write, 0x94, 17, 4096 bytes

	btrfsRootTree  = 1
	btrfsFirstFree = 256
)

// btrfsSearch is struct btrfs_ioctl_search_args.
type btrfsSearch struct {
	tree                    uint64
	minID, maxID            uint64
	minOffset, maxOffset    uint64
	minTransid, maxTransid  uint64
	minType, maxType, items uint32
	_                       uint32
	_                       [4]uint64
	answer                  [4096 - 104]byte
}

// Snapshots counts the other subvolumes of a btrfs that may hold on to what is removed from the folder's own: snapshots
// of it, what it is a snapshot of, and their relatives. One that is being removed still counts. Copies that share blocks
// without being snapshots (reflinks) do not. It is for root; elsewhere than on btrfs it is 0.
func (v *Volume) Snapshots() (int, error) {
	if v.kind != Btrfs {
		return 0, nil
	}
	lookup := struct {
		tree, object uint64
		_            [4080]byte
	}{object: btrfsFirstFree}
	if err := v.ioctl(iocBtrfsLookup, unsafe.Pointer(&lookup)); err != nil {
		return 0, wrap("finding the subvolume", err)
	}
	var all []subvolume
	search := btrfsSearch{tree: btrfsRootTree, maxID: math.MaxUint64, maxOffset: math.MaxUint64, maxTransid: math.MaxUint64, maxType: math.MaxUint8}
	for key, more := (btrfsKey{kind: btrfsRootItem}), true; more; {
		search.minID, search.minType, search.minOffset, search.items = key.id, key.kind, key.offset, math.MaxUint32
		if err := v.ioctl(iocBtrfsSearch, unsafe.Pointer(&search)); err != nil {
			return 0, wrap("listing subvolumes", err)
		}
		if search.items == 0 {
			break
		}
		some, last := parseSubvolumes(search.answer[:], int(search.items))
		all = append(all, some...)
		key, more = last.next()
	}
	return relatives(all, lookup.tree), nil
}
