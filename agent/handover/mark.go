package handover

import "ipguard/wipe/walk"

// Mark tells one file in one state by numbers only, so that it can be spoken of without its name: a file that was written
// to since, or put in its place, has another mark.
type Mark struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Size   int64  `json:"size"`
	MTime  int64  `json:"mtime"` // nanoseconds since 1970
	CTime  int64  `json:"ctime"` // nanoseconds since 1970
}

// MarkOf returns the mark of an entry.
func MarkOf(info walk.Info) Mark {
	return Mark{Device: info.Device, Inode: info.Inode, Size: info.Size, MTime: info.MTime, CTime: info.CTime}
}
