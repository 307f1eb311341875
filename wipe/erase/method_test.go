package erase

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
	"ipguard/wipe/storage"
)

// What is promised for each kind of storage, and what is said to remain. A row that promises more than the medium can
// keep would tell a person that their letter is gone when it is not.
func TestChoose(t *testing.T) {
	const root, account = true, false
	for _, c := range []struct {
		name    string
		storage storage.Storage
		floor   wipe.Assurance
		root    bool
		want    Method
	}{
		{"hard disk", storage.Storage{FileSystem: storage.Ext, Medium: storage.HardDisk, JournalBytes: 64 << 20}, "", root, Method{
			Overwrite: true, Yard: true, Journal: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace}}},
		{"hard disk with a long journal", storage.Storage{FileSystem: storage.Ext, Medium: storage.HardDisk, JournalBytes: 1 << 30}, "", root, Method{
			Overwrite: true, Yard: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames}}},
		{"SSD", storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true, JournalBytes: 1 << 30}, "", root, Method{
			Yard: true, Journal: true, Trim: true, Assurance: wipe.Discarded, Limits: []wipe.Limit{wipe.LimitFlash}}},
		{"SSD with contents in inodes", storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true, Inline: true}, "", root, Method{
			Inline: true, Yard: true, Journal: true, Trim: true, Assurance: wipe.Discarded,
			Limits: []wipe.Limit{wipe.LimitSmallFiles, wipe.LimitFlash}}},
		{"SSD, policy wants it overwritten", storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true}, wipe.Overwritten, root, Method{
			Overwrite: true, Yard: true, Journal: true, Trim: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFlash}}},
		{"SSD, by the account itself", storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true}, "", account, Method{
			Overwrite: true, Assurance: wipe.Overwritten,
			Limits: []wipe.Limit{wipe.LimitNeedsRoot, wipe.LimitFreeSpace, wipe.LimitNames, wipe.LimitFlash}}},
		{"SSD behind encryption without discard", storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Encrypted: true}, "", root, Method{
			Overwrite: true, Yard: true, Journal: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitFlash}}},
		{"USB stick", storage.Storage{FileSystem: storage.Ext, Medium: storage.USB}, "", root, Method{
			Overwrite: true, Yard: true, Journal: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitWear}}},
		{"xfs on an SSD", storage.Storage{FileSystem: storage.XFS, Medium: storage.SSD, Discard: true}, "", root, Method{
			EOFBlocks: true, Trim: true, Assurance: wipe.Discarded,
			Limits: []wipe.Limit{wipe.LimitNames, wipe.LimitSmallFiles, wipe.LimitFlash}}},
		{"xfs on a hard disk", storage.Storage{FileSystem: storage.XFS, Medium: storage.HardDisk}, "", root, Method{
			Overwrite: true, EOFBlocks: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames}}},
		{"btrfs on an SSD", storage.Storage{FileSystem: storage.Btrfs, Medium: storage.SSD, Discard: true}, "", root, Method{
			Trim: true, Assurance: wipe.Discarded,
			Limits: []wipe.Limit{wipe.LimitNames, wipe.LimitSmallFiles, wipe.LimitCopyOnWrite, wipe.LimitFlash}}},
		{"btrfs, policy wants it overwritten", storage.Storage{FileSystem: storage.Btrfs, Medium: storage.HardDisk}, wipe.Overwritten, root, Method{
			Assurance: wipe.Unlinked,
			Limits:    []wipe.Limit{wipe.LimitFloor, wipe.LimitFreeSpace, wipe.LimitNames, wipe.LimitSmallFiles, wipe.LimitCopyOnWrite}}},
		{"memory", storage.Storage{FileSystem: storage.Tmpfs, Medium: storage.Memory}, wipe.Overwritten, account, Method{
			Assurance: wipe.MemoryOnly, Limits: []wipe.Limit{wipe.LimitMemory}}},
		{"memory that may be swapped", storage.Storage{FileSystem: storage.Tmpfs, Medium: storage.Memory, Swap: true}, "", root, Method{
			Assurance: wipe.MemoryOnly, Limits: []wipe.Limit{wipe.LimitMemory, wipe.LimitSwap}}},
		{"an overlay whose upper part cannot be found", storage.Storage{FileSystem: storage.Overlay, Medium: storage.Unknown}, "", root, Method{
			Assurance: wipe.Unlinked, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames, wipe.LimitUnknown}}},
		{"nothing known", storage.Storage{}, "", root, Method{
			Assurance: wipe.Unlinked, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames, wipe.LimitUnknown}}},
		{"NTFS on a hard disk", storage.Storage{FileSystem: storage.NTFS, Medium: storage.HardDisk}, "", root, Method{
			Overwrite: true, Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames}}},
		{"APFS", storage.Storage{FileSystem: storage.APFS, Medium: storage.SSD, Discard: true, Encrypted: true}, "", root, Method{
			Assurance: wipe.Unlinked, Limits: []wipe.Limit{wipe.LimitFreeSpace, wipe.LimitNames, wipe.LimitCopyOnWrite, wipe.LimitFlash}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Choose(c.storage, c.floor, c.root)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
