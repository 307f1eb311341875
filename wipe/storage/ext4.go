package storage

import "encoding/binary"

// Where the superblock of ext2, ext3 and ext4 lies on its device, and what is used of it; all numbers are little-endian.
const (
	extSuperOffset = 1024
	extSuperSize   = 1024

	extMagicAt        = 0x38
	extMagic          = 0xEF53
	extCompatAt       = 0x5C
	extHasJournal     = 0x4
	extIncompatAt     = 0x60
	extInlineData     = 0x8000
	extJournalInodeAt = 0xE0
	extJournalBackup  = 0xFD  // 1: the words below are a copy of the journal's inode
	extJournalWordsAt = 0x10C // 15 words of block map, then the upper and the lower half of the size
)

// extJournal is the size in bytes of the journal that a superblock describes; 0 if there is none on this device or the
// superblock does not tell.
func extJournal(super []byte) int64 {
	le := binary.LittleEndian
	if len(super) < extSuperSize || le.Uint16(super[extMagicAt:]) != extMagic ||
		le.Uint32(super[extCompatAt:])&extHasJournal == 0 ||
		le.Uint32(super[extJournalInodeAt:]) == 0 || super[extJournalBackup] != 1 {
		return 0
	}
	high, low := le.Uint32(super[extJournalWordsAt+15*4:]), le.Uint32(super[extJournalWordsAt+16*4:])
	return int64(uint64(high)<<32 | uint64(low))
}

// extInline says that a superblock allows contents that lie in inodes.
func extInline(super []byte) bool {
	le := binary.LittleEndian
	return len(super) >= extSuperSize && le.Uint16(super[extMagicAt:]) == extMagic && le.Uint32(super[extIncompatAt:])&extInlineData != 0
}
