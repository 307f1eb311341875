package handover

import "time"

// header is the first line of an index: until when the batch may stay. Beside the clock on the wall it has the machine's
// own, which nobody can put back; a batch of an earlier version has the deadline alone.
type header struct {
	Deadline int64  `json:"deadline"`       // seconds since 1970
	Made     int64  `json:"made,omitempty"` // seconds since 1970
	Boot     string `json:"boot,omitempty"` // the random number of the start of the machine
	Up       int64  `json:"up,omitempty"`   // milliseconds since that start, when it was made
}

// newHeader sets the deadline: hold from now on, but never past the day.
func newHeader(now time.Time, hold time.Duration, boot Boot) header {
	deadline := now.Add(hold)
	year, month, day := now.Date()
	if midnight := time.Date(year, month, day+1, 0, 0, 0, 0, now.Location()); deadline.After(midnight) {
		deadline = midnight
	}
	h := header{Deadline: deadline.Unix(), Made: now.Unix()}
	if id, up := boot(); id != "" {
		h.Boot, h.Up = id, up.Milliseconds()
	}
	return h
}

// age says since when the batch is there and how long it may still stay: not at all, when left is not positive. longest
// is as far as any deadline can be set.
func (h header) age(now time.Time, boot Boot, longest time.Duration) (since, left time.Duration) {
	left = time.Unix(h.Deadline, 0).Sub(now)
	if h.Made == 0 {
		if left > longest {
			left = 0 // the clock was put back, and time must not be won by that
		}
		return max(longest-left, 0), left
	}
	since = now.Sub(time.Unix(h.Made, 0))
	if id, up := boot(); h.Boot != "" && id == h.Boot {
		// Whichever clock says that the time is over is right.
		since = up - time.Duration(h.Up)*time.Millisecond
		left = min(left, time.Duration(h.Deadline-h.Made)*time.Second-since)
	} else if since < -time.Second {
		left = 0 // put back behind the beginning, and no other clock to go by
	}
	return max(since, 0), left
}
