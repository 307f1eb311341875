package host

import (
	"bytes"
	"strconv"
	"strings"
)

// status is what /proc/PID/status says.
type status struct {
	name    string
	state   byte
	parent  int
	threads int
	ids     [4]uint32 // real, effective, saved, file system
}

// parseStatus reads /proc/PID/status. Not ok when a line that is needed is missing.
func parseStatus(text []byte) (s status, ok bool) {
	need := 0
	for line := range bytes.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		if !found {
			continue
		}
		f := strings.Fields(value)
		switch {
		case key == "Name":
			s.name = strings.TrimPrefix(value, "\t")
		case key == "State" && len(f) > 0:
			s.state = f[0][0]
			need++
		case key == "PPid" && len(f) == 1:
			s.parent, _ = strconv.Atoi(f[0])
		case key == "Threads" && len(f) == 1:
			s.threads, _ = strconv.Atoi(f[0])
		case key == "Uid" && len(f) == len(s.ids):
			for i := range s.ids {
				n, err := strconv.ParseUint(f[i], 10, 32)
				if err != nil {
					return s, false
				}
				s.ids[i] = uint32(n)
			}
			need++
		}
	}
	return s, need == 2
}

// running reports whether any thread still runs. A process whose first thread has left looks like a zombie, and can go
// on writing with the others.
func (s status) running() bool {
	return s.state != 'Z' && s.state != 'X' && s.state != 'x' || s.threads > 1
}

// parseStart reads the start time, field 22, of /proc/PID/stat. The name in field 2 may hold blanks and parentheses.
func parseStart(text []byte) (int64, bool) {
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return 0, false
	}
	f := strings.Fields(string(text[end+1:]))
	if len(f) < 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(f[19], 10, 64)
	return n, err == nil
}

// idRange is a range of uids that the system lends to an account for its containers.
type idRange struct{ first, count uint32 }

func (r idRange) has(id uint32) bool { return id >= r.first && id-r.first < r.count }

// parseSubIDs reads /etc/subuid for the account with this name and uid.
func parseSubIDs(text []byte, name, uid string) []idRange {
	var all []idRange
	for line := range bytes.Lines(text) {
		f := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(f) != 3 || f[0] == "" || f[0] != name && f[0] != uid {
			continue
		}
		first, err1 := strconv.ParseUint(f[1], 10, 32)
		count, err2 := strconv.ParseUint(f[2], 10, 32)
		// Below 65536 live the system and people, whatever the file says.
		if err1 == nil && err2 == nil && first >= 65536 {
			all = append(all, idRange{uint32(first), uint32(count)})
		}
	}
	return all
}
