package governor

import "time"

const (
	// patience is how many repairs in a row are made without waiting.
	patience = 3
	// calm is how long a place must be left alone for the count to begin again.
	calm = 10 * time.Minute
	// pauseMost is the longest pause between two repairs of a place that something keeps changing back.
	pauseMost = 5 * time.Minute
)

// streak slows repairs down where another program keeps changing the settings back, so that the two do not keep the
// machine busy for ever.
type streak struct {
	count int
	last  time.Time
	not   time.Time // no repair before
}

func (g *Governor) streakOf(key string) *streak {
	s := g.streak[key]
	if s == nil {
		s = &streak{}
		g.streak[key] = s
	}
	return s
}

// repaired notes a repair.
func (s *streak) repaired(now time.Time) {
	if now.Sub(s.last) > calm {
		s.count = 0
	}
	s.count++
	s.last, s.not = now, now
	if over := s.count - patience; over > 0 {
		s.not = now.Add(min(time.Second<<min(over, 10), pauseMost))
	}
}

// contested says that something keeps changing the settings back.
func (s *streak) contested(now time.Time) bool { return s.count > patience && now.Sub(s.last) <= calm }
