//go:build !linux && !windows

package media

// builtFor is the GOOS value that this file is for: none.
const builtFor = ""

// newSystem knows no media. On macOS it is Disk Arbitration that would be asked (DADiskCopyDescription, DADiskUnmount,
// DADiskEject), which needs cgo.
func newSystem(Options) system { return none{} }
