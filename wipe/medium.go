package wipe

// Limit says what an erased session may still leave on a volume, or what kept the volume from being cleared better. The
// set is closed.
type Limit string

// The limits.
const (
	// LimitNames: names and attributes of what was erased may remain in the file system's own records.
	LimitNames Limit = "names"
	// LimitSmallFiles: contents of very small files may remain in the file system's own records.
	LimitSmallFiles Limit = "small_files"
	// LimitFreeSpace: what was replaced or deleted before the wipe may remain in free space.
	LimitFreeSpace Limit = "free_space"
	// LimitFlash: old copies in the medium's flash chips depend on the drive.
	LimitFlash Limit = "flash_copies"
	// LimitWear: a stick or card without discard may keep copies of its own.
	LimitWear Limit = "wear_levelling"
	// LimitCopyOnWrite: the file system never writes in place, so nothing can be overwritten.
	LimitCopyOnWrite Limit = "copy_on_write"
	// LimitSnapshots: a snapshot still has what was erased.
	LimitSnapshots Limit = "snapshots"
	// LimitInsideFile: the volume lies in a file of another file system, whose free space was not cleared.
	LimitInsideFile Limit = "inside_a_file"
	// LimitMemory: the memory's content is gone only when the machine is turned off.
	LimitMemory Limit = "memory"
	// LimitSwap: parts of the memory may have been written to disk.
	LimitSwap Limit = "swap"
	// LimitNeedsRoot: an administrator's wipe would clear it better.
	LimitNeedsRoot Limit = "needs_root"
	// LimitFloor: weaker than what policy asks for.
	LimitFloor Limit = "below_policy"
	// LimitIgnored: the device was asked to discard and still has what was erased. From the next wipe on it is not relied on.
	LimitIgnored Limit = "discard_ignored"
	// LimitFailed: a step that belongs to the method failed.
	LimitFailed Limit = "step_failed"
	// LimitUnknown: what lies under the folder could not be found out.
	LimitUnknown Limit = "unknown_medium"
)

// Limits lists every limit, in the order in which reports show them.
func Limits() []Limit {
	return []Limit{
		LimitFloor, LimitFailed, LimitIgnored, LimitNeedsRoot, LimitSnapshots, LimitFreeSpace, LimitNames, LimitSmallFiles, LimitCopyOnWrite,
		LimitFlash, LimitWear, LimitInsideFile, LimitMemory, LimitSwap, LimitUnknown,
	}
}

// Medium says how strongly a wipe erases, or erased, on one volume. It holds words of closed sets only.
type Medium struct {
	FileSystem string    // as package storage names it: "ext"
	Device     string    // as package storage names it: "ssd"
	Encrypted  bool      // at rest; the key is the volume's and lives on
	Assurance  Assurance // of an ordinary file; single results may be weaker, with their code
	Limits     []Limit   // in the order of Limits
}
