package browsertest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// owner returns the real user id of a process, and whether it runs (a zombie does not).
func owner(pid int) (uid uint32, alive bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch string(key) {
		case "State":
			if fields[0][0] == 'Z' || fields[0][0] == 'X' {
				return 0, false
			}
		case "Uid":
			n, err := strconv.ParseUint(string(fields[0]), 10, 32)
			return uint32(n), err == nil
		}
	}
	return 0, false
}
