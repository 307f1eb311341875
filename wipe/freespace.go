package wipe

// FreeOutcome says how far the cleaning of one volume's free space came.
type FreeOutcome string

// The outcomes.
const (
	FreeOverwritten FreeOutcome = "overwritten" // all that can be reached was written over in this round
	FreeDiscarded   FreeOutcome = "discarded"   // given back to the device, which reads as empty there
	FreePartly      FreeOutcome = "partly"      // ended early; the next cleaning goes on there
	FreeFailed      FreeOutcome = "failed"      // the medium or the file system failed
	FreeUnsupported FreeOutcome = "unsupported" // nothing can be done about this volume's free space
)

// FreeStop says why a cleaning ended early.
type FreeStop string

// The reasons.
const (
	FreeNotStopped  FreeStop = ""
	FreeTime        FreeStop = "time_up"
	FreeSpaceNeeded FreeStop = "space_needed" // other programs needed the space
	FreeInUse       FreeStop = "in_use"       // somebody began to use the laptop
	FreeInterrupted FreeStop = "interrupted"
)

// FreeSpace is what cleaning the free space of one volume came to.
type FreeSpace struct {
	Medium  Medium // with the limits that hold after the cleaning
	Outcome FreeOutcome
	Stopped FreeStop
	Free    int64 // bytes that were free at the beginning
	Written int64 // bytes written over
	Left    int64 // free bytes that were not reached
}

// FreeSpaceReport says what a cleaning of free space did, a row a volume, the home's first.
type FreeSpaceReport struct {
	Verdict Verdict // complete when nothing ended early or failed
	Refusal Refusal // with Refused
	Seconds float64
	Volumes []FreeSpace
}

// NewFreeSpaceReport sums rows up.
func NewFreeSpaceReport(rows []FreeSpace) FreeSpaceReport {
	r := FreeSpaceReport{Verdict: Complete, Volumes: rows}
	for _, row := range rows {
		if row.Outcome == FreePartly || row.Outcome == FreeFailed {
			r.Verdict = Incomplete
		}
	}
	return r
}
