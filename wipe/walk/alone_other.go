//go:build !linux

package walk

import "os"

// Alone says yes: Windows does not let two programs write to a file by default, and on macOS nothing is overwritten.
func Alone(*os.File) bool { return true }
