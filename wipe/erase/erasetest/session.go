package erasetest

// Plan says how large a session is.
type Plan struct {
	Files     int   // small files of 1 to 64 KiB, one in twenty below 500 bytes
	Large     int   // documents with a short attribute that says where they come from
	MaxLarge  int64 // bytes of the largest document; the others spread evenly down to 1 MiB
	LongAttrs int   // how many of the small files have an attribute of 300 bytes; ext4 gives it a block of its own
	Databases int   // SQLite; every third writes ahead, the others use rollback journals
	Rows      int   // of each database, about 430 bytes each; Databases*Rows must be at most a million
	Links     int   // symbolic links, every second with a target longer than an inode holds
	Replaced  int   // small files that were replaced in the session, by writing another and renaming it
	Deleted   int   // files that were deleted in the session
}

// Reference is the session that times are measured with: about 2,000 files and 320 MB.
func Reference() Plan {
	return Plan{
		Files: 2000, Large: 20, MaxLarge: 20 << 20, LongAttrs: 20, Databases: 3, Rows: 60_000, Links: 40,
		Replaced: 200, Deleted: 200,
	}
}

// Small is a session of 4 MB with a little of everything.
func Small() Plan {
	return Plan{
		Files: 120, Large: 2, MaxLarge: 1 << 20, LongAttrs: 4, Databases: 3, Rows: 400, Links: 8,
		Replaced: 20, Deleted: 20,
	}
}

// Session is what was planted.
type Session struct {
	Seed    uint32
	Planted map[Class]int // how many different markers of each class; every fifth of Row was deleted again
	Files   int           // regular files at the end
	Bytes   int64         // in them
	// Contents are the files at the end, databases not included, in the order of their IDs in class Content.
	Contents []File
}

// File is a file of a session.
type File struct {
	Path  string // below the session's folder
	Bytes int64
}

// LargerThan returns a filter for Counts that keeps of the class Content the files with more bytes, and nothing of any
// other class.
func (s Session) LargerThan(bytes int64) func(Marker) bool {
	return func(m Marker) bool {
		return m.Class == Content && m.Seed == s.Seed && m.ID < len(s.Contents) && s.Contents[m.ID].Bytes > bytes
	}
}
