package governor

import (
	"context"
	"errors"
	"slices"
	"time"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/policy"
)

// Outcome is what became of the settings in one place.
type Outcome struct {
	ID       string // of the browser for which it is
	Place    browser.Place
	Settings managed.Settings
	Changed  bool
	// Repaired says that what had been written before was there no more, or said something else.
	Repaired bool
	// Findings are what is still wrong.
	Findings []managed.Finding
	Err      error // of writing
}

// Failing says that private windows are not forced there.
func (o Outcome) Failing() bool {
	return managed.Failing(o.Findings)
}

// Plan says what Apply would write, and changes nothing.
func (g *Governor) Plan(ctx context.Context) ([]Outcome, error) {
	spots, err := g.spots(g.Installed(ctx))
	if err != nil {
		return nil, err
	}
	all := make([]Outcome, 0, len(spots))
	for _, s := range spots {
		o := Outcome{ID: s.descriptor.ID, Place: s.place, Settings: s.settings}
		o.Findings = managed.Judge(s.settings, s.store.Sources())
		o.Changed = len(o.Findings) > 0
		all = append(all, o)
	}
	return all, nil
}

// Apply writes the settings wherever they are not as they should be, and reads them again. A place that fails does not stop
// the others. With browsers left alone by policy it takes back what was written. Errors: that the settings could not be
// computed, or the context's.
func (g *Governor) Apply(ctx context.Context) ([]Outcome, error) {
	return g.apply(ctx, time.Now(), false)
}

func (g *Governor) apply(ctx context.Context, now time.Time, paced bool) ([]Outcome, error) {
	if g.Policy.Mode == policy.BrowsersUnmanaged {
		return g.Remove(ctx)
	}
	spots, err := g.spots(g.lately(ctx))
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	rec := g.load()
	before := rec.clone()
	var all []Outcome
	for _, s := range spots {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		all = append(all, g.applyOne(s, &rec, now, paced))
	}
	if !rec.same(before) {
		g.save(rec)
	}
	return all, nil
}

// applyOne brings one place in order.
func (g *Governor) applyOne(s spot, rec *record, now time.Time, paced bool) Outcome {
	o := Outcome{ID: s.descriptor.ID, Place: s.place, Settings: s.settings}
	st := g.streakOf(key(s.place))
	if paced && now.Before(st.not) {
		o.Findings = managed.Judge(s.settings, s.store.Sources())
		return o
	}
	// Also when browsers would do what they are told: what was written must be found again, to be taken back one day.
	written := rec.has(s.place)
	dirs := missing(s)
	o.Changed, o.Err = s.store.Apply(s.settings)
	rec.made(dirs)
	g.broken[key(s.place)] = o.Err != nil
	if o.Err == nil {
		rec.add(s)
	}
	if o.Changed && written {
		o.Repaired = true
		rec.Repairs++
		st.repaired(now)
	}
	o.Findings = managed.Judge(s.settings, s.store.Sources())
	return o
}

// Remove takes back everything that was ever written, also where no browser is found any more.
func (g *Governor) Remove(ctx context.Context) ([]Outcome, error) {
	spots, err := g.spots(g.Installed(ctx))
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	rec := g.load()
	for _, w := range rec.Written {
		if slices.ContainsFunc(spots, func(s spot) bool { return key(s.place) == key(w.place()) }) {
			continue
		}
		store, err := g.Store(w.place(), w.Family, g.Prefix)
		if err == nil {
			spots = append(spots, spot{place: w.place(), store: store})
		}
	}
	var all []Outcome
	var problems []error
	left := record{Schema: rec.Schema, Repairs: rec.Repairs}
	for _, s := range spots {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		o := Outcome{ID: s.descriptor.ID, Place: s.place}
		if o.Changed, o.Err = s.store.Remove(); o.Err != nil {
			problems = append(problems, o.Err)
			left.add(s)
		}
		all = append(all, o)
	}
	left.Folders = rec.tidy()
	g.save(left)
	return all, errors.Join(problems...)
}
