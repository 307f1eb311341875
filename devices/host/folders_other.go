//go:build !windows

package host

// KnownFolders returns none: other systems keep them in files of the home.
func (h *Host) KnownFolders() map[string]string { return nil }
