package governor

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ipguard/browser"
	"ipguard/browser/card"
	"ipguard/browser/managed"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/policy"
	"ipguard/wipe"
)

// Laptop is what a governor asks of the machine and its accounts.
type Laptop interface {
	// Enrolled returns the accounts whose browsers are looked at.
	Enrolled() ([]wipe.Account, error)
	// Profiles finds the data of browsers in an account's home.
	Profiles(acct wipe.Account) ([]browser.Found, error)
	// Downloads is the folder for an account's downloads; empty when unknown.
	Downloads(acct wipe.Account) string
	// Commands lists what an account runs, with arguments.
	Commands(ctx context.Context, acct wipe.Account) ([]host.Command, error)
	// Files shows the machine's files and goes nowhere where nobody may answer.
	Files() browser.Machine
	// Card says what browsers of an account need for the cards of the policy, and how it stands with each thing.
	Card(acct wipe.Account, c policy.Card, browsers []card.Browser) []card.Readiness
	// Rows counts with the account's own rights what ordinary windows left in profiles.
	Rows(ctx context.Context, acct wipe.Account, profiles []rows.Profile) ([]rows.Count, error)
}

// Options are what a governor works with.
type Options struct {
	GOOS, Arch string
	Policy     policy.Browsers
	Laptop     Laptop
	// Prefix goes before the path of every settings file.
	Prefix string
	// Record is the file in which is kept what was written where; empty: it is not kept.
	Record string
	// Store returns the store of a place; nil: managed.NewStore.
	Store func(p browser.Place, family browser.Family, prefix string) (managed.Store, error)
}

// Governor keeps the browsers of one laptop to the policy. It is safe for concurrent use.
type Governor struct {
	Options

	mu     sync.Mutex // over the record and over writing
	streak map[string]*streak
	broken map[string]bool // places that could not be written the last time

	findMu  sync.Mutex // over what was found last
	found   []browser.Installed
	foundAt time.Time
}

// New returns a governor.
func New(o Options) *Governor {
	if o.Store == nil {
		o.Store = managed.NewStore
	}
	return &Governor{Options: o, streak: map[string]*streak{}, broken: map[string]bool{}}
}

// Installed finds the browsers that are installed for everybody.
func (g *Governor) Installed(ctx context.Context) []browser.Installed {
	found, complete := browser.FindInstalled(ctx, g.Laptop.Files(), g.system())
	g.findMu.Lock()
	defer g.findMu.Unlock()
	g.found, g.foundAt = found, time.Time{}
	if complete {
		g.foundAt = time.Now()
	}
	return slices.Clone(found)
}

// findEvery is how long what was found is taken for true: programs are not installed every minute, and what they would read is
// written before.
const findEvery = 10 * time.Minute

// lately is what Installed found not long ago.
func (g *Governor) lately(ctx context.Context) []browser.Installed {
	g.findMu.Lock()
	found, fresh := g.found, !g.foundAt.IsZero() && time.Since(g.foundAt) < findEvery
	g.findMu.Unlock()
	if fresh {
		return slices.Clone(found)
	}
	return g.Installed(ctx)
}

func (g *Governor) system(homes ...string) browser.System {
	return browser.System{GOOS: g.GOOS, Arch: g.Arch, Homes: homes}
}

// InstalledFor finds those in an account's home too. What such a browser would read below the home is left out: the account
// could change it, and nobody else may write there.
func (g *Governor) InstalledFor(ctx context.Context, acct wipe.Account) []browser.Installed {
	all := g.lately(ctx)
	if acct.Home == "" {
		return all
	}
	sys := g.system(acct.Home)
	sys.OnlyHomes = true
	own, _ := browser.FindInstalled(ctx, g.Laptop.Files(), sys) // what is hidden too deep shows when it runs
	for _, i := range own {
		if slices.ContainsFunc(all, func(o browser.Installed) bool { return o.Dir == i.Dir }) {
			continue
		}
		if within(i.Place.Path, acct.Home) {
			i.Place = browser.Place{}
		}
		all = append(all, i)
	}
	return all
}

// within reports whether a path is at or below a folder.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
