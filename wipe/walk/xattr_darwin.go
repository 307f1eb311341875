package walk

import "os"

// ClearXattrs does nothing: no file system here leaves attributes behind that removing them first would take away.
func (d *Dir) ClearXattrs(string) error { return nil }

// BlankXattrs does nothing: the file systems here never write in place.
func (d *Dir) BlankXattrs(string, Info) (int, error) { return 0, nil }

// BlankOwnXattrs does nothing: the file systems here never write in place.
func (d *Dir) BlankOwnXattrs([]Xattr) (int, error) { return 0, nil }

// BlankFileXattrs does nothing: the file systems here never write in place.
func BlankFileXattrs(*os.File) (int, error) { return 0, nil }
