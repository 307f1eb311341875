package demo

import "ipguard/wipe"

// Trace is one file that a session left.
type Trace struct {
	Class wipe.Class
	// Path is relative to the home, with slashes.
	Path string
	// Changed says that the file was the laptop's before, so that a wipe restores it instead of removing it.
	Changed bool
}

// Count is what a session left of one class.
type Count struct {
	Class wipe.Class
	Files int
}

// Summary is what PlantSession planted.
type Summary struct {
	Traces []Trace
	Bytes  int64 // content written, in bytes
}

// Counts sums the traces up by class, in the order of wipe.Classes. Classes without a trace are left out.
func (s Summary) Counts() []Count {
	files := map[wipe.Class]int{}
	for _, t := range s.Traces {
		files[t.Class]++
	}
	var counts []Count
	for _, c := range wipe.Classes() {
		if files[c] > 0 {
			counts = append(counts, Count{c, files[c]})
		}
	}
	return counts
}
