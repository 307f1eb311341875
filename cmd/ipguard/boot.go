package main

import (
	"os"
	"path/filepath"
	"time"
)

// aliveWithin is how long the service may take for a turn before its manager is told that it hangs.
const aliveWithin = 10 * time.Second

// mark is a file that tells a start of the service from a start of the machine.
type mark struct {
	path string
	boot time.Time // when the machine started; zero: the file lies in a folder that is empty then
}

// bootMark is beside the socket, in a folder that the system empties when it starts. Windows has none.
func bootMark(goos, socket, stateDir string) mark {
	if goos == "windows" {
		return mark{filepath.Join(stateDir, "started"), bootTime()}
	}
	return mark{path: filepath.Join(filepath.Dir(socket), "started")}
}

// set reports whether the service has run since the machine started.
func (m mark) set() bool {
	info, err := os.Lstat(m.path)
	return err == nil && info.ModTime().After(m.boot)
}

// put notes that it has. Without the file the next start of the service is taken for one of the machine: then more is
// wiped, not less.
func (m mark) put() {
	_ = os.Remove(m.path)
	_ = os.WriteFile(m.path, nil, 0o644)
}
