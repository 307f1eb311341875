package main

import "os"

// identity is of no use where there is no journal.
func identity(*os.File) (device, inode uint64, ok bool) { return 0, 0, false }
