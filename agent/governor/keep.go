package governor

import (
	"context"
	"slices"
	"time"

	"ipguard/policy"
)

// Watcher tells on changed that something in one of the folders may have changed, until ctx ends; see watch.Dirs.
type Watcher func(ctx context.Context, folders func() []string, changed chan<- struct{}) error

// Change is what the keeper found and did.
type Change struct {
	Applied, Repaired, Failing int // places
	Contested                  bool
	Err                        error // nothing could be found out
}

// blindEvery is how often the settings are read where nothing tells of changes, as with a registry.
const blindEvery = 10 * time.Second

// Keep writes the settings, and again whenever they are not as they should be, until ctx ends. It tells what it did when
// there is something to tell. When it ends before ctx does nothing is wrong: policy wants browsers left alone.
func (g *Governor) Keep(ctx context.Context, watch Watcher, tell func(Change)) {
	g.Installed(ctx)
	told := g.round(ctx, tell, nil)
	if g.Policy.Mode == policy.BrowsersUnmanaged {
		return
	}
	changed := make(chan struct{}, 1)
	blind := make(chan struct{})
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer close(blind)
		_ = watch(watching, func() []string { return g.folders(watching) }, changed) // then the settings are read more often
	}()
	defer func() { stop(); <-blind }()
	every := g.Policy.CheckEvery
	if every <= 0 {
		every = 10 * time.Minute
	}
	if g.unwatched(ctx) {
		every = min(every, blindEvery)
	}
	var gone <-chan struct{} = blind
	for {
		timer := time.NewTimer(min(every, g.wait(every)))
		select {
		case <-changed:
		case <-timer.C:
		case <-gone:
			gone, every = nil, min(every, blindEvery)
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		told = g.round(ctx, tell, told)
	}
}

// round looks once, puts right what is wrong, and tells what is new since what was told last.
func (g *Governor) round(ctx context.Context, tell func(Change), told *Change) *Change {
	now := time.Now()
	all, err := g.apply(ctx, now, true)
	if ctx.Err() != nil {
		return told
	}
	c := Change{Err: err}
	for _, o := range all {
		switch {
		case o.Repaired:
			c.Repaired++
		case o.Changed:
			c.Applied++
		}
		if o.Failing() {
			c.Failing++
		}
	}
	c.Contested = g.contested(now)
	same := told != nil && c.Failing == told.Failing && c.Contested == told.Contested && (c.Err == nil) == (told.Err == nil)
	if !same || c.Applied+c.Repaired > 0 {
		tell(c)
	}
	return &c
}

// unwatched reports whether there is a place of whose changes nothing tells.
func (g *Governor) unwatched(ctx context.Context) bool {
	spots, err := g.spots(g.lately(ctx))
	return err == nil && slices.ContainsFunc(spots, func(s spot) bool { return len(s.store.Watch()) == 0 })
}

// folders are those in which a change can concern the settings.
func (g *Governor) folders(ctx context.Context) []string {
	spots, err := g.spots(g.lately(ctx))
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	var all []string
	for _, s := range spots {
		for _, dir := range s.store.Watch() {
			if !seen[dir] {
				seen[dir] = true
				all = append(all, dir)
			}
		}
	}
	return all
}

// wait is how long the next repair that was put off still waits; at most the limit.
func (g *Governor) wait(limit time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, least := time.Now(), limit
	for _, s := range g.streak {
		if d := s.not.Sub(now); d > 0 {
			least = min(least, d)
		}
	}
	return max(least, time.Millisecond)
}

func (g *Governor) contested(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.streak {
		if s.contested(now) {
			return true
		}
	}
	return false
}
