package handover

import (
	"testing"
	"time"
)

// A batch is over as soon as one of the clocks says so; none that is put back wins time.
func TestDeadline(t *testing.T) {
	const most = 30 * time.Minute
	place := time.FixedZone("", 2*3600)
	ten := time.Date(2026, 3, 4, 10, 0, 0, 0, place)
	night := time.Date(2026, 3, 4, 23, 50, 0, 0, place)
	boot := func(id string, up time.Duration) Boot { return func() (string, time.Duration) { return id, up } }
	for _, c := range []struct {
		name        string
		made        header
		now         time.Time
		boot        Boot
		since, left time.Duration
	}{
		{"ten minutes later", newHeader(ten, most, boot("a", time.Hour)), ten.Add(10 * time.Minute), boot("a", 70*time.Minute), 10 * time.Minute, 20 * time.Minute},
		{"put back a second", newHeader(ten, most, boot("a", time.Hour)), ten.Add(10*time.Minute - time.Second), boot("a", 70*time.Minute), 10 * time.Minute, 20 * time.Minute},
		{"put back, time over", newHeader(ten, most, boot("a", time.Hour)), ten.Add(-time.Hour), boot("a", 90*time.Minute), most, 0},
		{"put forward", newHeader(ten, most, boot("a", time.Hour)), ten.Add(most), boot("a", time.Hour), 0, 0},
		{"started again", newHeader(ten, most, boot("a", time.Hour)), ten.Add(5 * time.Minute), boot("b", 0), 5 * time.Minute, 25 * time.Minute},
		{"started again, put back", newHeader(ten, most, boot("a", time.Hour)), ten.Add(-2 * time.Second), boot("b", 0), 0, 0},
		{"no other clock", newHeader(ten, most, NoBoot), ten.Add(time.Minute), NoBoot, time.Minute, 29 * time.Minute},
		{"no other clock, put back", newHeader(ten, most, NoBoot), ten.Add(-time.Minute), NoBoot, 0, 0},
		{"before midnight", newHeader(night, most, NoBoot), night, NoBoot, 0, 10 * time.Minute},
		{"midnight", newHeader(night, most, boot("a", 0)), night.Add(10 * time.Minute), boot("a", 10*time.Minute), 10 * time.Minute, 0},
		{"midnight, put back", newHeader(night, most, boot("a", 0)), night, boot("a", 10*time.Minute), 10 * time.Minute, 0},
		{"of an earlier version", header{Deadline: ten.Add(20 * time.Minute).Unix()}, ten, boot("a", 0), 10 * time.Minute, 20 * time.Minute},
		{"of an earlier version, put back", header{Deadline: ten.Add(31 * time.Minute).Unix()}, ten, NoBoot, most, 0},
	} {
		since, left := c.made.age(c.now, c.boot, most)
		if since != c.since || max(left, 0) != c.left {
			t.Errorf("%s: since %v, left %v; want %v and %v", c.name, since, left, c.since, c.left)
		}
	}
}

func TestParseBoot(t *testing.T) {
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	for _, c := range []struct {
		id, uptime, want string
		up               time.Duration
	}{
		{id + "\n", "12.50 99.00\n", id, 12500 * time.Millisecond},
		{id, "x 1", "", 0}, {"", "1 1", "", 0}, {id, "NaN 1", "", 0}, {id, "-1 1", "", 0}, {id, "", "", 0},
	} {
		if got, up := parseBoot(c.id, c.uptime); got != c.want || up != c.up {
			t.Errorf("%q %q: %q %v", c.id, c.uptime, got, up)
		}
	}
}
