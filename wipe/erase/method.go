package erase

import (
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/storage"
)

// Method says what is done on one volume so that as little as possible of what is erased stays on it.
type Method struct {
	Overwrite bool // contents are written over in place before they are removed
	Inline    bool // the same for contents that have no blocks, which nothing done to blocks would reach
	Yard      bool // emptied directories wait until their names are gone from the medium before their blocks are freed
	Journal   bool // the journal is written over at the end
	EOFBlocks bool // what the file system still holds back is freed before the discard
	Trim      bool // free blocks are discarded at the end, and waited for
	Coarse    bool // the device passes over free pieces as small as those that files leave
	// Assurance is how strongly an ordinary file is erased when every step succeeds.
	Assurance wipe.Assurance
	// Limits are what stays possible even then, in the order of wipe.Limits.
	Limits []wipe.Limit
}

// longJournal is the size from which a journal on a hard disk takes seconds to write over: such a one waits for the
// cleaning at the end of the day.
const longJournal = 128 << 20

// Choose picks the method for a volume. It is pure. The floor is the least that policy asks for: where more than one
// method would do, it decides; where none does, the method says so. root says that the process has an administrator's
// rights, which journals and discards need.
func Choose(s storage.Storage, floor wipe.Assurance, root bool) Method {
	m := Method{Assurance: wipe.Unlinked}
	if s.FileSystem == storage.Tmpfs {
		m.Assurance = wipe.MemoryOnly
		m.limit(floor, s, root)
		return m
	}
	m.Trim = root && s.Discard && trims(s.FileSystem)
	m.Coarse = m.Trim && s.DiscardStep > s.BlockSize
	m.Overwrite = inPlace(s.FileSystem) && (!m.Trim || m.Coarse || floor.AtLeast(wipe.Overwritten))
	m.Inline = s.FileSystem == storage.Ext && s.Inline && !m.Overwrite
	m.Yard = root && s.FileSystem == storage.Ext
	m.Journal = m.Yard && !slow(s)
	m.EOFBlocks = root && s.FileSystem == storage.XFS
	switch {
	case m.Overwrite:
		m.Assurance = wipe.Overwritten
	case m.Trim && !m.Coarse:
		m.Assurance = wipe.Discarded
	}
	m.limit(floor, s, root)
	return m
}

// trims reports whether a file system can discard its free blocks on demand: FITRIM on Linux.
func trims(fs storage.FileSystem) bool {
	switch fs {
	case storage.Ext, storage.XFS, storage.Btrfs, storage.F2FS, storage.FAT:
		return true
	}
	return false
}

// inPlace reports whether what is written to a file goes where the old content lies.
func inPlace(fs storage.FileSystem) bool {
	switch fs {
	case storage.Ext, storage.XFS, storage.FAT, storage.NTFS, storage.HFS:
		return true
	}
	return false
}

func slow(s storage.Storage) bool {
	return s.Medium == storage.HardDisk && !s.Discard && s.JournalBytes > longJournal
}

// limit fills in what remains possible.
func (m *Method) limit(floor wipe.Assurance, s storage.Storage, root bool) {
	memory := s.FileSystem == storage.Tmpfs
	flash := s.Medium == storage.SSD || s.Medium == storage.Card
	for limit, holds := range map[wipe.Limit]bool{
		wipe.LimitFloor:       !m.Assurance.AtLeast(floor),
		wipe.LimitNeedsRoot:   !root && !memory,
		wipe.LimitFreeSpace:   !memory && (!m.Trim || m.Coarse),
		wipe.LimitNames:       !memory && !m.Journal,
		wipe.LimitSmallFiles:  s.FileSystem == storage.Btrfs || m.Inline || m.Trim && s.FileSystem == storage.XFS,
		wipe.LimitCopyOnWrite: s.FileSystem.CopyOnWrite(),
		wipe.LimitFlash:       flash && (m.Trim || s.Medium == storage.SSD),
		wipe.LimitWear:        !m.Trim && (s.Medium == storage.USB || s.Medium == storage.Card),
		wipe.LimitInsideFile:  s.InsideFile,
		wipe.LimitMemory:      memory,
		wipe.LimitSwap:        memory && s.Swap,
		wipe.LimitUnknown:     !memory && (s.Medium == storage.Unknown || s.FileSystem == storage.Other || s.FileSystem == ""),
	} {
		if holds {
			m.Limits = append(m.Limits, limit)
		}
	}
	m.Limits = ordered(m.Limits)
}

// ordered sorts limits as reports show them, each once.
func ordered(all []wipe.Limit) []wipe.Limit {
	order := wipe.Limits()
	slices.SortFunc(all, func(a, b wipe.Limit) int { return slices.Index(order, a) - slices.Index(order, b) })
	return slices.Compact(all)
}
