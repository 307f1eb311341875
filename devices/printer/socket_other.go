//go:build !linux && !darwin

package printer

// defaultSocket is empty: there is no CUPS.
const defaultSocket = ""
