package watch

import "time"

// share is the part of the time that readings may take at most: one in share.
const share = 10

// pace decides when to read. It is told the time and keeps no clock.
type pace struct {
	quiet, most, longest time.Duration

	first, last time.Time     // of the events since the last reading; zero when there were none
	not         time.Time     // no reading before
	pause       time.Duration // between readings while events pour in
}

// mark notes that something happened.
func (p *pace) mark(now time.Time) {
	if p.first.IsZero() {
		p.first = now
	}
	p.last = now
}

// next says when to read, if at all.
func (p *pace) next() (time.Time, bool) {
	if p.first.IsZero() {
		return time.Time{}, false
	}
	at := p.last.Add(p.quiet)
	if latest := p.first.Add(p.most); latest.Before(at) {
		at = latest
	}
	if at.Before(p.not) {
		at = p.not
	}
	return at, true
}

// begin notes that a reading begins: what happens from now on is for the next.
func (p *pace) begin() { p.first, p.last = time.Time{}, time.Time{} }

// done notes that a reading took from start to end. Pouring says that there were more events than are listened to: each
// time in a row doubles the pause.
func (p *pace) done(start, end time.Time, pouring bool) {
	if pouring {
		p.pause = min(max(2*p.pause, p.most), p.longest)
	} else {
		p.pause = p.most
	}
	p.not = start.Add(max(p.pause, min(share*end.Sub(start), p.longest)))
	if p.not.Before(end) {
		p.not = end
	}
}
