package governor

import (
	"context"
	"maps"
	"path/filepath"
	"time"

	"ipguard/browser"
	"ipguard/browser/card"
	"ipguard/browser/managed"
	"ipguard/policy"
	"ipguard/wipe"
)

// Check looks at everything afresh and says how the browsers stand that the account can use. It changes nothing. What
// cannot be found out is said in the report; the error is that the settings cannot be computed, or the context's.
func (g *Governor) Check(ctx context.Context, acct wipe.Account) (Report, error) {
	installed := g.InstalledFor(ctx, acct)
	spots, err := g.spots(installed)
	if err != nil {
		return Report{}, err
	}
	l := g.look(ctx, acct)
	installed = append(installed, l.strangers(ctx, g, installed)...)
	reads := read(spots)
	g.mu.Lock()
	rec, broken := g.load(), maps.Clone(g.broken)
	g.mu.Unlock()
	report := Report{Mode: g.Policy.Mode, Repairs: rec.Repairs, Contested: g.contested(time.Now())}
	var cards []card.Browser
	for _, i := range installed {
		s := Standing{ID: i.Browser, Name: i.Name, Package: i.Package, Channel: i.Channel, Version: i.Version}
		e := evidence{place: i.Place, known: i.Browser != browser.Unknown, portable: i.Package == browser.Portable}
		if r, ok := reads[key(i.Place)]; ok {
			e.settings, e.findings, e.since = r.spot.settings, r.findings, since(r.sources)
			e.broken, s.settings = broken[key(i.Place)], managed.Effective(r.sources)
		}
		e.runs = l.runsOf(i, g.GOOS)
		e.shadowed = i.Package == browser.Flatpak && g.shadows(acct)
		e.rows = l.rowsOf(i)
		s.Word, s.Reasons = judge(e, g.Policy.Mode)
		s.Faults = faults(e.findings)
		s.Running, s.Rows = len(e.runs), e.rows
		report.Browsers = append(report.Browsers, s)
		cards = append(cards, l.cardBrowser(i, s.settings))
	}
	for at, r := range g.Laptop.Card(acct, g.Policy.Card, cards) {
		report.Browsers[at].Card = r.Items
	}
	if g.Policy.Mode != policy.BrowsersUnmanaged {
		for _, r := range reads {
			if managed.Failing(r.findings) {
				report.Failing++
			}
		}
	}
	return report, ctx.Err()
}

// reading is what a place has now.
type reading struct {
	spot     spot
	sources  []managed.Source
	findings []managed.Finding
}

// read reads every place once, however many browsers read their settings there.
func read(spots []spot) map[string]reading {
	all := make(map[string]reading, len(spots))
	for _, s := range spots {
		sources := s.store.Sources()
		all[key(s.place)] = reading{s, sources, managed.Judge(s.settings, sources)}
	}
	return all
}

// shadows reports whether an account has extensions of flatpaks of its own: flatpak takes those for the laptop's, and settings
// come in one.
func (g *Governor) shadows(acct wipe.Account) bool {
	all, err := g.Laptop.Files().List(filepath.ToSlash(filepath.Join(acct.Home, ".local/share/flatpak/extension")))
	return err == nil && len(all) > 0
}

// cardBrowser is an installed browser as the check of the card sees it.
func (l looked) cardBrowser(i browser.Installed, settings map[string]any) card.Browser {
	b := card.Browser{ID: i.Browser, Family: i.Family, Package: i.Package, Settings: settings}
	for _, f := range l.profilesOf(i) {
		b.Data = append(b.Data, filepath.Join(l.home, filepath.FromSlash(f.Root)))
		for _, p := range f.Profiles {
			b.Profiles = append(b.Profiles, filepath.Join(l.home, filepath.FromSlash(p)))
		}
	}
	return b
}

// since is when the sources that count got what they say.
func since(sources []managed.Source) time.Time {
	var last time.Time
	for _, s := range sources {
		if s.Since.After(last) {
			last = s.Since
		}
	}
	return last
}

func faults(findings []managed.Finding) []Fault {
	var all []Fault
	for _, f := range findings {
		all = append(all, Fault{Reason: reasonOf(f.Code), Source: f.Source, Setting: f.Setting})
	}
	return all
}
